public import Logging
import NIOCore
public import RealtimeHub
import RealtimeProtocol
public import Tracing

/// Asks backends over HTTP what an application would decide by ``/RealtimeHub/HubHandlers``: who may connect, subscribe, publish; what a call answers; whether
/// a connection or a subscription goes on.
///
/// ```swift
/// var configuration = BackendHooks.Configuration()
/// configuration.connect = HookEndpoint(url: "http://127.0.0.1:3000/hooks/connect")
/// var handlers = HubHandlers()
/// try BackendHooks(configuration, logger: logger).add(to: &handlers)
/// let hub = Hub(namespaces: namespaces, handlers: handlers)
/// ```
///
/// Whatever goes wrong at a backend, a client is told so within the endpoint's timeout: by error 100, which is temporary. Connections and subscriptions whose
/// time is over go on for about a minute then, and the backend is asked again.
public struct BackendHooks: Sendable {
    /// Which backends are asked.
    public struct Configuration: Hashable, Sendable {
        /// About clients that connect without a token; nil: nobody.
        public var connect: HookEndpoint?
        /// About connections whose time is over; nil: clients have to refresh them.
        public var refresh: HookEndpoint?
        /// By the names in `ChannelSettings.asks`.
        public var subscribe: [String: HookEndpoint] = [:]
        /// By the names in `ChannelSettings.asks`.
        public var publish: [String: HookEndpoint] = [:]
        /// By the names in `ChannelSettings.asks`.
        public var subscriptionRefresh: [String: HookEndpoint] = [:]
        /// By what is before the first colon of the method; "" for methods without. Default: there are no methods.
        public var calls: [String: HookEndpoint] = [:]
        /// Whether a client is let in, as nobody, about whom the connect hook has nothing to say (`{}`). Default false: error 101.
        public var allowsAnonymousConnections = false

        public init() {}

        /// Fields of clients' requests that must be kept for these hooks.
        public var requestFields: Set<String> { Set(endpoints.flatMap(\.requestFields)) }
        /// What clients put into the connect command in place of fields and must be kept.
        public var emulatedFields: Set<String> { Set(endpoints.flatMap(\.emulatedFields)) }

        private var endpoints: [HookEndpoint] {
            [connect, refresh].compactMap { $0 } + subscribe.values + publish.values + subscriptionRefresh.values + calls.values
        }
    }

    private let connect: HookCaller?
    private let refresh: HookCaller?
    private let subscribe: [String: HookCaller]
    private let publish: [String: HookCaller]
    private let subscriptionRefresh: [String: HookCaller]
    private let calls: [String: HookCaller]
    private let configuration: Configuration
    private let logger: Logger

    /// - Parameters:
    ///   - configuration: which backends are asked.
    ///   - old: what was used before, if the configuration is another one now: endpoints that are the same go on with what is known of them, such as that
    ///     they are left alone for a while. Default nil.
    ///   - logger: for what goes wrong.
    ///   - tracer: gets a span of each question. Default: the process's, if it has one by now.
    /// - Throws: what is wrong with an endpoint's certificates.
    public init(_ configuration: Configuration, inPlaceOf old: BackendHooks? = nil, logger: Logger, tracer: (any Tracer)? = nil) throws {
        let tracing = HookTracing(tracer)
        func caller(_ hook: Hook, _ endpoint: HookEndpoint, _ known: HookCaller?) throws -> HookCaller {
            if let known, known.endpoint == endpoint { return known }
            return try HookCaller(hook, endpoint, logger: logger, tracing: tracing)
        }
        func callers(_ hook: Hook, _ endpoints: [String: HookEndpoint], _ known: [String: HookCaller]?) throws -> [String: HookCaller] {
            var callers: [String: HookCaller] = [:]
            for (name, endpoint) in endpoints { callers[name] = try caller(hook, endpoint, known?[name]) }
            return callers
        }
        connect = try configuration.connect.map { try caller(.connect, $0, old?.connect) }
        refresh = try configuration.refresh.map { try caller(.refresh, $0, old?.refresh) }
        subscribe = try callers(.subscribe, configuration.subscribe, old?.subscribe)
        publish = try callers(.publish, configuration.publish, old?.publish)
        subscriptionRefresh = try callers(.subscriptionRefresh, configuration.subscriptionRefresh, old?.subscriptionRefresh)
        calls = try callers(.call, configuration.calls, old?.calls)
        self.configuration = configuration
        self.logger = logger
    }

