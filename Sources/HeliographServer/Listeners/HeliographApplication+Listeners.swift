import Hummingbird
import HummingbirdCore
import Logging
import NIOCore
import NIOPosix
import RealtimeHub
import ServiceLifecycle
import WebSocketHummingbird

// The listeners: the public one has what clients and visitors use; what is the operator's (API, admin pages, metrics, health) is on the internal one, or on the public
// one if there is no other. Docs/operations.md says what is where, and a test asks for each route.

extension HeliographApplication {
    enum ListenerName: Sendable { case `public`, `internal` }

    /// In the order in which they begin; they end the other way round.
    var listeners: [any Service] {
        let own = application
        var listeners: [any Service] = [
            Listener(place: "\(configuration.host):\(configuration.port)", host: configuration.host, run: own.run)
        ]
        if let internalListener = configuration.internalListener {
            let application = internalApplication(internalListener)
            let place = "\(internalListener.host):\(internalListener.port)"
            listeners.insert(Listener(place: place, host: internalListener.host, run: application.run), at: 0)
        }
        return listeners
    }

    private func internalApplication(_ listener: ServeConfiguration.InternalListener) -> some ApplicationProtocol {
        let router = emptyRouter()
        addOwn(to: router, .internal)
        return Application(
            router: router,
            server: server(internalCertificates, .internal),
            configuration: ApplicationConfiguration(
                address: .hostname(listener.host, port: listener.port), serverName: Self.serverName, backlog: 256),
            onServerRunning: { [listening] in await listening.began($0, .internal) },
            eventLoopGroupProvider: .shared(eventLoopGroup),
            logger: logger)
    }

    func emptyRouter() -> Router<BasicRequestContext> {
        let router = Router(context: BasicRequestContext.self)
        if logger.logLevel <= .debug { router.add(middleware: LogRequestsMiddleware(.debug)) }
        return router
    }

    /// Adds what is the operator's, as far as it belongs on this listener.
    func addOwn(to router: Router<BasicRequestContext>, _ name: ListenerName) {
        let hasInternal = configuration.internalListener != nil
        let isHere = name == .internal || !hasInternal
        let place: ServeConfiguration.Place = name == .internal ? .onInternal : .onPublic
        if configuration.healthPlace == place { HealthRoutes(board: board, readiness: readiness).add(to: router) }
        if configuration.metricsPlace == place {
            MetricsRoute(metrics: metrics, hub: hub, loops: EventLoopProbe(eventLoopGroup), readiness: readiness).add(to: router)
        }
        if let admin, isHere { AdminRoutes(admin: admin, views: views).addAdminRoutes(to: router) }
        api(name)?.add(to: router)
    }

    /// The API of a listener, if it has one.
    private func api(_ name: ListenerName) -> ServerAPI? {
        name == .internal || configuration.internalListener == nil || api?.configuration.isExternal == true ? api : nil
    }

    static let serverName = "heliograph"

    func server(_ certificates: ServerCertificates?, _ name: ListenerName) -> HTTPServerBuilder {
        var sockets = WebSocketServerConfiguration()
        // The operator's tools come straight from where they are, and are not kept out by a crowd.
        if name == .public { sockets.protect(configuration.protection, listenerSettings) }
        // All routes are ours, and none of them blocks.
        sockets.dangerouslyRunsHandlersOnEventLoop = true
        // Who looks for each request in the log finds it there.
        if logger.logLevel > .debug { sockets.directResponder = api(name).flatMap(DirectAPI.init) }
        guard let certificates else { return .webSockets(configuration: sockets) }
        return .webSocketsHTTP2(configuration: sockets) { certificates.context }
    }
}

/// A listener as a service of the application's.
private struct Listener: Service {
    let place: String
    let host: String
    let run: @Sendable () async throws -> Void

    func run() async throws {
        do { try await run() } catch { throw explained(error) }
    }

    private func explained(_ error: any Error) -> any Error {
        switch error {
        case let error as IOError where error.errnoCode == EADDRINUSE:
            return ServeError("\(place) is in use by another program. Choose another port with --port.")
        case let error as IOError where error.errnoCode == EACCES:
            return ServeError("This user may not listen on \(place). Ports below 1024 are often reserved; choose another with --port.")
        case let error as IOError where error.errnoCode == EADDRNOTAVAIL:
            return ServeError("This machine has no address \(host). Choose another with --host.")
        case is SocketAddressError, is SocketAddressError.UnknownHost:
            return ServeError("The address \(host) is not known. Choose another with --host.")
        default:
            return error
        }
    }
}
