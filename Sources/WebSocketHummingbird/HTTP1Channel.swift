import HummingbirdCore
import Logging
import NIOCore
import NIOHTTPTypes
import NIOSSL

/// The connections of a server that speaks HTTP/1.1 and WebSocket.
struct SocketHTTP1Channel: HTTPChannelHandler {
    struct Value: ServerChildChannelValue {
        let channel: any Channel
        /// Whether TLS is between us and the peer.
        let isSecure: Bool
        let kind: EventLoopFuture<ConnectionKind>
    }

    let responder: HTTPChannelHandler.Responder
    let server: ServerState

    init(responder: @escaping HTTPChannelHandler.Responder, server: ServerState) {
        self.responder = responder
        self.server = server
    }

    // MARK: As Hummingbird's server does it

    func setup(channel: any Channel, logger: Logger) -> EventLoopFuture<Value> {
        channel.eventLoop.makeCompletedFuture {
            guard server.admit(channel, logger: logger) else {
                try channel.pipeline.syncOperations.addHandler(TurnAwayHandler())
                return Value(channel: channel, isSecure: true, kind: channel.eventLoop.makeSucceededFuture(.unattended))
            }
            try channel.prepareForSockets(server.configuration)
            guard try server.expectProxyHeader(on: channel, logger: logger) else {
                channel.close(promise: nil)
                return Value(channel: channel, isSecure: true, kind: channel.eventLoop.makeSucceededFuture(.unattended))
            }
            return try makeValue(channel, logger: logger)
        }
    }

    /// For a connection that was admitted.
    func makeValue(_ channel: any Channel, logger: Logger) throws -> Value {
        let isSecure = (try? channel.pipeline.syncOperations.handler(type: NIOSSLServerHandler.self)) != nil
        let kind = channel.eventLoop.makePromise(of: ConnectionKind.self)
        do {
            try install(in: channel, isSecure: isSecure, logger: logger) { kind.succeed($0) }
        } catch {
            kind.fail(error)
            throw error
        }
        return Value(channel: channel, isSecure: isSecure, kind: kind.futureResult)
    }

    private func install(
        in channel: any Channel, isSecure: Bool, logger: Logger, decide: @escaping (ConnectionKind) -> Void
    ) throws {
        try UpgradeHandler.install(
            in: channel, isSecure: isSecure, server: server, responder: responder, logger: logger, decide: decide)
    }

    func handle(value: Value, logger: Logger) async {
        await server.attend(value.channel) {
            await serve(value, logger: logger)
        } keeping: { serverChannel in
            // TLS is put in by a wrapper of this type, which only Hummingbird's server knows.
            if !value.isSecure { DirectAcceptor.install(in: serverChannel, http1: self, logger: logger) }
        }
    }

    func serve(_ value: Value, logger: Logger) async {
        if let kind = try? await value.kind.get() { await serve(kind, logger: logger) }
    }

    private func serve(_ kind: ConnectionKind, logger: Logger) async {
        switch kind {
        case .http(let channel): await serve(channel, logger: logger)
        case .socket(let session): await session.run()
        case .unattended: break
        }
    }

    private func serve(_ channel: NIOAsyncChannel<HTTPRequestPart, HTTPResponsePart>, logger: Logger) async {
        await ServedConnection.$current.withValue(ServedConnection(channel: channel.channel, origin: server.origin(of: channel.channel))) {
            await handleHTTP(asyncChannel: channel, logger: logger)
        }
    }

    // MARK: Without it

    /// Sets up a connection that Hummingbird's server does not know of. On its event loop.
    func begin(_ channel: any Channel, logger: Logger) {
        do {
            // As Hummingbird's server has it.
            try channel.syncOptions?.setOption(.allowRemoteHalfClosure, value: true)
            guard server.admit(channel, logger: logger) else {
                return try channel.pipeline.syncOperations.addHandler(TurnAwayHandler())
            }
            try channel.prepareForSockets(server.configuration)
            guard try server.expectProxyHeader(on: channel, logger: logger) else { return channel.close(promise: nil) }
            try install(in: channel, isSecure: false, logger: logger) { kind in
                switch kind {
                case .http: server.submit(on: channel.eventLoop) { await serve(kind, logger: logger) }
                case .socket(let session): server.submit(on: channel.eventLoop, session.run)
                case .unattended: break
                }
            }
        } catch {
            logger.debug("cannot set up a connection", metadata: ["error": "\(error)"])
            channel.close(promise: nil)
        }
    }
}

extension ServerState {
    /// Has a task of the server's do something for a connection of that loop.
    func submit(on eventLoop: any EventLoop, _ run: @escaping @Sendable () async -> Void) {
        work.submit(ServerWork.Item(executor: loop(eventLoop).executor, run: run))
    }

    /// Runs what a connection needs. The first connection's task becomes the server's keeper, see ``ServerWork``.
    ///
    /// - Parameter keeping: called by the keeper, once.
    func attend(
        _ channel: any Channel, _ body: @Sendable @escaping () async -> Void, keeping: (_ serverChannel: any Channel) -> Void = { _ in }
    ) async {
        guard let serverChannel = channel.parent, becomeKeeper() else { return await onLoop(of: channel, body) }
        serverChannel.closeFuture.whenComplete { [work] _ in work.serverClosed() }
        keeping(serverChannel)
        await withTaskCancellationHandler {
            await withDiscardingTaskGroup { group in
                group.addTask { await self.onLoop(of: channel, body) }
                while let items = await work.next() {
                    for item in items {
                        // To ask for nil is to ask for the pool, not for what this task prefers.
                        if let preference = item.preference {
                            group.addTask(executorPreference: preference, operation: item.run)
                        } else {
                            group.addTask(operation: item.run)
                        }
                    }
                }
            }
        } onCancel: {
            work.cancel()
            liveSockets.closeAll()
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
