public import NIOCore

extension Wire {
    /// Appends a reply, or a push in the envelope of one, to a batch. If it cannot be written the batch stays as it was.
    public static func write(_ reply: Reply, as format: WireFormat, to batch: inout ByteBuffer) throws(EncodingError) {
        try append(reply, format, &batch)
    }

    /// Appends a bare push, for a client that only listens.
    public static func write(_ push: Push, as format: WireFormat, to batch: inout ByteBuffer) throws(EncodingError) {
        try append(push, format, &batch)
    }

    /// Appends a command.
    public static func write(_ command: Command, as format: WireFormat, to batch: inout ByteBuffer) throws(EncodingError) {
        try append(command, format, &batch)
    }

    /// The connect request of a connection on which the server alone speaks, in JSON.
    public static func json(_ request: ConnectRequest) throws(EncodingError) -> ByteBuffer {
        var text = ByteBuffer()
        try append(request, .json, &text)
        return text
    }

    /// Commands of a session, as the body of a request has them: JSON, or Protobuf without a length.
    public static func body(_ request: EmulationRequest, as format: WireFormat) throws(EncodingError) -> ByteBuffer {
        var body = ByteBuffer()
        switch format {
        case .json: try append(request, .json, &body)
        case .protobuf:
            body.append { output in
                var writer = ProtobufWriter(output: output)
                request.read(by: &writer)
                output = writer.output
                return true
            }
        }
        return body
    }

    /// In JSON a newline stands between two messages; in Protobuf each has its length before it.
    @inline(__always)
    private static func append<Message: WireMessage>(
        _ message: Message, _ format: WireFormat, _ batch: inout ByteBuffer
    ) throws(EncodingError) {
        switch format {
        case .json:
            let isFirst = batch.readableBytes == 0
            var isNotJSON = false
            batch.append { output in
                if !isFirst { output.append(UInt8(ascii: "\n")) }
                var writer = JSONWriter(output)
                writer.message(message)
                output = writer.output
                isNotJSON = writer.isNotJSON
                return !isNotJSON
            }
            if isNotJSON { throw .notJSON }
        case .protobuf:
            batch.append { output in
                var writer = ProtobufWriter(output: output)
                writer.message(message)
                output = writer.output
                return true
            }
        }
    }
}
