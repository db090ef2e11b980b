public import NIOCore
public import RealtimeProtocol
public import WebSocketClient

extension Client {
    /// How a client connects, and what it may cost. Everything has a default.
    public struct Configuration: Sendable {
        /// How messages are written; Protobuf, which is shorter and takes any data. JSON takes JSON alone.
        public var format = WireFormat.protobuf
        /// Who it is, signed; empty: nobody, or ``getToken`` is asked.
        public var token = ""
        /// Brings a token: when there is none, before the present one expires, and when the server finds it expired.
        ///
        /// An empty one means that the user may not connect: the client ends as disconnected (code 1). A throw is tried again later.
        public var getToken: (@Sendable () async throws -> String)?
        /// What the application says with each connect; JSON as a rule.
        public var data = ByteBuffer()
        /// Fields that the server takes as if they were of the upgrade request (protocol §1.5); those of the request itself are in ``webSocket``.
        public var headers: [String: String] = [:]
        /// What the client is called; at most 16 characters are what servers expect.
        public var name = "swift"
        /// Of the client; at most 64 characters.
        public var version = ""

        /// How long a request may take, the wait for a connection included; 5 s.
        public var timeout: Duration = .seconds(5)
        /// How long ``getToken`` may take before it is asked anew; 30 s.
        public var tokenTimeout: Duration = .seconds(30)
        /// The first wait before connecting again is random up to this, 0.5 s; the bound doubles each time…
        public var minReconnectDelay: Duration = .milliseconds(500)
        /// …up to this, 20 s.
        public var maxReconnectDelay: Duration = .seconds(20)
        /// Silence beyond the server's ping interval that means that the connection is lost; 10 s.
        public var maxServerPingDelay: Duration = .seconds(10)

        /// The longest message that is taken from the server, and the longest value that a delta may make; 16 MiB. A longer one ends the client
        /// (disconnected, code 3).
        public var maxMessageSize = 16 << 20
        /// The longest command that is sent; 64 KiB, which is what servers take. They end the connection for a longer one; so it fails here.
        public var maxCommandSize = 64 << 10
        /// Requests that may wait for an answer or for a connection; 1,024. One more fails at once with ``RealtimeError/overLimit(_:)``.
        public var maxPendingRequests = 1_024
        /// Bytes of those requests, and of what was not yet written; 4 MiB.
        public var maxPendingBytes = 4 << 20
        /// Channels that may be subscribed to; 1,024 (servers allow 128 unless told otherwise). The server may make as many.
        public var maxSubscriptions = 1_024
        /// Events of a subscription, or of the client, that may wait for their reader; 1,024, at least 16. What happens then: ``Subscription/events``.
        public var maxBufferedEvents = 1_024
        /// Bytes of those events; 4 MiB, at least 16 KiB, beside one event that may be longer.
        public var maxBufferedBytes = 4 << 20

        /// The WebSocket: TLS, proxy, fields of the request, timeouts. Its subprotocols and its limit of messages are set by the client.
        public var webSocket = WebSocketClientConfiguration()

        /// The defaults.
        public init() {}
    }

    /// What is wanted of a subscription. Everything has a default.
    public struct SubscriptionOptions: Sendable {
        /// The right to the channel, signed; empty: none is needed, or ``getToken`` is asked.
        public var token = ""
        /// Brings a token for the channel that it is given; otherwise as ``Configuration/getToken``.
        public var getToken: (@Sendable (String) async throws -> String)?
        /// What the application says with each subscribe; JSON as a rule.
        public var data = ByteBuffer()
        /// Asks the server to watch for gaps. It may do so unasked.
        public var isPositioned = false
        /// Asks for the means to recover what is missed. The server may grant them unasked.
        public var isRecoverable = false
        /// Asks who comes and leaves.
        public var joinLeave = false
        /// Takes publications as differences to the one before. One always sees them whole.
        public var delta: DeltaType?
        /// Which publications are wanted, by their tags.
        public var tagsFilter: Wire.FilterNode?
        /// Goes on from a position that was kept: asks for what was published since.
        public var since: StreamPosition?

        /// The defaults.
        public init() {}
    }

    /// A kind of differences.
    public enum DeltaType: String, Hashable, Sendable {
        /// Those of the Fossil version control system.
        case fossil
    }
}
