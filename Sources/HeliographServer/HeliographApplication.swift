import Demos
import HTTPTypes
import Hummingbird
import HummingbirdCore
import HummingbirdTLS
import LiveViews
public import Logging
public import NIOCore
public import NIOPosix
import RealtimeHub
import RealtimeHummingbird
public import ServiceLifecycle
import WebSocketHummingbird
import WebSocketProtocol

/// The server that `heliograph serve` runs: the pages, their sockets, and the routes for measuring, in one Hummingbird router.
public struct HeliographApplication: Service {
    let configuration: ServeConfiguration
    private let logger: Logger
    let hub: Hub
    let tokens: ReplaceableTokens?
    let apiAccess: Replaceable<APIAccess>?
    let certificates: ServerCertificates?
    /// What is in force, by the settings' places.
    let current: CurrentSettings
    private let demos: DemoHub?
    private let views: LiveRuntime
    let admin: Admin?
    let board = StatusBoard()
    let watch: ServerWatch
    private let server: HTTPServerBuilder
    private let eventLoopGroup: any EventLoopGroup
    private let onServing: @Sendable (SocketAddress) async -> Void

    /// - Parameters:
    ///   - configuration: where to listen, and what to serve.
    ///   - eventLoopGroup: what drives the connections; the caller's to shut down. Default: the process's own.
    ///   - metrics: where the start page's figures come from: the factory that `MetricsSystem` was given.
    ///   - logger: for all that happens.
    ///   - onServing: called with the address when the server listens.
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
        self.configuration = configuration
        self.logger = logger
        try configuration.realtime?.check(host: configuration.host)
        let demoHub = DemoHub(
            configuration.hasDemo ? demos ?? Self.demos(eventLoopGroup, metrics) : [], logger: logger)
        self.demos = configuration.hasDemo ? demoHub : nil
        let tokens = configuration.realtime.map { ReplaceableTokens($0.tokens) }
        if let realtime = configuration.realtime, let tokens {
            self.hub = Hub(realtime, tokens: tokens, logger: logger)
        } else {
            self.hub = demoHub.hub
        }
        self.tokens = tokens
        self.apiAccess = configuration.realtime?.api.map { Replaceable($0.access) }
        self.certificates = try configuration.tls.map { (files) throws(ServeError) in try ServerCertificates(files) }
        self.current = CurrentSettings(configuration.given)
        self.views = LiveRuntime(seals: try Self.seals(configuration), hub: demoHub.hub, logger: logger)
        let hub = self.hub
        self.admin = try configuration.adminPassword.map { password throws(ServeError) in
            try Admin(password: password, secret: configuration.liveSecret, hub: hub, logger: logger)
        }
        self.watch = ServerWatch(
            configuration.protection, eventLoopGroup, hubs: hub === demoHub.hub ? [hub] : [hub, demoHub.hub], logger: logger)
        self.server = try Self.server(configuration, certificates)
        self.eventLoopGroup = eventLoopGroup
        self.onServing = onServing
    }

    /// Serves until a graceful shutdown is asked for and the last connection is closed.
    ///
    /// - Throws: ``ServeError`` if the address cannot be had.
    public func run() async throws {
        let board = board, views = views
        do {
            try await withGracefulShutdownHandler {
                // With one loop nothing is gained by a second thread, and each change of threads costs more than a request.
                let isSingle = eventLoopGroup.makeIterator().reduce(0) { count, _ in count + 1 } == 1
                try await withTaskExecutorPreference(isSingle ? EventLoopTaskExecutor(eventLoopGroup.next()) : nil) {
                    try await application.run()
                }
            } onGracefulShutdown: {
                board.startDraining()
                views.drain()
            }
        } catch {
            throw explained(error)
        }
    }

    var application: some ApplicationProtocol {
        Application(
            router: router(),
            server: server,
            configuration: ApplicationConfiguration(
                address: .hostname(configuration.host, port: configuration.port), serverName: "heliograph", backlog: 1_024),
            services: services,
            onServerRunning: { [onServing] channel in
                if let address = channel.localAddress { await onServing(address) }
            },
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

    private var services: [any Service] {
        var services: [any Service] = [HubService(hub), watch]
        guard let demos else { return services }
        if demos.hub !== hub { services.append(HubService(demos.hub)) }
        services.append(demos)
        return services
    }

    private func router() -> Router<BasicRequestContext> {
        let router = Router(context: BasicRequestContext.self)
        if logger.logLevel <= .debug { router.add(middleware: LogRequestsMiddleware(.debug)) }
        router.get("health") { [board] _, _ in Health(board).response }
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
            router.realtime(under: "connection", hub: hub, options: configuration.realtime?.routes ?? RealtimeOptions())
            if !configuration.hasDemo { PageRoutes.addClient(to: router) }
        }
        if let admin { AdminRoutes(admin: admin, views: views).addAdminRoutes(to: router) }
        if let api = configuration.realtime?.api, let apiAccess {
            ServerAPI(hub: hub, configuration: api, access: apiAccess).add(to: router)
        }
        return router
    }

    private static func seals(_ configuration: ServeConfiguration) throws -> StateSeals {
        guard let text = configuration.liveSecret else { return StateSeals() }
        guard let secret = StateSeals.Secret(text) else { throw ServeError("The secret of live views needs at least 16 bytes.") }
        return StateSeals(secret: secret)
    }

    private static func server(_ configuration: ServeConfiguration, _ certificates: ServerCertificates?) throws -> HTTPServerBuilder {
        var sockets = WebSocketServerConfiguration()
        // All routes are ours, and none of them blocks.
        sockets.dangerouslyRunsHandlersOnEventLoop = true
        sockets.protect(configuration.protection)
        guard let files = configuration.tls, let certificates else { return .webSockets(configuration: sockets) }
        return try .webSocketsHTTP2(tlsConfiguration: certificates.configuration(files), configuration: sockets)
    }

    private func explained(_ error: any Error) -> any Error {
        let place = "\(configuration.host):\(configuration.port)"
        switch error {
        case let error as IOError where error.errnoCode == EADDRINUSE:
            return ServeError("\(place) is in use by another program. Choose another port with --port.")
        case let error as IOError where error.errnoCode == EACCES:
            return ServeError("This user may not listen on \(place). Ports below 1024 are often reserved; choose another with --port.")
        case let error as IOError where error.errnoCode == EADDRNOTAVAIL:
            return ServeError("This machine has no address \(configuration.host). Choose another with --host.")
        case is SocketAddressError, is SocketAddressError.UnknownHost:
            return ServeError("The address \(configuration.host) is not known. Choose another with --host.")
        default:
            return error
        }
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

/// The answer to whoever decides where requests go.
private struct Health {
    let response: Response

    init(_ board: StatusBoard) {
        let status = board.isDraining ? "draining" : "ok"
        response = Response(
            status: board.isDraining ? .serviceUnavailable : .ok,
            headers: [.contentType: "application/json; charset=utf-8", .cacheControl: "no-store"],
            body: ResponseBody(byteBuffer: ByteBuffer(string: "{\"status\":\"\(status)\",\"uptime\":\(board.uptime)}")))
    }
}
