// Where everything comes together, in the order in which a request meets it.

import Hummingbird
import Logging
import NIOCore
import WebSocketHummingbird

/// What may differ between a test, your machine and production.
public struct AppOptions: Sendable {
    public var host = "127.0.0.1"
    public var port = 8080
    public var logLevel: Logger.Level = .info
    /// The longest that a request may take; a slower one is answered with 503.
    public var requestTimeout: Duration = .seconds(10)
    /// Tokens and whose they are. A real application asks its database.
    public var tokens: [String: User] = ["ada-token": User(name: "ada", isAdmin: true), "bob-token": User(name: "bob", isAdmin: false)]

    public init() {}
}

/// - Parameter onServerRunning: called when the server listens; a test learns its port from it.
public func buildApplication(
    _ options: AppOptions = AppOptions(),
    onServerRunning: @escaping @Sendable (any Channel) async -> Void = { _ in }
) -> some ApplicationProtocol {
    var logger = Logger(label: "web-app")
    logger.logLevel = options.logLevel
    let clock = ClockService()
    let router = buildRouter(options, clock: clock)
    return Application(
        // Timeouts.swift: around the router, so that it covers middleware too.
        responder: TimeoutResponder(router.buildResponder(), limit: options.requestTimeout),
        server: .webSockets(),
        configuration: .init(address: .hostname(options.host, port: options.port), serverName: "web-app"),
        services: [clock],
        onServerRunning: onServerRunning,
        logger: logger
    )
}

func buildRouter(_ options: AppOptions, clock: ClockService) -> Router<AppContext> {
    let router = Router(context: AppContext.self)
    // Middleware runs from the first to the last, and holds for the routes that are added after it.
    router.addMiddleware {
        RequestIDMiddleware()
        AccessLogMiddleware()
        SecurityHeadersMiddleware()
        ErrorPageMiddleware()
        BearerTokenMiddleware(tokens: options.tokens)
    }
    let notes = NoteStore()
    addNoteRoutes(to: router.group("notes"), notes: notes)
    addCachedRoutes(to: router.group("cached/notes"), notes: notes)
    addBodyRoutes(to: router.group("bodies"))
    addStreamingRoutes(to: router.group("streams"))
    addNegotiatedRoutes(to: router.group("reports"))
    addValidatedRoutes(to: router.group("accounts"))
    addUserRoutes(to: router.group("me"))
    addSlowRoutes(to: router.group("slow"))
    addEchoSocket(to: router)
    addChatSocket(to: router.group("rooms"))
    addClockSocket(to: router, clock: clock)
    return router
}
