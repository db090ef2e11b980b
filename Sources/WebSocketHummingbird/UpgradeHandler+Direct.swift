import NIOCore
import NIOHTTP1

/// A request that is read for the direct responder.
struct DirectExchange {
    let head: HTTPRequestHead
    let request: DirectRequest
    var body = ByteBuffer()
}

extension UpgradeHandler {
    /// Whether a part of a plain request is not for Hummingbird.
    ///
    /// What Hummingbird has begun it ends, so that answers come in the order of their requests; and it is left to Hummingbird, which waits for such peers, to answer one
    /// that does not read its answers.
    func takesDirectly(_ part: HTTPServerRequestPart, isRepeated: Bool, _ context: ChannelHandlerContext) throws -> Bool {
        switch part {
        case .head(let head):
            let last = isRepeated ? lastDirect : nil
            lastDirect = nil
            guard let responder = server.configuration.directResponder, state.responsesInFlight == 1, context.channel.isWritable,
                let request = last.flatMap({ $0.isCurrent() ? $0 : nil }) ?? responder.accept(head)
            else { return false }
            lastDirect = request
            direct = DirectExchange(head: head, request: request)
            return true
        case .body(let bytes):
            guard let size = direct?.body.readableBytes, let most = direct?.request.maxBodyBytes else { return false }
            if size == 0 { direct?.body = bytes } else { direct?.body.writeImmutableBuffer(bytes) }
            if size + bytes.readableBytes > most { try handOnDirect(context) }
            return true
        case .end:
            guard let exchange = direct else { return false }
            guard let answer = exchange.request.answer(exchange.body) else {
                try handOnDirect(context)
                return false
            }
            direct = nil
            send(answer, context)
            return true
        }
    }

    /// Gives Hummingbird what was read.
    private func handOnDirect(_ context: ChannelHandlerContext) throws {
        guard let exchange = direct else { return }
        direct = nil
        try handOn(.head(exchange.head), context)
        if exchange.body.readableBytes > 0 { try handOn(.body(exchange.body), context) }
    }

    private func send(_ answer: DirectAnswer, _ context: ChannelHandlerContext) {
        reader?.write(answer.bytes(isLast: closesAfterResponse()))
        isFlushDue = true
        responseEnded(context)
    }
}

extension DirectAnswer {
    /// The answer as it is sent (RFC 9112 §4).
    fileprivate func bytes(isLast: Bool) -> ByteBuffer {
        var bytes = ByteBuffer()
        bytes.reserveCapacity(64 + fields.readableBytes + body.readableBytes)
        if status == .ok {
            bytes.writeStaticString("HTTP/1.1 200 OK\r\n")
        } else {
            bytes.writeString("HTTP/1.1 \(status.code) \(status.reasonPhrase)\r\n")
        }
        bytes.writeImmutableBuffer(fields)
        if isLast { bytes.writeStaticString("Connection: close\r\n") }
        bytes.writeString("Content-Length: \(body.readableBytes)\r\n\r\n")
        bytes.writeImmutableBuffer(body)
        return bytes
    }
}
