import HummingbirdCore
import Logging
import NIOCore
import NIOHTTP2
import NIOSSL

/// The connections of a server over TLS that speaks HTTP/2 or HTTP/1.1, as each client chooses by ALPN (RFC 7301), and WebSocket over both.
struct SocketHTTP2Channel: HTTPChannelHandler {
    typealias Negotiated = NIONegotiatedHTTPVersion<SocketHTTP1Channel.Value, Connection>

    struct Value: ServerChildChannelValue {
        let channel: any Channel
        let negotiated: EventLoopFuture<Negotiated?>
    }

    struct Connection: Sendable {
        let channel: any Channel
        let streams: NIOHTTP2Handler.AsyncStreamMultiplexer<Stream>
    }

    struct Stream: Sendable {
        let kind: EventLoopFuture<ConnectionKind>
    }

    let responder: HTTPChannelHandler.Responder
    private let server: ServerState
    private let http1: SocketHTTP1Channel
    private let tls: @Sendable () -> NIOSSLContext

    init(tls: @escaping @Sendable () -> NIOSSLContext, responder: @escaping HTTPChannelHandler.Responder, server: ServerState) {
        self.responder = responder
        self.server = server
        self.http1 = SocketHTTP1Channel(responder: responder, server: server)
        self.tls = tls
    }

    // MARK: Setting up

    func setup(channel: any Channel, logger: Logger) -> EventLoopFuture<Value> {
        let eventLoop = channel.eventLoop
        guard server.admit(channel, logger: logger) else {
            channel.close(promise: nil)
            return eventLoop.makeSucceededFuture(Value(channel: channel, negotiated: eventLoop.makeSucceededFuture(nil)))
        }
        do {
            try channel.prepareForSockets(server.configuration)
            guard try server.expectProxyHeader(on: channel, logger: logger) else {
                channel.close(promise: nil)
                return eventLoop.makeSucceededFuture(Value(channel: channel, negotiated: eventLoop.makeSucceededFuture(nil)))
            }
            try channel.pipeline.syncOperations.addHandler(NIOSSLServerHandler(context: tls()))
        } catch {
            return eventLoop.makeFailedFuture(error)
        }
        // Over HTTP/2 the handshake lasts until the first stream; over HTTP/1.1 the first request has a deadline of its own.
        let deadline = NIOLoopBound(server.loop(eventLoop).deadlines.begin(for: channel), eventLoop: eventLoop)
        return channel.configureHTTP2AsyncSecureUpgrade { channel in
            deadline.value.cancel()
            return eventLoop.makeCompletedFuture { try http1.makeValue(channel, logger: logger) }
        } http2ConnectionInitializer: { channel in
            eventLoop.makeCompletedFuture { try makeConnection(channel, deadline: deadline, logger: logger) }
        }.map { negotiated in
            negotiated.whenFailure { _ in deadline.value.cancel() }
            return Value(channel: channel, negotiated: negotiated.map { $0 })
        }
    }

    private func makeConnection(
        _ channel: any Channel, deadline: NIOLoopBound<ConnectionDeadlines.Deadline>, logger: Logger
    ) throws -> Connection {
        let sockets = LiveSockets()
        let streams = try channel.pipeline.syncOperations.configureAsyncHTTP2Pipeline(
            mode: .server,
            connectionManagerConfiguration: .init(
                maxIdleTime: server.configuration.idleTimeout.map { TimeAmount($0) },
                maxAge: nil,
                maxGraceTime: TimeAmount(server.configuration.http2.gracePeriod),
                keepalive: .init(pingInterval: .seconds(60), ackTimeout: .seconds(20))),
            http2HandlerConfiguration: server.configuration.http2.handlerConfiguration
        ) { stream in
            deadline.value.cancel()
            return stream.eventLoop.makeCompletedFuture {
                Stream(
                    kind: try HTTP2StreamHandler.install(in: stream, server: server, sockets: sockets, responder: responder, logger: logger)
                )
            }
        }
        try channel.pipeline.syncOperations.addHandler(HTTP2ConnectionEndHandler(sockets: sockets))
        return Connection(channel: channel, streams: streams)
    }

    // MARK: Running

    func handle(value: Value, logger: Logger) async {
        await server.attend(value.channel) {
            switch try? await value.negotiated.get() {
            case .http1_1(let value): await http1.serve(value, logger: logger)
            case .http2(let connection): await serve(connection, logger: logger)
            case nil: break
            }
        }
    }

    private func serve(_ connection: Connection, logger: Logger) async {
        await withTaskCancellationHandler {
            do {
                try await withThrowingDiscardingTaskGroup { group in
                    for try await stream in connection.streams.inbound {
                        group.addTask { await serve(stream, logger: logger) }
                    }
                }
            } catch {
                logger.debug("HTTP/2 connection failed", metadata: ["error": "\(error)"])
            }
        } onCancel: {
            connection.channel.close(promise: nil)
        }
    }

    private func serve(_ stream: Stream, logger: Logger) async {
        switch try? await stream.kind.get() {
        case .http(let channel):
            await ServedConnection.$current.withValue(
                ServedConnection(channel: channel.channel, origin: server.origin(of: channel.channel))
            ) {
                await handleHTTP(asyncChannel: channel, logger: logger)
            }
        case .socket(let session): await session.run()
        case .unattended, nil: break
        }
    }
}

extension WebSocketServerConfiguration.HTTP2Options {
    fileprivate var handlerConfiguration: NIOHTTP2Handler.Configuration {
        var configuration = NIOHTTP2Handler.Configuration()
        configuration.connection.initialSettings =
            nioDefaultSettings.filter { $0.parameter != .maxConcurrentStreams } + [
                HTTP2Setting(parameter: .maxConcurrentStreams, value: maxConcurrentStreams),
                HTTP2Setting(parameter: .initialWindowSize, value: streamWindow),
                // RFC 8441 §3: clients may send CONNECT with :protocol.
                HTTP2Setting(parameter: .enableConnectProtocol, value: 1),
            ]
        configuration.connection.targetWindowSize = connectionWindow
        // What a peer that does not read can make us keep of answers to its PINGs and SETTINGS (CVE-2019-9512, CVE-2019-9515).
        configuration.connection.maximumBufferedControlFrames = 1_000
        configuration.stream.targetWindowSize = streamWindow
        configuration.stream.outboundBufferSizeHighWatermark = outboundBuffer
        configuration.stream.outboundBufferSizeLowWatermark = outboundBuffer / 2
        return configuration
    }
}

/// The last handler of an HTTP/2 connection: passes the end of things on to the sockets on its streams.
final class HTTP2ConnectionEndHandler: ChannelInboundHandler {
    typealias InboundIn = HTTP2Frame

    private let sockets: LiveSockets

    init(sockets: LiveSockets) {
        self.sockets = sockets
    }

    /// GOAWAY is the connection manager's business, which waits for the streams to end.
    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        switch event {
        case is ChannelShouldQuiesceEvent: sockets.closeAll()
        case ChannelEvent.inputClosed as ChannelEvent: context.close(promise: nil)
        default: break
        }
        context.fireUserInboundEventTriggered(event)
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        // A stream's error is the stream's, and was told to its channel.
        if error is NIOHTTP2Errors.StreamError { return }
        context.close(promise: nil)
    }
}
