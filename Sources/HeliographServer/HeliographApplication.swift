import Demos
import Hummingbird
import HummingbirdCore
import LiveViews
public import Logging
public import NIOCore
public import NIOPosix
import RealtimeHub
import RealtimeHummingbird
public import ServiceLifecycle
import WebSocketHummingbird

/// The server that `heliograph serve` runs: the pages, their sockets, and the routes for measuring, in one Hummingbird router.
public struct HeliographApplication: Service {
    let configuration: ServeConfiguration
    let logger: Logger
    let metrics: ServerMetrics
    let hub: Hub
    let hooks: ServerHooks
    let tokens: ReplaceableTokens?
    let apiAccess: Replaceable<APIAccess>?
    /// Of all listeners that have it.
    let api: ServerAPI?
    let certificates: ServerCertificates?
    let internalCertificates: ServerCertificates?
    /// What is in force, by the settings' places.
    let current: CurrentSettings
    private let demos: DemoHub?
    let views: LiveRuntime
    let admin: Admin?
    let board = StatusBoard()
    /// Why the server is not ready for new connections: whoever knows of a reason adds a check.
    public let readiness = ReadinessChecks()
    let watch: ServerWatch
    /// Of the public listener.
    let listenerSettings: AdjustableServerSettings
    let eventLoopGroup: any EventLoopGroup
    let listening: Listening

    /// - Parameters:
    ///   - configuration: where to listen, and what to serve.
    ///   - eventLoopGroup: what drives the connections; the caller's to shut down. Default: the process's own.
    ///   - metrics: what `/metrics` and the pages show: the factory that `MetricsSystem` was given.
    ///   - logger: for all that happens.
    ///   - onServing: called with the public listener's address when the server listens, everywhere.
    /// - Throws: ``ServeError`` if the certificate or the key cannot be used.
    public init(
        configuration: ServeConfiguration, eventLoopGroup: any EventLoopGroup = .singletonMultiThreadedEventLoopGroup,
        metrics: ServerMetrics = ServerMetrics(), logger: Logger,
        onServing: @escaping @Sendable (SocketAddress) async -> Void = { _ in }
    ) throws {
        try self.init(
            configuration: configuration, eventLoopGroup: eventLoopGroup, metrics: metrics, demos: nil, logger: logger,
            onServing: onServing)
    }

    init(
        configuration: ServeConfiguration, eventLoopGroup: any EventLoopGroup, metrics: ServerMetrics, demos: [any Demo]?, logger: Logger,
        onServing: @escaping @Sendable (SocketAddress) async -> Void = { _ in }
    ) throws {
        var configuration = configuration
        configuration.spreadShutdown()
        self.configuration = configuration
        self.logger = logger
        self.metrics = metrics
        try configuration.realtime?.check(host: configuration.host)
        let demoHub = DemoHub(
            configuration.hasDemo ? demos ?? Self.demos(eventLoopGroup, metrics) : [], logger: logger)
        self.demos = configuration.hasDemo ? demoHub : nil
        self.hooks = try ServerHooks(configuration.realtime, logger: logger)
        let tokens = configuration.realtime.map { ReplaceableTokens($0.tokens) }
        if let realtime = configuration.realtime, let tokens {
            self.hub = Hub(realtime, tokens: tokens, handlers: hooks.handlers, logger: logger)
        } else {
            self.hub = demoHub.hub
        }
        self.tokens = tokens
        self.apiAccess = configuration.realtime?.api.map { Replaceable($0.access) }
        self.certificates = try configuration.tls.map { (files) throws(ServeError) in try ServerCertificates(files) }
        self.internalCertificates = try configuration.internalListener?.tls.map { (files) throws(ServeError) in
            try ServerCertificates(files)
        }
        self.current = CurrentSettings(configuration.given)
        self.api = configuration.realtime?.api.flatMap { [hub, apiAccess] api in
            apiAccess.map { ServerAPI(hub: hub, configuration: api, access: $0) }
        }
        self.views = LiveRuntime(seals: try Self.seals(configuration), hub: demoHub.hub, logger: logger)
        let hub = self.hub
        self.admin = try configuration.adminPassword.map { password throws(ServeError) in
            try Admin(password: password, secret: configuration.liveSecret, hub: hub, logger: logger)
        }
        self.watch = ServerWatch(
            configuration.protection, eventLoopGroup, hubs: hub === demoHub.hub ? [hub] : [hub, demoHub.hub], logger: logger)
        self.listenerSettings = AdjustableServerSettings(
            limits: configuration.protection.connections, trustedProxies: configuration.protection.proxies)
        self.eventLoopGroup = eventLoopGroup
        self.listening = Listening(listeners: configuration.internalListener == nil ? 1 : 2, then: onServing)
        readiness.add("machine") { [watch] in watch.problem }
        readiness.add("draining") { [board] in board.isDraining ? "the server is going down" : nil }
    }

