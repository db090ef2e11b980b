/// An integer of the wire: decimal digits in JSON, a varint in Protobuf.
protocol WireInteger: WireScalar, FixedWidthInteger {
    /// What the varint holds. A negative number is extended to 64 bits (Protobuf).
    var varint: UInt64 { get }
    init(varint: UInt64)
}

extension WireInteger {
    static var wireType: WireType { .varint }
    var isZero: Bool { self == 0 }

    @inline(__always)
    mutating func read(json: inout JSONReader) throws(DecodingFault) {
        let (magnitude, isNegative) = try json.scanner.integer()
        guard let value = isNegative ? Self(exactlyMinus: magnitude) : Self(exactly: magnitude) else { throw .outOfRange }
        self = value
    }

    @inline(__always)
    func write(json: inout JSONWriter) { json.output.decimal(magnitude: UInt64(magnitude), isNegative: self < 0) }
    @inline(__always)
    mutating func read(protobuf: inout ProtobufReader) throws(DecodingFault) { self = Self(varint: try protobuf.varint()) }
    @inline(__always)
    func write(protobuf: inout ProtobufWriter) { protobuf.output.varint(varint) }
}

extension FixedWidthInteger {
    /// `-magnitude`, if this type has it.
    @inline(__always)
    fileprivate init?(exactlyMinus magnitude: UInt64) {
        guard magnitude <= UInt64(1) << 63 else { return nil }
        self.init(exactly: Int64(truncatingIfNeeded: 0 &- magnitude))
    }
}

extension UInt32: WireInteger {
    var varint: UInt64 { UInt64(self) }
    init(varint: UInt64) { self.init(truncatingIfNeeded: varint) }
}

extension UInt64: WireInteger {
    var varint: UInt64 { self }
    init(varint: UInt64) { self = varint }
}

extension Int32: WireInteger {
    var varint: UInt64 { UInt64(bitPattern: Int64(self)) }
    init(varint: UInt64) { self.init(truncatingIfNeeded: varint) }
}

extension Int64: WireInteger {
    var varint: UInt64 { UInt64(bitPattern: self) }
    init(varint: UInt64) { self.init(truncatingIfNeeded: varint) }
}

/// A `sint64`: in Protobuf 0, -1, 1, -2… are 0, 1, 2, 3…
struct ZigZag: WireScalar {
    var value: Int64 = 0

    static var wireType: WireType { .varint }
    var isZero: Bool { value == 0 }
    var varint: UInt64 { UInt64(bitPattern: value << 1 ^ value >> 63) }

    mutating func read(json: inout JSONReader) throws(DecodingFault) { try value.read(json: &json) }
    func write(json: inout JSONWriter) { value.write(json: &json) }
    mutating func read(protobuf: inout ProtobufReader) throws(DecodingFault) {
        let varint = try protobuf.varint()
        value = Int64(bitPattern: varint >> 1) ^ -Int64(bitPattern: varint & 1)
    }
    func write(protobuf: inout ProtobufWriter) { protobuf.output.varint(varint) }
}

extension Bool: WireScalar {
    static var wireType: WireType { .varint }
    var isZero: Bool { !self }

    mutating func read(json: inout JSONReader) throws(DecodingFault) { self = try json.scanner.bool() }
    func write(json: inout JSONWriter) { json.output.append(self ? "true" : "false") }
    mutating func read(protobuf: inout ProtobufReader) throws(DecodingFault) { self = try protobuf.varint() != 0 }
    func write(protobuf: inout ProtobufWriter) { protobuf.output.append(self ? 1 : 0) }
}
