public import WebSocketDeflate
public import WebSocketProtocol

/// How a socket behaves. Every limit is on by default.
public struct WebSocketConfiguration: Sendable {
    /// What the peer may cost us in messages: sizes, fragments, time. See `WebSocketLimits`.
    public var limits = WebSocketLimits()

    /// Pings to a quiet peer: after 25 s without a byte, dead 10 s later. Nil sends none, and then nobody finds a half-open connection.
    public var keepalive: Keepalive? = Keepalive()

    /// permessage-deflate (RFC 7692). Off (nil) by default: it costs memory and CPU, and compressing a secret together with text that
    /// an attacker chose can reveal the secret (RFC 7692 §8, the CRIME attack).
    public var compression: DeflateConfiguration?

    /// The most bytes that wait for a peer that does not read, beside one message that may be longer. Default 1 MiB.
    ///
    /// With a ``WebSocketDelegate``, a message that meets more than that waiting closes the connection with 1008; a server reads nothing
    /// more from the peer from half of it on until it has caught up. Tasks that send wait from a quarter of it on, and the connection is
    /// not closed for them but by ``writeTimeout``.
    public var maxBufferedBytes = 1 << 20

    /// How long bytes may wait without the peer taking any. Default 30 s, then the connection is dropped.
    public var writeTimeout: Duration = .seconds(30)

    /// The bytes of messages that wait for the application's reader (``WebSocket/messages``) before the socket's reads stop, so that
    /// the peer is slowed down by TCP. Default 64 KiB. A message counts for its bytes and 64 more.
    public var inboundBuffer = 64 << 10

    /// The subprotocols that a server speaks, best first (RFC 6455 §1.9). None by default.
    public var subprotocols: [String] = []

    /// Delivers messages in parts as they arrive, for messages that are too long to hold (``WebSocket/parts``). `maxMessageSize` does
    /// not apply to a message taken in parts, and compression is not agreed to. Default false.
    public var deliversParts = false

    /// The code that sockets are closed with when the server shuts down. Default 1001; 1012 tells clients that it will be back.
    public var shutdownCode = CloseCode.goingAway

    /// Over what time an event loop's sockets are closed when the server shuts down, so that their clients come back one after the other: every 100 ms as
    /// many as are needed for that, but 50 at least. Default nil: 500 every 100 ms.
    public var shutdownWindow: Duration?

    public init() {}
}
