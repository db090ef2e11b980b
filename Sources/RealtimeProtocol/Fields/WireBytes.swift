import NIOCore

extension String: WireScalar {
    static var wireType: WireType { .lengthDelimited }
    var isZero: Bool { isEmpty }

    mutating func read(json: inout JSONReader) throws(DecodingFault) { self = try json.string() }
    func write(json: inout JSONWriter) { withBytes { json.output.quoted($0) } }
    mutating func read(protobuf: inout ProtobufReader) throws(DecodingFault) { self = try protobuf.string() }
    func write(protobuf: inout ProtobufWriter) { withBytes { protobuf.output.lengthDelimited(UnsafeRawBufferPointer($0)) } }
}

extension String {
    /// The bytes of the text, where they are. Only a string that an Apple framework made has to be copied.
    @inline(__always)
    fileprivate func withBytes(_ body: (UnsafeBufferPointer<UInt8>) -> Void) {
        if utf8.withContiguousStorageIfAvailable(body) == nil { Array(utf8).withUnsafeBufferPointer(body) }
    }
}

/// A payload: a JSON value in place, or any bytes in Protobuf.
extension ByteBuffer: WireScalar {
    static var wireType: WireType { .lengthDelimited }
    var isZero: Bool { readableBytes == 0 }

    mutating func read(json: inout JSONReader) throws(DecodingFault) { self = try json.payload() }
    func write(json: inout JSONWriter) { json.payload(self) }
    mutating func read(protobuf: inout ProtobufReader) throws(DecodingFault) { self = try protobuf.bytes() }
    func write(protobuf: inout ProtobufWriter) { withUnsafeReadableBytes { protobuf.output.lengthDelimited($0) } }
}

/// Text that Protobuf has as bytes and JSON as a string: the commands inside an emulation request.
struct TextBytes: WireScalar {
    var bytes = ByteBuffer()

    static var wireType: WireType { .lengthDelimited }
    var isZero: Bool { bytes.isZero }

    mutating func read(json: inout JSONReader) throws(DecodingFault) { bytes = ByteBuffer(string: try json.string(limit: .max)) }
    func write(json: inout JSONWriter) { json.text(bytes) }
    mutating func read(protobuf: inout ProtobufReader) throws(DecodingFault) { bytes = try protobuf.bytes() }
    func write(protobuf: inout ProtobufWriter) { bytes.write(protobuf: &protobuf) }
}