    /// Sets the handlers that there are hooks for, and leaves the others as they are.
    public func add(to handlers: inout HubHandlers) {
        handlers.keptRequestFields.formUnion(configuration.requestFields)
        handlers.keptHeaders.formUnion(configuration.emulatedFields)
        if let connect {
            handlers.asksAboutTokens = false
            handlers.connect = { event async throws(HubRefusal) in try await grant(event, connect) }
        }
        if let refresh {
            handlers.refresh = { event in
                await Self.decide(HookRequest(event, isBinary: refresh.endpoint.isBinary), event.context, refresh)
            }
        }
        if !subscribe.isEmpty { handlers.subscribe = { event async throws(HubRefusal) in try await grant(event) } }
        if !publish.isEmpty { handlers.publish = { event async throws(HubRefusal) in try await grant(event) } }
        if !subscriptionRefresh.isEmpty { handlers.refreshSubscription = { event in await decide(event) } }
        if !calls.isEmpty { handlers.call = { event async throws(HubRefusal) in try await answer(event) } }
    }

    // MARK: Who may

    private func grant(_ event: ConnectEvent, _ caller: HookCaller) async throws(HubRefusal) -> ConnectGrant {
        let request = HookRequest(event, isBinary: caller.endpoint.isBinary)
        if let result: ConnectResult = try await Self.ask(request, event.context, caller) { return result.grant }
        guard configuration.allowsAnonymousConnections else { throw .error(.unauthorized) }
        return ConnectGrant(user: "")
    }

    /// What has a token, or is for certain users by its name, says already who may.
    private func grant(_ event: SubscribeEvent) async throws(HubRefusal) -> SubscribeGrant {
        switch event.decision {
        case .allowed(.token), .allowed(.namedUser): return SubscribeGrant()
        case .denied(.needsToken), .denied(.notNamed): throw .error(.permissionDenied)
        default: break
        }
        guard let caller = subscribe[event.handler] else { throw missing(event.handler) }
        let request = HookRequest(event, isBinary: caller.endpoint.isBinary)
        let result: SubscribeResult? = try await Self.ask(request, event.context, caller)
        return result?.grant ?? SubscribeGrant()
    }

    private func grant(_ event: PublishEvent) async throws(HubRefusal) -> PublishGrant {
        guard let caller = publish[event.handler] else { throw missing(event.handler) }
        let request = HookRequest(event, isBinary: caller.endpoint.isBinary)
        let result: PublishResult? = try await Self.ask(request, event.context, caller)
        return result?.grant ?? PublishGrant()
    }

    private func answer(_ event: CallEvent) async throws(HubRefusal) -> ByteBuffer {
        let parts = event.method.split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false)
        let namespace = parts.count > 1 ? String(parts[0]) : ""
        guard let caller = calls[namespace] else { throw .error(.methodNotFound) }
        let result: CallResult? = try await Self.ask(HookRequest(event, isBinary: caller.endpoint.isBinary), event.context, caller)
        return result?.data ?? ByteBuffer()
    }

    /// The channels' options have a name that no endpoint has.
    private func missing(_ name: String) -> HubRefusal {
        logger.error("channels ask a backend that is not known", metadata: ["endpoint": "\(name)"])
        return .error(.internal)
    }

    // MARK: What goes on

    private func decide(_ event: SubscriptionRefreshEvent) async -> RefreshDecision {
        // There was one when the subscription began. It ends, and the client subscribes anew as it is decided now.
        guard let caller = subscriptionRefresh[event.handler] else { return .expired }
        return await Self.decide(HookRequest(event, isBinary: caller.endpoint.isBinary), event.context, caller)
    }

    private static func decide(_ request: HookRequest, _ context: ClientContext, _ caller: HookCaller) async -> RefreshDecision {
        do throws(HookFailure) {
            let answer: HookAnswer<RefreshResult> = try await caller.ask(request, context)
            guard case .result(let result) = answer else { return .expired }
            return result.decision
        } catch {
            return .prolonged(respite)
        }
    }

    /// A backend that fails for a while ends no connection. About a minute, so that not all ask at once.
    private static var respite: RefreshGrant {
        RefreshGrant(expiresAt: systemMilliseconds() + Int64.random(in: 45_000...75_000))
    }

    // MARK: Asking

    private static func ask<Result: HookResult>(
        _ request: HookRequest, _ context: ClientContext, _ caller: HookCaller
    ) async throws(HubRefusal) -> Result? {
        let answer: HookAnswer<Result>
        do throws(HookFailure) { answer = try await caller.ask(request, context) } catch {
            if case .status(let code) = error, let refusal = caller.endpoint.refusals[code] { throw refusal }
            throw .error(.internal)
        }
        switch answer {
        case .result(let result): return result
        case .nothing: return nil
        case .refusal(let refusal): throw refusal
        }
    }
}
