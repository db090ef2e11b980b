// Strategy: one attempt is one TCP connection: [CONNECT through a proxy,] [TLS,] the opening handshake, the engine. Its promise is the only truth:
// whoever completes it first wins (the handshake, a timer, a cancelled task), and its failure closes the channel. After success the attempt has
// no part in the connection any more.

import HTTPTypes
import Logging
import NIOCore
import NIOPosix
import NIOSSL
import WebSocketNIO
import WebSocketProtocol

/// What one TCP connection came to.
enum AttemptOutcome: Sendable {
    case connected(WebSocket)
    /// Redirected by a status that the policy wants to follow.
    case redirected(HTTPResponse)
}

/// Everything an attempt needs to know.
struct AttemptPlan: Sendable {
    let url: WebSocketURL
    let handshake: ClientHandshake
    let configuration: WebSocketClientConfiguration
    let tls: NIOSSLContext?
    let followsRedirects: Bool
    let deadline: NIODeadline
    let logger: Logger
    let delegate: (@Sendable () -> any WebSocketDelegate)?
}

/// One attempt, on the event loop of its channel.
final class ConnectionAttempt: HTTPExchangeDelegate {
    private enum Stage {
        case proxy
        case server
    }

    private let plan: AttemptPlan
    private let promise: EventLoopPromise<AttemptOutcome>
    private var stage: Stage
    private var exchange: HTTPExchange?
    private var channel: (any Channel)?
    private var handshakeTimer: Scheduled<Void>?
    private var isOver = false

    private init(plan: AttemptPlan, promise: EventLoopPromise<AttemptOutcome>) {
        self.plan = plan
        self.promise = promise
        self.stage = plan.configuration.proxy == nil ? .server : .proxy
    }

    /// Starts an attempt that completes `promise`, on the promise's event loop.
    static func start(_ plan: AttemptPlan, promise: EventLoopPromise<AttemptOutcome>) {
        let eventLoop = promise.futureResult.eventLoop
        eventLoop.execute { ConnectionAttempt(plan: plan, promise: promise).connect(on: eventLoop) }
    }

    private func connect(on eventLoop: any EventLoop) {
        let bound = NIOLoopBound(self, eventLoop: eventLoop)
        let total = eventLoop.scheduleTask(deadline: self.plan.deadline) { bound.value.timedOut(.total) }
        self.promise.futureResult.whenComplete { result in
            total.cancel()
            bound.value.completed(result)
        }
        guard !self.isOver else { return }
        let host = self.plan.configuration.proxy?.host ?? self.plan.url.host
        let port = self.plan.configuration.proxy?.port ?? self.plan.url.port
        // A name may have several addresses that are tried at once, so handlers are added to the channel that has won, not to all that try. The
        // future is completed in the same turn of the loop in which that channel was connected, before anything can be read from it.
        let bootstrap = ClientBootstrap(group: eventLoop)
            .connectTimeout(TimeAmount(self.plan.configuration.connectTimeout))
            // Without it NIO drops what the peer sent before it closed its side.
            .channelOption(.allowRemoteHalfClosure, value: true)
        // An address needs no resolver, whose thread would be two changes of threads away.
        let address = try? SocketAddress(ipAddress: host, port: port)
        (address.map { bootstrap.connect(to: $0) } ?? bootstrap.connect(host: host, port: port)).whenComplete { result in
            switch result {
            case .success(let channel): bound.value.connected(channel)
            case .failure(let error): bound.value.failed(Self.connectError(error))
            }
        }
    }

    private func connected(_ channel: any Channel) {
        guard !self.isOver else { return channel.close(promise: nil) }
        self.channel = channel
        let bound = NIOLoopBound(self, eventLoop: channel.eventLoop)
        self.handshakeTimer = channel.eventLoop.scheduleTask(in: TimeAmount(self.plan.configuration.handshakeTimeout)) {
            bound.value.timedOut(.handshake)
        }
        do {
            switch self.stage {
            case .proxy: try self.startProxyStage(of: channel)
            case .server: try self.startServerStage(at: .first, of: channel)
            }
        } catch {
            self.failed(error)
        }
    }

    private func startProxyStage(of channel: any Channel) throws {
        let exchange = HTTPExchange(request: self.connectRequest(), delegate: self)
        self.exchange = exchange
        try exchange.install(at: .last, of: channel)
        exchange.start()
    }

