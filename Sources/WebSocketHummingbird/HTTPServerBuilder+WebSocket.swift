public import HummingbirdCore

extension HTTPServerBuilder {
    /// A server of HTTP/1.1 whose routes can be sockets: `router.webSocket(…)`. An upgrade works on any request of a connection.
    ///
    /// ```swift
    /// let app = Application(router: router, server: .webSockets())
    /// let secure = Application(router: router, server: try .tls(.webSockets(), tlsConfiguration: tls))
    /// ```
    ///
    /// On graceful shutdown, sockets are closed with `WebSocketConfiguration.shutdownCode` in paced batches, and the server runs until
    /// the last one is closed.
    ///
    /// - Parameter configuration: limits and timeouts of connections.
    public static func webSockets(configuration: WebSocketServerConfiguration = WebSocketServerConfiguration()) -> HTTPServerBuilder {
        HTTPServerBuilder { responder in SocketHTTP1Channel(responder: responder, server: ServerState(configuration)) }
    }
}
