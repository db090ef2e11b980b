import NIOCore

/// Reads messages of the protocol in JSON. Names are compared where they stand; nothing is allocated for a field, except a long string.
struct JSONReader: FieldVisitor, BodyReader {
    var scanner: JSONScanner
    /// What is scanned: payloads are slices of it.
    private let source: ByteBuffer
    private let limits: Wire.Limits
    private var depth = 0
    private var elements: Int
    /// The name that is looked for; empty when its field has taken the value.
    private var name = UnsafeBufferPointer<UInt8>(start: nil, count: 0)
    /// A bit for the number of each field that the current message had.
    private var seen: UInt64 = 0

    init(_ memory: UnsafeRawBufferPointer, of source: ByteBuffer, from position: Int, limits: Wire.Limits) {
        scanner = JSONScanner(memory, allowsNewlines: false)
        scanner.move(to: position)
        self.source = source
        self.limits = limits
        elements = limits.maxElements
    }

    // MARK: Fields

    @inline(__always)
    mutating func scalar<Value: WireScalar>(
        _ number: Int, _ name: StaticString, _ value: inout Value, writesZero: Bool
    ) throws(DecodingFault) {
        guard try take(number, name) else { return }
        // A payload may be null; for any other value it says that there is none.
        if Value.self != ByteBuffer.self, scanner.takeNull() { return }
        try value.read(json: &self)
    }

    @inline(__always)
    mutating func field<Value: WireMessage>(_ number: Int, _ name: StaticString, _ value: inout Value?) throws(DecodingFault) {
        guard try take(number, name), !scanner.takeNull() else { return }
        var message = Value()
        try self.message(&message)
        value = message
    }

    @inline(__always)
    mutating func body<Body: WireBody>(_ body: inout Body?) throws(DecodingFault) { try Body.read(&body, &self) }

    @inline(__always)
    mutating func choice<Body, Message: WireMessage>(
        _ field: FieldName, _ body: inout Body?, _ wrap: (Message) -> Body
    ) throws(DecodingFault) {
        guard try take(field.number, field.name), !scanner.takeNull() else { return }
        guard case .none = body else { throw .severalBodies }
        var message = Message()
        try self.message(&message)
        body = wrap(message)
    }

    @inline(__always)
    mutating func field<Value: WireValue>(
        _ number: Int, _ name: StaticString, _ values: inout [Value], writesZero: Bool
    ) throws(DecodingFault) {
        guard try take(number, name), !scanner.takeNull() else { return }
        try list(&values)
    }

    @inline(__always)
    mutating func field<Value: WireValue>(_ number: Int, _ name: StaticString, _ values: inout [String: Value]) throws(DecodingFault) {
        guard try take(number, name), !scanner.takeNull() else { return }
        try map(&values)
    }

    /// Whether this is the field whose name stands here; then it has the value.
    @inline(__always)
    private mutating func take(_ number: Int, _ field: StaticString) throws(DecodingFault) -> Bool {
        guard name.count == field.utf8CodeUnitCount, let start = name.baseAddress else { return false }
        for index in 0..<name.count {
            guard start[index] == field.utf8Start[index] else { return false }
        }
        name = UnsafeBufferPointer(start: nil, count: 0)
        let bit = UInt64(1) << UInt64(number & 63)
        guard seen & bit == 0 else { throw .duplicateKey }
        seen |= bit
        return true
    }

    // MARK: Values

    /// An object with the fields of the message, and others, which are passed over.
    mutating func message<Message: WireMessage>(_ message: inout Message) throws(DecodingFault) {
        let outer = seen
        seen = 0
        guard try open(UInt8(ascii: "{"), closing: UInt8(ascii: "}")) else { return seen = outer }
        repeat {
            name = try fieldName()
            try message.visit(&self)
            if name.baseAddress != nil {
                _ = try scanner.skipValue(maxDepth: limits.maxDepth &- depth)
                name = UnsafeBufferPointer(start: nil, count: 0)
            }
        } while try next(closing: UInt8(ascii: "}"))
        seen = outer
    }

