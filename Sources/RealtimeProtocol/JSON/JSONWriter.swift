import NIOCore

/// Writes messages of the protocol in JSON. Fields that are zero are left out, except those that clients expect.
struct JSONWriter: FieldVisitor, BodyWriter {
    var output: Output
    /// A payload is not JSON: what is written is not to be used.
    private(set) var isNotJSON = false
    private var needsComma = false

    init(_ output: Output) { self.output = output }

    // MARK: Fields

    @inline(__always)
    mutating func scalar<Value: WireScalar>(
        _ number: Int, _ name: StaticString, _ value: inout Value, writesZero: Bool
    ) {
        guard writesZero || !value.isZero else { return }
        begin(name)
        value.write(json: &self)
    }

    @inline(__always)
    mutating func field<Value: WireMessage>(_ number: Int, _ name: StaticString, _ value: inout Value?) {
        guard let message = value else { return }
        begin(name)
        self.message(message)
    }

    @inline(__always)
    mutating func body<Body: WireBody>(_ body: inout Body?) { Body.write(body, &self) }

    @inline(__always)
    mutating func chosen<Message: WireMessage>(_ field: FieldName, _ message: Message) {
        begin(field.name)
        self.message(message)
    }

    @inline(__always)
    mutating func field<Value: WireValue>(
        _ number: Int, _ name: StaticString, _ values: inout [Value], writesZero: Bool
    ) {
        guard writesZero || !values.isEmpty else { return }
        begin(name)
        list(values)
    }

    @inline(__always)
    mutating func field<Value: WireValue>(
        _ number: Int, _ name: StaticString, _ values: inout [String: Value]
    ) {
        guard !values.isEmpty else { return }
        begin(name)
        map(values)
    }

    @inline(__always)
    private mutating func begin(_ name: StaticString) {
        if needsComma { output.append(UInt8(ascii: ",")) }
        needsComma = true
        output.append(name: name)
    }

    // MARK: Values

    mutating func message<Message: WireMessage>(_ message: Message) {
        output.append(UInt8(ascii: "{"))
        needsComma = false
        message.read(by: &self)
        output.append(UInt8(ascii: "}"))
        needsComma = true
    }

    private mutating func list<Value: WireValue>(_ values: [Value]) {
        var separator = UInt8(ascii: "[")
        for value in values {
            output.append(separator)
            value.write(json: &self)
            separator = UInt8(ascii: ",")
        }
        if values.isEmpty { output.append(separator) }
        output.append(UInt8(ascii: "]"))
    }

    private mutating func map<Value: WireValue>(_ values: [String: Value]) {
        var separator = UInt8(ascii: "{")
        for (key, value) in values {
            output.append(separator)
            key.write(json: &self)
            output.append(UInt8(ascii: ":"))
            value.write(json: &self)
            separator = UInt8(ascii: ",")
        }
        output.append(UInt8(ascii: "}"))
    }

    /// JSON in place. It is looked through here, whoever it came from: a newline in it, or a bracket too many, would end the message.
    mutating func payload(_ payload: ByteBuffer) {
        switch JSONText.check(payload) {
        case .compact: payload.withUnsafeReadableBytes { output.append($0) }
        case .spaced: payload.withUnsafeReadableBytes { output.appendWithoutWhitespace($0.bindMemory(to: UInt8.self)) }
        case .failed: isNotJSON = true
        }
    }

    /// Bytes as a string.
    mutating func text(_ text: ByteBuffer) {
        guard text.withUnsafeReadableBytes(UTF8Text.isValid) else { return isNotJSON = true }
        text.withUnsafeReadableBytes { output.quoted($0.bindMemory(to: UInt8.self)) }
    }
}
