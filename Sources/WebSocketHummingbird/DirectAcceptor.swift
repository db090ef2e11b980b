// Strategy: Hummingbird's server sends every accepted connection through an async sequence and gives it a task, which costs a quarter of an
// upgrade and, for a socket of the callback API, is for nothing. After the first connection, those that follow are set up here.

import Logging
import NIOCore

/// Takes accepted connections before Hummingbird does. In the server socket's pipeline, just before SwiftNIO's own `AcceptHandler`.
final class DirectAcceptor: ChannelInboundHandler {
    typealias InboundIn = any Channel

    private let http1: SocketHTTP1Channel
    private let logger: Logger

    private init(http1: SocketHTTP1Channel, logger: Logger) {
        self.http1 = http1
        self.logger = logger
    }

    /// Connections stay with Hummingbird where SwiftNIO's handler is not found by its name.
    static func install(in serverChannel: any Channel, http1: SocketHTTP1Channel, logger: Logger) {
        let install: @Sendable () -> Void = {
            guard let acceptor = try? serverChannel.pipeline.syncOperations.context(name: "AcceptHandler").handler else { return }
            let handler = DirectAcceptor(http1: http1, logger: logger)
            try? serverChannel.pipeline.syncOperations.addHandler(handler, position: .before(acceptor))
        }
        if serverChannel.eventLoop.inEventLoop { install() } else { serverChannel.eventLoop.execute(install) }
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        let channel = Self.unwrapInboundIn(data)
        if channel.eventLoop === context.eventLoop {
            http1.begin(channel, logger: logger)
        } else {
            channel.eventLoop.execute { [http1, logger] in http1.begin(channel, logger: logger) }
        }
        // The server socket registers the connection with its loop, which follows what was given to that loop above.
        context.channel._channelCore.channelRead0(data)
    }
}
