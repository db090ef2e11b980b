public import NIOCore

/// How a server of `HTTPServerBuilder.webSockets(configuration:)` treats its connections until they are sockets.
/// What a socket may do is said by each route's `WebSocketConfiguration`.
public struct WebSocketServerConfiguration: Sendable {
    /// The time for a whole header block of a request: for the first one counted from the connection's opening (so it includes the TLS
    /// handshake), for a later one from its first byte. Default 10 s; then the connection is closed without an answer.
    public var handshakeTimeout: Duration = .seconds(10)

    /// The most bytes of a request's header block, its request line included. Default 16 KiB; more is answered with 431.
    public var maxHeaderBytes = 16 << 10

    /// The most bytes of one header field's name and value, and of the request's target. Default 8 KiB; more is answered with 431.
    public var maxHeaderFieldBytes = 8 << 10

    /// The most header fields of a request. Default 100; more are answered with 431.
    public var maxHeaderFields = 100

    /// How long a connection may be without a request, or a request without a byte, before the connection is closed. Default 75 s, nil
    /// for ever. Sockets have their own keepalive.
    public var idleTimeout: Duration? = .seconds(75)

    /// The most bytes of an answer that refuses an upgrade (it is collected before it is sent). Default 1 MiB; more becomes a 500.
    public var maxRefusalBytes = 1 << 20

    /// How many connections may be open.
    public var limits = ConnectionLimits()

    /// The proxies whose word is taken for who a client is (`Request.clientAddress`). Default: none.
    public var trustedProxies = TrustedProxies()

    /// In place of ``limits`` and ``trustedProxies``, where they are to change while the server runs. Default nil: they do not.
    public var adjustable: AdjustableServerSettings?

    /// Whether every connection begins with a PROXY header, of version 1 or 2, before TLS. Connections that do not come from one of ``trustedProxies``, or
    /// have no such header, are closed without an answer: it is never guessed. Default false.
    public var proxyProtocol = false

    /// The size of a new connection's receive buffer, which an idle socket keeps. It doubles for a peer that fills it, up to 64 KiB.
    /// Default 512 bytes.
    public var initialReceiveBuffer = 512

    /// Runs middleware, routes and asynchronous socket handlers on the event loop of their connection, where nothing may block: no file
    /// access, no password hashing, no long computation. What such code saves is two changes of thread for each request and each
    /// message; what it risks is that one slow call stops every connection of that loop. Default false: Swift's thread pool.
    public var dangerouslyRunsHandlersOnEventLoop = false

    /// Handlers to add after HTTP's parsing and before Hummingbird's request handling. They see plain requests only, and are removed
    /// when the connection becomes a socket. None by default.
    public var additionalHandlers: @Sendable () -> [any RemovableChannelHandler] = { [] }

    /// Answers some requests of HTTP/1.1 before Hummingbird is asked. Nobody by default.
    package var directResponder: (any DirectResponder)?

    /// HTTP/2 alone: see ``HTTP2Options``.
    public var http2 = HTTP2Options()

    /// The defaults.
    public init() {}

    /// What only concerns servers that speak HTTP/2.
    public struct HTTP2Options: Sendable {
        /// The streams that a peer may have open at once on one connection (SETTINGS_MAX_CONCURRENT_STREAMS). Default 256.
        public var maxConcurrentStreams = 256

        /// The bytes that a peer may send on one stream before we have read them. Default 64 KiB less one byte, the protocol's own.
        public var streamWindow = 65_535

        /// The bytes that a peer may send on all streams of a connection before we have read them. Default 1 MiB.
        public var connectionWindow = 1 << 20

        /// The bytes that wait on a stream before it counts as slow. Default 64 KiB.
        public var outboundBuffer = 64 << 10

        /// The time for open streams to end after the server said that it goes away. Default 30 s.
        public var gracePeriod: Duration = .seconds(30)

        /// The defaults.
        public init() {}
    }
}

/// How many connections a server holds open at once, whatever they speak.
///
/// A connection over a limit is answered with 503 and closed before anything of it is read. (Over TLS it is just closed.)
public struct ConnectionLimits: Hashable, Sendable {
    /// All connections together. Nil, the default, is 95 % of the file descriptors that the process may have.
    public var total: Int?

    /// The connections of one peer address; of IPv6 addresses the first 64 bits count. Nil, the default, sets no limit: behind a proxy
    /// all connections come from one address.
    public var perAddress: Int?

    /// - Parameters:
    ///   - total: all connections together.
    ///   - perAddress: the connections of one peer address.
    public init(total: Int? = nil, perAddress: Int? = nil) {
        self.total = total
        self.perAddress = perAddress
    }
}
