/// Writes messages of the protocol in Protobuf, fields in the order of their declaration, without those that are zero.
struct ProtobufWriter: FieldVisitor, BodyWriter {
    var output: Output

    @inline(__always)
    mutating func scalar<Value: WireScalar>(_ number: Int, _ name: StaticString, _ value: inout Value, writesZero: Bool) {
        guard !value.isZero else { return }
        tag(number, Value.wireType)
        value.write(protobuf: &self)
    }

    @inline(__always)
    mutating func field<Value: WireMessage>(_ number: Int, _ name: StaticString, _ value: inout Value?) {
        guard let message = value else { return }
        tag(number, .lengthDelimited)
        self.message(message)
    }

    @inline(__always)
    mutating func body<Body: WireBody>(_ body: inout Body?) { Body.write(body, &self) }

    @inline(__always)
    mutating func chosen<Message: WireMessage>(_ field: FieldName, _ message: Message) {
        tag(field.number, .lengthDelimited)
        self.message(message)
    }

    @inline(__always)
    mutating func field<Value: WireValue>(_ number: Int, _ name: StaticString, _ values: inout [Value], writesZero: Bool) {
        for value in values {
            tag(number, Value.wireType)
            value.write(protobuf: &self)
        }
    }

    /// An entry of a map is a message with the key in field 1 and the value in field 2, both always there.
    @inline(__always)
    mutating func field<Value: WireValue>(_ number: Int, _ name: StaticString, _ values: inout [String: Value]) {
        for (key, value) in values {
            tag(number, .lengthDelimited)
            let start = output.beginLength()
            tag(1, .lengthDelimited)
            key.write(protobuf: &self)
            tag(2, Value.wireType)
            value.write(protobuf: &self)
            output.endLength(start)
        }
    }

    /// The message after its length.
    mutating func message<Message: WireMessage>(_ message: Message) {
        let start = output.beginLength()
        message.read(by: &self)
        output.endLength(start)
    }

    @inline(__always)
    private mutating func tag(_ number: Int, _ type: WireType) {
        output.varint(UInt64(truncatingIfNeeded: number) << 3 | UInt64(type.rawValue))
    }
}
