public import HummingbirdCore
import NIOHTTP2
public import NIOSSL

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

    /// A server over TLS of HTTP/2 and HTTP/1.1, as each client chooses (ALPN), whose routes can be sockets over both: over HTTP/2 by
    /// extended CONNECT (RFC 8441), many sockets and requests on one connection.
    ///
    /// ```swift
    /// let app = Application(router: router, server: try .webSocketsHTTP2(tlsConfiguration: tls))
    /// ```
    ///
    /// On graceful shutdown the connection says so (GOAWAY), and its sockets are closed as over HTTP/1.1.
    ///
    /// - Parameters:
    ///   - tlsConfiguration: certificate and key. Its `applicationProtocols` are replaced.
    ///   - configuration: limits and timeouts of connections.
    /// - Throws: `NIOSSLError` if the TLS configuration cannot be used.
    public static func webSocketsHTTP2(
        tlsConfiguration: TLSConfiguration, configuration: WebSocketServerConfiguration = WebSocketServerConfiguration()
    ) throws -> HTTPServerBuilder {
        var tlsConfiguration = tlsConfiguration
        tlsConfiguration.applicationProtocols = NIOHTTP2SupportedALPNProtocols
        let tls = try NIOSSLContext(configuration: tlsConfiguration)
        return webSocketsHTTP2(configuration: configuration) { tls }
    }

    /// The same with a TLS context that can become another while the server runs: for certificates, keys and authorities that change.
    ///
    /// ```swift
    /// let server = HTTPServerBuilder.webSocketsHTTP2 { contexts.current }
    /// ```
    ///
    /// - Parameters:
    ///   - configuration: limits and timeouts of connections.
    ///   - tls: asked for each new connection, on its event loop: it must not block. The context's `applicationProtocols` must be `h2` and `http/1.1`.
    public static func webSocketsHTTP2(
        configuration: WebSocketServerConfiguration = WebSocketServerConfiguration(), tls: @escaping @Sendable () -> NIOSSLContext
    ) -> HTTPServerBuilder {
        HTTPServerBuilder { responder in SocketHTTP2Channel(tls: tls, responder: responder, server: ServerState(configuration)) }
    }
}
