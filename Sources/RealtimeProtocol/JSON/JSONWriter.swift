import NIOCore

/// Writes messages of the protocol in JSON. Fields that are zero are left out, except those that clients expect.
struct JSONWriter: FieldVisitor {
    var output: Output
    private var needsComma = false

    init(_ output: Output) { self.output = output }

    // MARK: Fields

    @inline(__always)
    mutating func scalar<Value: WireScalar>(
        _ number: Int, _ name: StaticString, _ value: inout Value, writesZero: Bool
    ) throws(Wire.EncodingError) {
        guard writesZero || !value.isZero else { return }
        begin(name)
        try value.write(json: &self)
    }

    @inline(__always)
    mutating func field<Value: WireMessage>(_ number: Int, _ name: StaticString, _ value: inout Value?) throws(Wire.EncodingError) {
        guard var message = value else { return }
        begin(name)
        try self.message(&message)
    }

    @inline(__always)
    mutating func choice<Body, Value: WireMessage>(
        _ number: Int, _ name: StaticString, _ body: inout Body?, wrap: (Value) -> Body, unwrap: (Body) -> Value?
    ) throws(Wire.EncodingError) {
        guard let body, var message = unwrap(body) else { return }
        begin(name)
        try self.message(&message)
    }

    @inline(__always)
    mutating func field<Value: WireValue>(
        _ number: Int, _ name: StaticString, _ values: inout [Value], writesZero: Bool
    ) throws(Wire.EncodingError) {
        guard writesZero || !values.isEmpty else { return }
        begin(name)
        try list(values)
    }

    @inline(__always)
    mutating func field<Value: WireValue>(
        _ number: Int, _ name: StaticString, _ values: inout [String: Value]
    ) throws(Wire.EncodingError) {
        guard !values.isEmpty else { return }
        begin(name)
        try map(values)
    }

    @inline(__always)
    private mutating func begin(_ name: StaticString) {
        if needsComma { output.append(UInt8(ascii: ",")) }
        needsComma = true
        output.append(name: name)
    }

    // MARK: Values

    mutating func message<Message: WireMessage>(_ message: inout Message) throws(Wire.EncodingError) {
        output.append(UInt8(ascii: "{"))
        needsComma = false
        try message.visit(&self)
        output.append(UInt8(ascii: "}"))
        needsComma = true
    }

    private mutating func list<Value: WireValue>(_ values: [Value]) throws(Wire.EncodingError) {
        var separator = UInt8(ascii: "[")
        for var value in values {
            output.append(separator)
            try value.write(json: &self)
            separator = UInt8(ascii: ",")
        }
        if values.isEmpty { output.append(separator) }
        output.append(UInt8(ascii: "]"))
    }

    private mutating func map<Value: WireValue>(_ values: [String: Value]) throws(Wire.EncodingError) {
        var separator = UInt8(ascii: "{")
        for (var key, var value) in values {
            output.append(separator)
            key.write(json: &self)
            output.append(UInt8(ascii: ":"))
            try value.write(json: &self)
            separator = UInt8(ascii: ",")
        }
        output.append(UInt8(ascii: "}"))
    }

    /// JSON in place. It is looked through here, whoever it came from: a newline in it, or a bracket too many, would end the message.
    mutating func payload(_ payload: ByteBuffer) throws(Wire.EncodingError) {
        switch JSONText.check(payload) {
        case .compact: payload.withUnsafeReadableBytes { output.append($0) }
        case .spaced: payload.withUnsafeReadableBytes { output.appendWithoutWhitespace($0.bindMemory(to: UInt8.self)) }
        case .failed: throw .notJSON
        }
    }

    /// Bytes as a string.
    mutating func text(_ text: ByteBuffer) throws(Wire.EncodingError) {
        guard text.withUnsafeReadableBytes({ String(validating: $0, as: UTF8.self) }) != nil else { throw .notJSON }
        text.withUnsafeReadableBytes { output.quoted($0.bindMemory(to: UInt8.self)) }
    }
}
