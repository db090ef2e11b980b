import Logging
import NIOCore
import PubSub
import RealtimeProtocol

extension Session {
    // MARK: Connect

    func connect(_ request: Wire.ConnectRequest, id: UInt32) {
        keepHeaders(request.headers)
        let event = ConnectEvent(
            client: client, transport: transport.name, claims: nil, data: request.data, name: request.name, version: request.version,
            headers: request.headers, channels: Array(request.subs.keys), context: context,
            address: loop.handlers.connect == nil ? nil : transport.remoteAddress)
        guard request.token.isEmpty, loop.handlers.connect == nil else {
            return decideInTurn {
                self.decide(.connect) { [core = self.core, handlers = self.loop.handlers] () async throws(HubRefusal) in
                    try await Self.grant(event, token: request.token, core, handlers)
                } finally: {
                    self.loop.connects.leave()
                } then: { result in
                    self.origin = (try? result.get())?.origin
                    self.decided(result.map(\.grant), request, id: id)
                }
            } refuse: {
                self.refuseConnect(.disconnect(.tooManyRequests), id: id)
            }
        }
        decided(Self.grantWithoutToken(core), request, id: id)
    }

    private static func grantWithoutToken(_ core: HubCore) -> Result<ConnectGrant, HubRefusal> {
        core.configuration.allowsAnonymousConnections ? .success(ConnectGrant(user: "")) : .failure(.error(.unauthorized))
    }

    private static func grant(
        _ event: ConnectEvent, token: String, _ core: HubCore, _ handlers: HubHandlers
    ) async throws(HubRefusal) -> (grant: ConnectGrant, origin: TokenOrigin?) {
        var event = event
        if !token.isEmpty { event.claims = try await claims(token, core) }
        if let handler = handlers.connect, event.claims == nil || handlers.asksAboutTokens {
            return (try await handler(event), event.claims?.origin)
        }
        guard let claims = event.claims else { return (try grantWithoutToken(core).get(), nil) }
        return (ConnectGrant(claims), claims.origin)
    }

    private static func claims(_ token: String, _ core: HubCore) async throws(HubRefusal) -> ConnectionClaims {
        guard let tokens = core.tokens else { throw .disconnect(.invalidToken) }
        do throws(TokenError) {
            let claims = try await tokens.connection(token)
            if claims.expiresAt > 0, claims.expiresAt <= core.configuration.now() { throw TokenError.expired }
            if core.hasRevoked(claims.origin) { throw TokenError.invalid("it is revoked") }
            return claims
        } catch {
            switch error {
            case .expired: throw .error(.tokenExpired)
            case .invalid(let why):
                core.logger.debug("invalid token", metadata: ["why": "\(why)"])
                throw .disconnect(.invalidToken)
            case .unavailable(let why):
                core.cannotCheckToken(why)
                throw .error(.internal)
            }
        }
    }

    private func decided(_ result: Result<ConnectGrant, HubRefusal>, _ request: Wire.ConnectRequest, id: UInt32) {
        switch result {
        case .failure(let refusal): refuseConnect(refusal, id: id)
        case .success(let grant):
            let subscriptions = subscriptions(of: grant)
            // Before anybody sees the connection: what can't be had would end it again and again.
            if let channel = subscriptions.keys.first(where: { isUnknown($0, subscriptions[$0]) }) {
                core.logger.warning("a server-side subscription to what can't be a channel", metadata: ["channel": "\(channel)"])
                return decided(.failure(.error(.unknownChannel)), request, id: id)
            }
            connected(grant, subscriptions, request, id: id)
        }
    }

    func refuseConnect(_ refusal: HubRefusal, id: UInt32) {
        if case .error(let error) = refusal, transport.isUnidirectional {
            return disconnect(configuration.unidirectionalRefusals[error.number] ?? DisconnectCode(refusalOf: error))
        }
        refuse(refusal, id: id)
        guard isOpen else { return }
        state = .refused
        reader = nil
        flushReplies()
    }

    private func isUnknown(_ channel: String, _ grant: SubscribeGrant?) -> Bool {
        grant?.options == nil && loop.namespaces.options(of: channel) == nil
    }

    private func connected(
        _ grant: ConnectGrant, _ subscriptions: [String: SubscribeGrant], _ request: Wire.ConnectRequest, id: UInt32
    ) {
        // Revoked while it was being looked at.
        if let origin, core.hasRevoked(origin) { return disconnect(.invalidToken) }
        guard subscriptions.count <= configuration.maxChannelsPerClient else { return disconnect(.channelLimit) }
        user = grant.user
        switch enterUser() {
        case .entered: break
        case .full: return disconnect(.connectionLimit)
        case .tooOften: return refuseConnect(.error(.tooManyRequests), id: id)
        }
        capabilities = grant.capabilities
        connectionInfo = grant.info
        meta = grant.meta
        expiresAt = grant.expiresAt
        (clientName, clientVersion) = (Self.shortened(request.name), Self.shortened(request.version))
        connectedAt = configuration.now()
        state = .connected
        core.clients.add(client, user: user, on: loop)
        loop.statistics.connected()
        loop.beginTraces(of: self)
        tellConnected()
        beginPings()
        nextPresence = loop.eventLoop.now + TimeAmount(configuration.presenceInterval)
        let request = resumption.complete(request, subscriptions.keys)
        ServerSideSubscriptions(session: self, grants: subscriptions, request: request) { results in
            self.answerConnect(grant, results, id: id)
        }.begin()
    }