    private mutating func list<Value: WireValue>(_ values: inout [Value]) throws(DecodingFault) {
        guard try open(UInt8(ascii: "["), closing: UInt8(ascii: "]")) else { return }
        repeat {
            try countElement()
            var value = Value()
            try value.read(json: &self)
            values.append(value)
        } while try next(closing: UInt8(ascii: "]"))
    }

    private mutating func map<Value: WireValue>(_ values: inout [String: Value]) throws(DecodingFault) {
        guard try open(UInt8(ascii: "{"), closing: UInt8(ascii: "}")) else { return }
        repeat {
            try countElement()
            let key = try string()
            guard scanner.take(UInt8(ascii: ":")) else { throw .notJSON }
            var value = Value()
            try value.read(json: &self)
            guard values.updateValue(value, forKey: key) == nil else { throw .duplicateKey }
        } while try next(closing: UInt8(ascii: "}"))
    }

    /// Whether there is something between the brackets.
    @inline(__always)
    private mutating func open(_ opening: UInt8, closing: UInt8) throws(DecodingFault) -> Bool {
        guard scanner.take(opening) else { throw .wrongType }
        guard !scanner.take(closing) else { return false }
        guard depth < limits.maxDepth else { throw .depth }
        depth &+= 1
        return true
    }

    /// Whether there is more before the closing bracket.
    @inline(__always)
    private mutating func next(closing: UInt8) throws(DecodingFault) -> Bool {
        if scanner.take(UInt8(ascii: ",")) { return true }
        guard scanner.take(closing) else { throw .notJSON }
        depth &-= 1
        return false
    }

    private mutating func countElement() throws(DecodingFault) {
        guard elements > 0 else { throw .elements }
        elements &-= 1
    }

    /// The name of a field, as it stands there, and its colon. Ours have no escapes, and nobody needs to write them with any.
    private mutating func fieldName() throws(DecodingFault) -> UnsafeBufferPointer<UInt8> {
        try countElement()
        scanner.skipWhitespace()
        let token = try scanner.stringToken()
        guard !token.hasEscapes else { throw .escapedName }
        guard scanner.take(UInt8(ascii: ":")) else { throw .notJSON }
        return scanner.bytes(token.range)
    }

    func isTooLong(_ length: Int, limit: Int?) -> Bool { length > limit ?? limits.maxStringLength }

    /// A string, no longer than the limit.
    mutating func string(limit: Int? = nil) throws(DecodingFault) -> String {
        scanner.skipWhitespace()
        let token = try scanner.stringToken()
        guard !isTooLong(token.range.count, limit: limit) else { throw .stringLength }
        return token.hasEscapes ? try unescaped(token) : String(decoding: scanner.bytes(token.range), as: UTF8.self)
    }

    private func unescaped(_ token: JSONStringToken) throws(DecodingFault) -> String {
        var reader = scanner
        reader.move(to: token.range.lowerBound)
        var text = ""
        text.reserveCapacity(token.range.count)
        while reader.position < token.range.upperBound {
            let start = reader.position
            reader.skipToEscape(before: token.range.upperBound)
            text += String(decoding: scanner.bytes(start..<reader.position), as: UTF8.self)
            if reader.position < token.range.upperBound { text.unicodeScalars.append(try reader.escape()) }
        }
        return text
    }

    /// A value of any kind, as it was sent but for the whitespace in it.
    mutating func payload() throws(DecodingFault) -> ByteBuffer {
        scanner.skipWhitespace()
        let start = scanner.position
        let hasWhitespace = try scanner.skipValue(maxDepth: limits.maxDepth)
        if hasWhitespace { return JSONText.withoutWhitespace(scanner.bytes(start..<scanner.position)) }
        return source.getSlice(at: source.readerIndex &+ start, length: scanner.position &- start) ?? ByteBuffer()
    }
}

extension JSONScanner {
    /// To the next backslash, or the end of the string.
    fileprivate mutating func skipToEscape(before end: Int) {
        while position < end, byte != UInt8(ascii: "\\") { advance() }
    }
}
