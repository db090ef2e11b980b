public import Hummingbird
public import HummingbirdCore
public import WebSocketNIO
public import WebSocketProtocol

extension RouterMethods {
    /// Adds a route on which clients open sockets, in the same router as the routes of plain HTTP and behind the same middleware.
    ///
    /// ```swift
    /// router.webSocket("chat/{room}") { socket, context in
    ///     let room = try context.parameters.require("room")
    ///     try await socket.send("Welcome to \(room)")
    ///     for try await message in socket.messages { try await socket.send(message) }
    /// }
    /// let app = Application(router: router, server: .webSockets())
    /// ```
    ///
    /// The path is the path of a GET route too (and, for HTTP/2, of a CONNECT route): a plain GET is answered with 426, a handshake that
    /// breaks a rule of RFC 6455 §4.2.1 with the status and the text of that rule, and the connection is closed after it. So a page and a
    /// socket cannot share a path. Under a server that is not one of `HTTPServerBuilder.webSockets(configuration:)` or
    /// `HTTPServerBuilder.webSocketsHTTP2(tlsConfiguration:configuration:)` every request is answered with 426.
    ///
    /// - Parameters:
    ///   - path: the route's path, with parameters and wildcards as in every route.
    ///   - configuration: what the sockets of this route may do. Messages are limited to 64 KiB by default.
    ///   - origins: which pages may open sockets. Pages of the same host by default, others get 403.
    ///   - shouldUpgrade: called for a valid request from a permitted origin, before the upgrade. It may refuse with any response, by
    ///     ``UpgradeDecision/refuse(_:)`` or by throwing an `HTTPError`, add headers, or choose the subprotocol.
    ///   - onUpgrade: runs as long as the socket is open. When it returns, the socket is closed with 1000, when it throws with 1011 (the
    ///     error goes to the log, not to the peer). It runs in a task of the connection's, which is cancelled if the server is.
    /// - Returns: the router.
    @discardableResult
    public func webSocket(
        _ path: RouterPath = "",
        configuration: WebSocketConfiguration = WebSocketConfiguration(),
        origins: OriginPolicy = .sameHost,
        shouldUpgrade: @escaping @Sendable (Request, Context) async throws -> UpgradeDecision = { _, _ in .accept() },
        onUpgrade: @escaping @Sendable (WebSocket, Context) async throws -> Void
    ) -> Self {
        add(
            WebSocketRoute(
                settings: SocketSettings(configuration), origins: origins, shouldUpgrade: shouldUpgrade, application: .task(onUpgrade)),
            at: path)
    }

    /// Adds a route on which clients open sockets whose events are calls on their event loop: no task exists for such a socket, and none
    /// of its messages changes threads. For hubs, and for those who count nanoseconds.
    ///
    /// - Parameters:
    ///   - path: the route's path, with parameters and wildcards as in every route.
    ///   - configuration: what the sockets of this route may do. Messages are limited to 64 KiB by default.
    ///   - origins: which pages may open sockets. Pages of the same host by default, others get 403.
    ///   - shouldUpgrade: called for a valid request from a permitted origin, before the upgrade. It may refuse with any response.
    ///   - delegate: makes the object that gets the socket's events, on the socket's event loop, after middleware and `shouldUpgrade`. If
    ///     it throws, the upgrade is refused with the status of the error (500 if it has none).
    /// - Returns: the router.
    @discardableResult
    public func webSocket(
        _ path: RouterPath = "",
        configuration: WebSocketConfiguration = WebSocketConfiguration(),
        origins: OriginPolicy = .sameHost,
        shouldUpgrade: @escaping @Sendable (Request, Context) async throws -> UpgradeDecision = { _, _ in .accept() },
        delegate: @escaping @Sendable (Request, Context) throws -> any WebSocketDelegate
    ) -> Self {
        add(
            WebSocketRoute(
                settings: SocketSettings(configuration), origins: origins, shouldUpgrade: shouldUpgrade, application: .delegate(delegate)),
            at: path)
    }

    private func add(_ route: WebSocketRoute<Context>, at path: RouterPath) -> Self {
        on(path, method: .get) { request, context in try await route.respond(to: request, context: context) }
        on(path, method: .connect) { request, context in try await route.respond(to: request, context: context) }
        return self
    }
}
