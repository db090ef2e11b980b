import NIOCore

extension String: WireScalar {
    static var wireType: WireType { .lengthDelimited }
    var isZero: Bool { isEmpty }

    mutating func read(json: inout JSONReader) throws(DecodingFault) { self = try json.string() }
    mutating func write(json: inout JSONWriter) { withUTF8 { json.output.quoted($0) } }
    mutating func read(protobuf: inout ProtobufReader) throws(DecodingFault) { self = try protobuf.string() }
    mutating func write(protobuf: inout ProtobufWriter) { withUTF8 { protobuf.output.lengthDelimited(UnsafeRawBufferPointer($0)) } }
    mutating func size() -> Int { Varint.sizeWithLength(utf8.count) }
}

/// A payload: a JSON value in place, or any bytes in Protobuf.
extension ByteBuffer: WireScalar {
    static var wireType: WireType { .lengthDelimited }
    var isZero: Bool { readableBytes == 0 }

    mutating func read(json: inout JSONReader) throws(DecodingFault) { self = try json.payload() }
    mutating func write(json: inout JSONWriter) throws(Wire.EncodingError) { try json.payload(self) }
    mutating func read(protobuf: inout ProtobufReader) throws(DecodingFault) { self = try protobuf.bytes() }
    mutating func write(protobuf: inout ProtobufWriter) { withUnsafeReadableBytes { protobuf.output.lengthDelimited($0) } }
    mutating func size() -> Int { Varint.sizeWithLength(readableBytes) }
}

/// Text that Protobuf has as bytes and JSON as a string: the commands inside an emulation request.
struct TextBytes: WireScalar {
    var bytes = ByteBuffer()

    static var wireType: WireType { .lengthDelimited }
    var isZero: Bool { bytes.isZero }

    mutating func read(json: inout JSONReader) throws(DecodingFault) { bytes = ByteBuffer(string: try json.string(limit: .max)) }
    mutating func write(json: inout JSONWriter) throws(Wire.EncodingError) { try json.text(bytes) }
    mutating func read(protobuf: inout ProtobufReader) throws(DecodingFault) { bytes = try protobuf.bytes() }
    mutating func write(protobuf: inout ProtobufWriter) { bytes.write(protobuf: &protobuf) }
    mutating func size() -> Int { bytes.size() }
}
