package import NIOCore

/// A JSON value to look into, member by member: what is no message of the protocol, such as the claims of a token.
///
/// The text is checked once, and then read where it is. A part of it that is to be passed on is passed on as it was written.
package struct JSONValue: Sendable {
    /// The value without whitespace.
    package let text: ByteBuffer

    /// - Throws: ``Wire/DecodingError`` if the text is not exactly one JSON value, nested no deeper than `maxDepth`.
    package init(_ text: ByteBuffer, maxDepth: Int = 32) throws(Wire.DecodingError) {
        self.text = try JSONText.compact(text, maxDepth: maxDepth)
    }

    /// A part of what was checked.
    private init(checked text: ByteBuffer) {
        self.text = text
    }

    private func scan<Result>(_ body: (inout JSONScanner) throws(DecodingFault) -> Result) throws(Wire.DecodingError) -> Result {
        let result = text.withUnsafeReadableBytes { memory -> Swift.Result<Result, Wire.DecodingError> in
            var scanner = JSONScanner(memory, allowsNewlines: true)
            do throws(DecodingFault) {
                return .success(try body(&scanner))
            } catch {
                return .failure(Wire.DecodingError(error, at: scanner.position))
            }
        }
        return try result.get()
    }

    // MARK: Scalars

    package var isNull: Bool { text.readableBytesView.first == UInt8(ascii: "n") }

    package var isObject: Bool { text.readableBytesView.first == UInt8(ascii: "{") }

    package var isArray: Bool { text.readableBytesView.first == UInt8(ascii: "[") }

    /// The text of a string.
    package func string() throws(Wire.DecodingError) -> String {
        try scan { (scanner) throws(DecodingFault) in try scanner.text() }
    }

    package func bool() throws(Wire.DecodingError) -> Bool {
        try scan { (scanner) throws(DecodingFault) in try scanner.bool() }
    }

    /// A number without fraction and exponent that fits.
    package func integer<Integer: FixedWidthInteger>(_: Integer.Type = Integer.self) throws(Wire.DecodingError) -> Integer {
        try scan { (scanner) throws(DecodingFault) in
            let (magnitude, isNegative) = try scanner.integer()
            guard isNegative else {
                guard let value = Integer(exactly: magnitude) else { throw .outOfRange }
                return value
            }
            guard magnitude <= Int64.min.magnitude, let value = Integer(exactly: Int64(truncatingIfNeeded: 0 &- magnitude)) else {
                throw .outOfRange
            }
            return value
        }
    }

    // MARK: Containers

    /// The members of an object. A name that is given twice is an error, since readers differ in which of the two they believe.
    package func members() throws(Wire.DecodingError) -> [String: JSONValue] {
        try scan { (scanner) throws(DecodingFault) in
            var members: [String: JSONValue] = [:]
            try eachMember(&scanner) { (name, value) throws(DecodingFault) in
                guard members.updateValue(value, forKey: name) == nil else { throw .duplicateKey }
            }
            return members
        }
    }

    /// The same in their order, for objects of a few members: which are looked through sooner than names are hashed.
    package func memberList() throws(Wire.DecodingError) -> [(name: String, value: JSONValue)] {
        try scan { (scanner) throws(DecodingFault) in
            var members: [(name: String, value: JSONValue)] = []
            // The names of one with many.
            var names: Set<String> = []
            try eachMember(&scanner) { (name, value) throws(DecodingFault) in
                if members.count < 16 {
                    guard !members.contains(where: { $0.name == name }) else { throw .duplicateKey }
                } else {
                    if names.isEmpty { names = Set(members.map(\.name)) }
                    guard names.insert(name).inserted else { throw .duplicateKey }
                }
                members.append((name, value))
            }
            return members
        }
    }

    private func eachMember(
        _ scanner: inout JSONScanner, _ body: (String, JSONValue) throws(DecodingFault) -> Void
    ) throws(DecodingFault) {
        guard scanner.take(UInt8(ascii: "{")) else { throw .wrongType }
        if scanner.take(UInt8(ascii: "}")) { return }
        repeat {
            let name = try scanner.text()
            guard scanner.take(UInt8(ascii: ":")) else { throw .notJSON }
            try body(name, part(&scanner))
        } while scanner.take(UInt8(ascii: ","))
    }

    /// The elements of an array.
    package func elements() throws(Wire.DecodingError) -> [JSONValue] {
        try scan { (scanner) throws(DecodingFault) in
            var elements: [JSONValue] = []
            guard scanner.take(UInt8(ascii: "[")) else { throw .wrongType }
            if scanner.take(UInt8(ascii: "]")) { return elements }
            repeat { elements.append(try part(&scanner)) } while scanner.take(UInt8(ascii: ","))
            return elements
        }
    }

    private func part(_ scanner: inout JSONScanner) throws(DecodingFault) -> JSONValue {
        let start = scanner.position
        _ = try scanner.skipValue(maxDepth: 64)
        guard let part = text.getSlice(at: text.readerIndex &+ start, length: scanner.position &- start) else { throw .truncated }
        return JSONValue(checked: part)
    }
}

extension JSONScanner {
    /// A string with its escapes resolved.
    fileprivate mutating func text() throws(DecodingFault) -> String {
        let token = try stringToken()
        guard token.hasEscapes else { return String(decoding: bytes(token.range), as: UTF8.self) }
        let next = position
        var text = ""
        var plain = token.range.lowerBound
        move(to: plain)
        while position < token.range.upperBound {
            guard byte == UInt8(ascii: "\\") else {
                advance()
                continue
            }
            text += String(decoding: bytes(plain..<position), as: UTF8.self)
            text.unicodeScalars.append(try escape())
            plain = position
        }
        text += String(decoding: bytes(plain..<token.range.upperBound), as: UTF8.self)
        move(to: next)
        return text
    }
}
