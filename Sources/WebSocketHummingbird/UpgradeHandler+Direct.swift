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
    func takesDirectly(_ part: HTTPServerRequestPart, _ context: ChannelHandlerContext) throws -> Bool {
        switch part {
        case .head(let head):
            guard let responder = server.configuration.directResponder, state.responsesInFlight == 1, context.channel.isWritable,
                let request = responder.accept(head)
            else { return false }
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
        try handOn(Self.wrapInboundOut(.head(exchange.head)), context)
        if exchange.body.readableBytes > 0 { try handOn(Self.wrapInboundOut(.body(exchange.body)), context) }
    }

    private func send(_ answer: DirectAnswer, _ context: ChannelHandlerContext) {
        var head = HTTPResponseHead(version: .http1_1, status: answer.status, headers: answer.headers)
        head.headers.add(name: "Content-Length", value: String(answer.body.readableBytes))
        context.write(Self.wrapOutboundOut(.head(marked(head))), promise: nil)
        context.write(Self.wrapOutboundOut(.body(.byteBuffer(answer.body))), promise: nil)
        context.write(Self.wrapOutboundOut(.end(nil)), promise: nil)
        isFlushDue = true
        responseEnded(context)
    }
}
