import HummingbirdCore
import Logging
import NIOCore

/// The connections of a server that speaks HTTP/1.1 and WebSocket.
struct SocketHTTP1Channel: HTTPChannelHandler {
    struct Value: ServerChildChannelValue {
        let channel: any Channel
        let kind: EventLoopFuture<ConnectionKind>
    }

    let responder: HTTPChannelHandler.Responder
    let server: ServerState

    init(responder: @escaping HTTPChannelHandler.Responder, server: ServerState) {
        self.responder = responder
        self.server = server
    }

    func setup(channel: any Channel, logger: Logger) -> EventLoopFuture<Value> {
        channel.eventLoop.makeCompletedFuture {
            guard server.admit(channel, logger: logger) else { return try turnAway(channel) }
            try channel.prepareForSockets(server.configuration)
            return try makeValue(channel, logger: logger)
        }
    }

    /// For a connection that was admitted.
    func makeValue(_ channel: any Channel, logger: Logger) throws -> Value {
        Value(channel: channel, kind: try UpgradeHandler.install(in: channel, server: server, responder: responder, logger: logger))
    }

    private func turnAway(_ channel: any Channel) throws -> Value {
        try channel.pipeline.syncOperations.addHandler(TurnAwayHandler())
        return Value(channel: channel, kind: channel.eventLoop.makeSucceededFuture(.unattended))
    }

    func handle(value: Value, logger: Logger) async {
        await server.attend(value.channel) { await serve(value, logger: logger) }
    }

    func serve(_ value: Value, logger: Logger) async {
        switch try? await value.kind.get() {
        case .http(let channel): await handleHTTP(asyncChannel: channel, logger: logger)
        case .socket(let session): await session.run()
        case .unattended, nil: break
        }
    }
}

extension ServerState {
    /// Runs what a connection needs. The first connection's task stays until the server is closed and no socket is left: a server runs as
    /// long as its tasks do, and sockets of the callback API have none.
    func attend(_ channel: any Channel, _ body: @Sendable @escaping () async -> Void) async {
        guard let serverChannel = channel.parent, becomeKeeper() else { return await onLoop(of: channel, body) }
        await withDiscardingTaskGroup { group in
            group.addTask { await self.onLoop(of: channel, body) }
            try? await serverChannel.closeFuture.get()
            await self.liveSockets.drain()
        }
    }

    private func onLoop(of channel: any Channel, _ body: @Sendable () async -> Void) async {
        guard configuration.dangerouslyRunsHandlersOnEventLoop else { return await body() }
        // A task that is there already prefers to be: the application runs on its only loop.
        if channel.eventLoop.inEventLoop { return await body() }
        await withTaskExecutorPreference(loop(channel.eventLoop).executor) { await body() }
    }
}

extension Channel {
    /// Options of a connection that may become an idle socket.
    func prepareForSockets(_ configuration: WebSocketServerConfiguration) throws {
        let initial = min(max(configuration.initialReceiveBuffer, 64), 65_536)
        try syncOptions?.setOption(.recvAllocator, value: AdaptiveRecvByteBufferAllocator(minimum: 64, initial: initial, maximum: 65_536))
    }
}

/// Answers a connection over a limit before it has said anything (RFC 9110 §15.6.4).
final class TurnAwayHandler: ChannelInboundHandler {
    typealias InboundIn = Any
    typealias OutboundOut = ByteBuffer

    private static let answer = ByteBuffer(
        string: "HTTP/1.1 503 Service Unavailable\r\nContent-Length: 0\r\nRetry-After: 10\r\nConnection: close\r\n\r\n")

    func channelActive(context: ChannelHandlerContext) {
        context.writeAndFlush(Self.wrapOutboundOut(Self.answer), promise: nil)
        context.close(promise: nil)
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {}
}