    /// Kept for as long as the connection: nobody needs more of it.
    private static func shortened(_ text: String) -> String { String(decoding: text.utf8.prefix(64), as: UTF8.self) }

    /// Those of the grant, and the user's personal channel.
    private func subscriptions(of grant: ConnectGrant) -> [String: SubscribeGrant] {
        var subscriptions = grant.subscriptions
        if let channel = core.personalChannel(of: grant.user), subscriptions[channel] == nil { subscriptions[channel] = SubscribeGrant() }
        return subscriptions
    }

    private func answerConnect(_ grant: ConnectGrant, _ subscriptions: [String: Wire.SubscribeResult], id: UInt32) {
        var result = Wire.ConnectResult(client: client)
        result.version = configuration.serverVersion
        result.data = grant.data ?? ByteBuffer()
        result.subs = subscriptions
        if expiresAt > 0, !isRefreshedByApplication {
            result.expires = true
            result.ttl = secondsLeft(until: expiresAt)
        }
        if transport.needsPings {
            result.ping = UInt32(clamping: configuration.pingInterval.components.seconds)
            result.pong = result.ping > 0 && !transport.isUnidirectional
        }
        if configuration.sendsServerTime { result.time = configuration.now() }
        if transport.isUnidirectional || transport.isEmulated { result.session = makeSecret() }
        if transport.isEmulated { result.node = core.node }
        if transport.isUnidirectional {
            push("", .connect(Wire.Connect(result)))
        } else {
            reply(id, .connect(result))
        }
    }

    func secondsLeft(until time: Int64) -> UInt32 {
        UInt32(clamping: max(1, (time &- configuration.now() &+ 999) / 1_000))
    }

    // MARK: Refresh

    func refresh(_ request: Wire.RefreshRequest, id: UInt32) {
        guard !request.token.isEmpty else { return disconnect(.badRequest) }
        decide(.refresh) { [core] () async throws(HubRefusal) in
            try await Self.claims(request.token, core)
        } then: {
            self.refreshed($0, id: id)
        }
    }

    private func refreshed(_ result: Result<ConnectionClaims, HubRefusal>, id: UInt32) {
        switch result {
        case .failure(.error(let error)) where error == .tokenExpired: disconnect(.connectionExpired)
        case .failure(let refusal): refuse(refusal, id: id)
        case .success(let claims):
            // A token of somebody else: nobody changes who they are on the way.
            guard claims.user == user else { return disconnect(.invalidToken) }
            expiresAt = claims.expiresAt
            // What a handler gave stays.
            if loop.handlers.connect == nil || !loop.handlers.asksAboutTokens { capabilities = claims.capabilities }
            if let meta = claims.meta { self.meta = meta }
            origin = claims.origin
            if core.hasRevoked(claims.origin) { return disconnect(.invalidToken) }
            if let info = claims.info { connectionInfo = info }
            var refreshed = Wire.RefreshResult(client: client)
            refreshed.version = configuration.serverVersion
            if expiresAt > 0 {
                refreshed.expires = true
                refreshed.ttl = secondsLeft(until: expiresAt)
            }
            reply(id, .refresh(refreshed))
        }
    }
}

extension DisconnectCode {
    /// Unidirectional transports have no errors.
    init(refusalOf error: Wire.ErrorReply.Code) {
        switch error.number {
        case 109, 110: self = .connectionExpired
        case 111: self = .tooManyRequests
        case 103: self = .permissionDenied
        default: self = .serverError
        }
    }
}

/// The subscriptions that come with a connection: all are made before the answer, which has their results.
private final class ServerSideSubscriptions: @unchecked Sendable {
    private let session: Session
    private var left: [(channel: String, grant: SubscribeGrant)]
    private let request: Wire.ConnectRequest
    private var results: [String: Wire.SubscribeResult] = [:]
    private let done: ([String: Wire.SubscribeResult]) -> Void

    private var isRunning = false
    private var isAnswered = true

    init(
        session: Session, grants: [String: SubscribeGrant], request: Wire.ConnectRequest,
        done: @escaping ([String: Wire.SubscribeResult]) -> Void
    ) {
        self.session = session
        self.left = grants.map { ($0.key, $0.value) }
        self.request = request
        self.done = done
    }

    /// Makes those that are left, as far as their answers come at once: a loop, since each call would be one within the other.
    func begin() {
        guard !isRunning else { return }
        isRunning = true
        defer { isRunning = false }
        while let (channel, grant) = left.popLast() {
            isAnswered = false
            session.beginServerSide(channel, grant, request.subs[channel] ?? Wire.SubscribeRequest()) { self.began(channel, $0) }
            guard isAnswered, session.isOpen else { return }
        }
        done(results)
        for channel in results.keys { session.subscriptions[channel].map(session.goLive) }
    }

    private func began(_ channel: String, _ result: Result<Wire.SubscribeResult, HubRefusal>) {
        isAnswered = true
        switch result {
        case .success(let result):
            results[channel] = result
            begin()
        case .failure(.error): session.disconnect(.serverError)
        case .failure(.disconnect(let code)): session.disconnect(code)
        }
    }
}
