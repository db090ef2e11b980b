/// Measures what ``ProtobufWriter`` writes.
struct ProtobufSizer: FieldVisitor {
    private(set) var count = 0

    @inline(__always)
    private static func tagSize(_ number: Int) -> Int { number < 16 ? 1 : 2 }

    @inline(__always)
    mutating func scalar<Value: WireScalar>(_ number: Int, _ name: StaticString, _ value: inout Value, writesZero: Bool) {
        guard !value.isZero else { return }
        count &+= Self.tagSize(number) &+ value.size()
    }

    @inline(__always)
    mutating func field<Value: WireMessage>(_ number: Int, _ name: StaticString, _ value: inout Value?) {
        guard var message = value else { return }
        count &+= Self.tagSize(number) &+ message.size()
    }

    @inline(__always)
    mutating func choice<Body, Value: WireMessage>(
        _ number: Int, _ name: StaticString, _ body: inout Body?, wrap: (Value) -> Body, unwrap: (Body) -> Value?
    ) {
        guard let body, var message = unwrap(body) else { return }
        count &+= Self.tagSize(number) &+ message.size()
    }

    @inline(__always)
    mutating func field<Value: WireValue>(_ number: Int, _ name: StaticString, _ values: inout [Value], writesZero: Bool) {
        for var value in values { count &+= Self.tagSize(number) &+ value.size() }
    }

    @inline(__always)
    mutating func field<Value: WireValue>(_ number: Int, _ name: StaticString, _ values: inout [String: Value]) {
        for (var key, var value) in values {
            count &+= Self.tagSize(number) &+ Varint.sizeWithLength(2 &+ key.size() &+ value.size())
        }
    }
}