    private func startServerStage(at position: ChannelPipeline.SynchronousOperations.Position, of channel: any Channel) throws {
        self.stage = .server
        let exchange = HTTPExchange(request: self.plan.handshake.request, delegate: self)
        self.exchange = exchange
        try exchange.install(at: position, of: channel)
        if let tls = self.plan.tls { try self.addTLS(tls, at: position, of: channel) }
        exchange.start()
    }

    /// The exchange is there already; what is added at the same position goes before it.
    private func addTLS(
        _ context: NIOSSLContext, at position: ChannelPipeline.SynchronousOperations.Position, of channel: any Channel
    ) throws {
        let name = self.plan.configuration.serverHostname ?? (self.plan.url.hostIsAddress ? nil : self.plan.url.host)
        let handler = try NIOSSLClientHandler(context: context, serverHostname: name)
        try channel.pipeline.syncOperations.addHandler(handler, position: position)
    }

    /// RFC 9110 §9.3.6.
    private func connectRequest() -> HTTPRequest {
        let target = self.plan.url.connectTarget
        var request = HTTPRequest(method: .connect, scheme: nil, authority: target, path: target)
        request.headerFields[.proxyAuthorization] = self.plan.configuration.proxy?.authorization
        return request
    }

    // MARK: The exchange

    func isSwitch(_ response: HTTPResponse) -> Bool {
        switch self.stage {
        case .proxy: response.status.kind == .successful
        case .server: response.status == .switchingProtocols
        }
    }

    func switchProtocol(
        after response: HTTPResponse, at position: ChannelPipeline.SynchronousOperations.Position, of channel: any Channel
    ) throws {
        guard !self.isOver else { return }
        switch self.stage {
        case .proxy: try self.startServerStage(at: position, of: channel)
        case .server: try self.open(response, at: position, of: channel)
        }
    }

    private func open(
        _ response: HTTPResponse, at position: ChannelPipeline.SynchronousOperations.Position, of channel: any Channel
    ) throws {
        let negotiated = try self.negotiate(response)
        let connection = try WebSocketConnection.install(
            in: channel,
            position: position,
            role: .client,
            configuration: self.plan.configuration.webSocket,
            handshake: negotiated,
            transport: self.plan.tls == nil ? .plainSocket : .tls,
            logger: self.plan.logger,
            delegate: self.plan.delegate?()
        )
        self.promise.succeed(.connected(connection.webSocket))
    }

    private func negotiate(_ response: HTTPResponse) throws(WebSocketClientError) -> NegotiatedHandshake {
        do {
            let accepted = try self.plan.handshake.validate(response)
            return NegotiatedHandshake(
                subprotocol: accepted.subprotocol,
                deflate: try CompressionOffer.validate(accepted.extensions, configuration: self.plan.configuration.webSocket)
            )
        } catch {
            throw .handshake(error)
        }
    }

    func takesHead(of response: HTTPResponse) -> Bool {
        guard self.stage == .server, self.plan.followsRedirects, WebSocketURL.isRedirect(response.status) else { return false }
        self.promise.succeed(.redirected(response))
        return true
    }

    func refused(_ refusal: WebSocketClientError.Refusal) {
        switch self.stage {
        case .proxy: self.failed(WebSocketClientError.proxyRefused(refusal))
        case .server: self.failed(WebSocketClientError.refused(refusal))
        }
    }

    func failed(_ error: any Error) {
        self.promise.fail(error as? WebSocketClientError ?? .connectionFailed(error))
    }

    // MARK: The end

    private func timedOut(_ phase: WebSocketClientError.Phase) {
        guard !self.isOver, self.exchange?.giveUp() != true else { return }
        self.failed(WebSocketClientError.timeout(phase))
    }

    private func completed(_ result: Result<AttemptOutcome, any Error>) {
        self.isOver = true
        self.handshakeTimer?.cancel()
        self.exchange = nil
        if case .success(.connected) = result { return }
        self.channel?.close(promise: nil)
    }

    private static func connectError(_ error: any Error) -> WebSocketClientError {
        if case .connectTimeout = error as? ChannelError { return .timeout(.connect) }
        return .connectionFailed(error)
    }
}
