import NIOCore

/// What a field, a list element or a map entry can hold: how it is read, written and measured in either format.
///
/// Writing is `mutating` because a message walks its fields as variables; nothing is changed by it.
protocol WireValue: Sendable {
    init()
    static var wireType: WireType { get }
    mutating func read(json: inout JSONReader) throws(DecodingFault)
    mutating func write(json: inout JSONWriter) throws(Wire.EncodingError)
    mutating func read(protobuf: inout ProtobufReader) throws(DecodingFault)
    mutating func write(protobuf: inout ProtobufWriter)
    /// Bytes in Protobuf, a length included.
    mutating func size() -> Int
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
    mutating func write(json: inout JSONWriter) throws(Wire.EncodingError) { try json.message(&self) }
    mutating func read(protobuf: inout ProtobufReader) throws(DecodingFault) { try protobuf.message(&self) }
    mutating func write(protobuf: inout ProtobufWriter) { protobuf.message(&self) }

    mutating func size() -> Int {
        let fields = fieldsSize()
        return Varint.size(UInt64(fields)) &+ fields
    }

    /// Bytes in Protobuf, without the length before them.
    mutating func fieldsSize() -> Int {
        var sizer = ProtobufSizer()
        visit(&sizer)
        return sizer.count
    }
}
