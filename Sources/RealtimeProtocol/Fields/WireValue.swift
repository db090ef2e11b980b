import NIOCore

/// What a field, a list element or a map entry can hold: how it is read and written in either format.
protocol WireValue: Sendable {
    init()
    static var wireType: WireType { get }
    mutating func read(json: inout JSONReader) throws(DecodingFault)
    func write(json: inout JSONWriter)
    mutating func read(protobuf: inout ProtobufReader) throws(DecodingFault)
    func write(protobuf: inout ProtobufWriter)
}

/// A value without fields. It is left out when it is zero.
protocol WireScalar: WireValue {
    var isZero: Bool { get }
}

/// How Protobuf tells the length of a value.
enum WireType: UInt8 {
    case varint = 0
    case eightBytes = 1
    case lengthDelimited = 2
    case fourBytes = 5
}

extension WireMessage {
    static var wireType: WireType { .lengthDelimited }

    mutating func read(json: inout JSONReader) throws(DecodingFault) { try json.message(&self) }
    func write(json: inout JSONWriter) { json.message(self) }
    mutating func read(protobuf: inout ProtobufReader) throws(DecodingFault) { try protobuf.message(&self) }
    func write(protobuf: inout ProtobufWriter) { protobuf.message(self) }
}