    /// Serves until a graceful shutdown is asked for and the last connection is closed.
    ///
    /// A graceful shutdown goes backwards through the services: first ``Drain`` has nobody sent here any more; then the public listener closes, and its connections in
    /// turn; then hubs, and what they report to; at last the internal listener, so that whoever watches sees all of it.
    ///
    /// - Throws: ``ServeError`` if the address cannot be had.
    public func run() async throws {
        // With one loop nothing is gained by a second thread, and each change of threads costs more than a request.
        let isSingle = eventLoopGroup.makeIterator().reduce(0) { count, _ in count + 1 } == 1
        try await withTaskExecutorPreference(isSingle ? EventLoopTaskExecutor(eventLoopGroup.next()) : nil) {
            let services = ServiceGroup(configuration: ServiceGroupConfiguration(services: listeners + [drain], logger: logger))
            try await services.run()
        }
    }

    /// The public listener, and what goes down after it.
    var application: some ApplicationProtocol {
        Application(
            router: router(),
            server: server(certificates, .public),
            configuration: ApplicationConfiguration(
                address: .hostname(configuration.host, port: configuration.port), serverName: Self.serverName, backlog: 1_024),
            services: services,
            onServerRunning: { [listening] in await listening.began($0, .public) },
            eventLoopGroupProvider: .shared(eventLoopGroup),
            logger: logger)
    }

    /// What is shown.
    private static func demos(_ eventLoopGroup: any EventLoopGroup, _ metrics: ServerMetrics) -> [any Demo] {
        [
            ChatDemo(),
            MarketDemo(),
            DashboardDemo(eventLoopGroup: eventLoopGroup) { metrics.counts },
            GameDemo(),
            LiveDemos(),
        ]
    }

    /// They end the other way round: what is told of the ends of a hub's connections, such as a queue of hooks, goes before the hub.
    private var services: [any Service] {
        // The first is the last to end.
        var services: [any Service] = [hooks.service(hub), HubService(hub), watch].compactMap { $0 }
        guard let demos else { return services }
        if demos.hub !== hub { services.append(HubService(demos.hub)) }
        services.append(demos)
        return services
    }

    private func router() -> Router<BasicRequestContext> {
        let router = emptyRouter()
        if configuration.hasDemo {
            PageRoutes.add(to: router)
            DemoRoutes.add(to: router)
            MeasuringRoutes.add(to: router)
        }
        // The demos are open to anybody, so they never share a hub with what a configuration describes.
        if let demos {
            router.realtime(under: "demo/connection", hub: demos.hub)
            for case let game as GameDemo in demos.demos { DemoRoutes.add(game, to: router) }
            for case let live as LiveDemos in demos.demos { LiveDemoRoutes(views: views, demos: live).add(to: router) }
        }
        if configuration.hasDemo || configuration.realtime != nil {
            addTransports(to: router)
            if !configuration.hasDemo { PageRoutes.addClient(to: router) }
        }
        addOwn(to: router, .public)
        return router
    }

    /// The ways for clients to reach the hub, each by its own rules.
    private func addTransports(to router: Router<BasicRequestContext>) {
        guard let realtime = configuration.realtime else {
            router.realtime(under: "connection", hub: hub)
            return
        }
        let transports = realtime.routes.transports
        for transport in RealtimeTransport.allCases where transports.contains(transport) {
            router.realtime(
                transport, at: RouterPath("connection/\(transport.rawValue)"), hub: hub, options: realtime.options(of: transport))
        }
        if transports.contains(where: \.isEmulated) { router.realtimeEmulation(hub: hub, options: realtime.routes) }
    }

    private static func seals(_ configuration: ServeConfiguration) throws -> StateSeals {
        guard let text = configuration.liveSecret else { return StateSeals() }
        guard let secret = StateSeals.Secret(text) else { throw ServeError("The secret of live views needs at least 16 bytes.") }
        return StateSeals(secret: secret)
    }
}

extension HeliographApplication: CustomStringConvertible {
    /// For the log.
    public var description: String { "Heliograph" }
}

extension ServerMetrics {
    /// What the dashboard shows.
    var counts: DashboardDemo.Counts {
        var counts = DashboardDemo.Counts()
        counts.connections = openSockets
        counts.messagesReceived = messagesReceived
        counts.messagesSent = messagesSent
        counts.bytesReceived = bytesReceived
        counts.bytesSent = bytesSent
        return counts
    }
}
