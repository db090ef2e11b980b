public import HTTPTypes
public import NIOSSL
import WebSocketDeflate
public import WebSocketNIO

/// How a client connects. The defaults suit an ordinary `ws` or `wss` server on the internet.
public struct WebSocketClientConfiguration: Sendable {
    /// The connection itself: limits, keepalive, buffers, and compression (`webSocket.compression`, off by default).
    public var webSocket: WebSocketConfiguration
    /// Fields to send with the handshake, such as `Authorization`, `Cookie` or `Origin`. `Authorization` wins over credentials in the URL.
    public var headers: HTTPFields
    /// Subprotocols to offer, the preferred one first; what the server chose is `socket.subprotocol`.
    public var subprotocols: [String]
    /// TLS for `wss`. Nil: NIOSSL's client defaults, with the system's trust roots and full verification.
    public var tls: TLSConfiguration?
    /// A TLS context made beforehand, instead of ``tls``. Making one reads the trust roots from disk, so a program that opens many `wss`
    /// connections makes it once.
    public var tlsContext: NIOSSLContext?
    /// The name to ask for (SNI) and to verify in `wss`; nil: the URL's host.
    public var serverHostname: String?
    /// Reaches the server through a tunnel of an HTTP proxy.
    public var proxy: HTTPProxy?
    /// What a redirect means; refused by default.
    public var redirects: RedirectPolicy
    /// How long resolving the name and connecting may take, for each server or proxy; 10 s.
    public var connectTimeout: Duration
    /// How long everything between the TCP connection and the answer to the handshake may take (proxy, TLS, HTTP), for each server; 10 s.
    public var handshakeTimeout: Duration
    /// How long all of it may take, redirects included; 30 s.
    public var totalTimeout: Duration

    /// A configuration; everything has a default.
    public init(
        webSocket: WebSocketConfiguration = .init(),
        headers: HTTPFields = [:],
        subprotocols: [String] = [],
        tls: TLSConfiguration? = nil,
        tlsContext: NIOSSLContext? = nil,
        serverHostname: String? = nil,
        proxy: HTTPProxy? = nil,
        redirects: RedirectPolicy = .refuse,
        connectTimeout: Duration = .seconds(10),
        handshakeTimeout: Duration = .seconds(10),
        totalTimeout: Duration = .seconds(30)
    ) {
        self.webSocket = webSocket
        self.headers = headers
        self.subprotocols = subprotocols
        self.tls = tls
        self.tlsContext = tlsContext
        self.serverHostname = serverHostname
        self.proxy = proxy
        self.redirects = redirects
        self.connectTimeout = connectTimeout
        self.handshakeTimeout = handshakeTimeout
        self.totalTimeout = totalTimeout
    }
}

/// An HTTP proxy that opens tunnels with CONNECT (RFC 9110 §9.3.6), for `ws` and `wss` alike.
public struct HTTPProxy: Hashable, Sendable {
    /// The proxy's host name or address.
    public var host: String
    /// The proxy's port.
    public var port: Int
    /// The value of `Proxy-Authorization`; sent to the proxy only.
    public var authorization: String?

    /// A proxy that asks for no credentials, or for `authorization` as it stands (such as `Bearer …`).
    public init(host: String, port: Int, authorization: String? = nil) {
        self.host = host
        self.port = port
        self.authorization = authorization
    }

    /// A proxy that asks for a user name and a password (RFC 7617).
    public init(host: String, port: Int, user: String, password: String) {
        self.init(host: host, port: port, authorization: BasicCredentials.header(user: user, password: password))
    }
}
