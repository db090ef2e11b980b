public import NIOCore

extension Wire {
    /// Appends a reply, or a push in the envelope of one, to a batch. If it cannot be written the batch stays as it was.
    public static func write(_ reply: Reply, as format: WireFormat, to batch: inout ByteBuffer) throws(EncodingError) {
        var reply = reply
        try append(&reply, format, &batch)
    }

    /// Appends a bare push, for a client that only listens.
    public static func write(_ push: Push, as format: WireFormat, to batch: inout ByteBuffer) throws(EncodingError) {
        var push = push
        try append(&push, format, &batch)
    }

    /// Appends a command.
    public static func write(_ command: Command, as format: WireFormat, to batch: inout ByteBuffer) throws(EncodingError) {
        var command = command
        try append(&command, format, &batch)
    }

    /// The connect request of a connection on which the server alone speaks, in JSON.
    public static func json(_ request: ConnectRequest) throws(EncodingError) -> ByteBuffer {
        var request = request, text = ByteBuffer()
        try append(&request, .json, &text)
        return text
    }

    /// Commands of a session, as the body of a request has them: JSON, or Protobuf without a length.
    public static func body(_ request: EmulationRequest, as format: WireFormat) throws(EncodingError) -> ByteBuffer {
        var request = request, body = ByteBuffer()
        switch format {
        case .json: try append(&request, .json, &body)
        case .protobuf:
            body.append(estimate: request.fieldsSize()) { output in
                var writer = ProtobufWriter(output: output)
                request.visit(&writer)
                output = writer.output
            }
        }
        return body
    }

    /// In JSON a newline stands between two messages; in Protobuf each has its length before it.
    @inline(__always)
    private static func append<Message: WireMessage>(
        _ message: inout Message, _ format: WireFormat, _ batch: inout ByteBuffer
    ) throws(EncodingError) {
        let size = message.size()
        switch format {
        case .json:
            let isFirst = batch.readableBytes == 0
            try batch.append(estimate: size &+ roomForNames) { (output) throws(EncodingError) in
                if !isFirst { output.append(UInt8(ascii: "\n")) }
                var writer = JSONWriter(output)
                try writer.message(&message)
                output = writer.output
            }
        case .protobuf:
            batch.append(estimate: size) { output in
                var writer = ProtobufWriter(output: output)
                writer.message(&message)
                output = writer.output
            }
        }
    }

    /// JSON needs more than Protobuf, by the names: about so much for what is sent most.
    private static var roomForNames: Int { 128 }
}
