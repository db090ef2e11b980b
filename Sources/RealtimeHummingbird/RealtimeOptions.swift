import HTTPTypes
public import Hummingbird
import RealtimeHub
import WebSocketHummingbird
public import WebSocketNIO
public import WebSocketProtocol

/// A way for clients to reach a hub. The raw values are the names of the protocol, and the last components of the usual paths.
public enum RealtimeTransport: String, CaseIterable, Sendable {
    /// A WebSocket, in JSON or Protobuf.
    case webSocket = "websocket"
    /// An unending answer to a POST, in JSON or Protobuf; what the client says later comes by POSTs to ``RealtimeOptions/emulationPath``.
    case httpStream = "http_stream"
    /// The same as server-sent events (GET or POST), in JSON.
    case serverSentEvents = "sse"
    /// A WebSocket on which the server alone speaks, in JSON.
    case uniWebSocket = "uni_websocket"
    /// Server-sent events for a plain `EventSource`, which recovers by `Last-Event-ID`.
    case uniServerSentEvents = "uni_sse"
    /// Lines of JSON in the unending answer to a POST, for clients that only listen.
    case uniHTTPStream = "uni_http_stream"

    var isUnidirectional: Bool {
        switch self {
        case .webSocket, .httpStream, .serverSentEvents: false
        case .uniWebSocket, .uniServerSentEvents, .uniHTTPStream: true
        }
    }

    var isEvents: Bool { self == .serverSentEvents || self == .uniServerSentEvents }

    /// Whether it is a WebSocket.
    package var isSocket: Bool { self == .webSocket || self == .uniWebSocket }

    /// What the client says later comes by requests of its own.
    package var isEmulated: Bool { self == .httpStream || self == .serverSentEvents }
}

/// Limits and rules of the routes by which clients reach a hub.
///
/// ```swift
/// var options = RealtimeOptions()
/// options.transports = [.webSocket, .httpStream, .serverSentEvents]
/// options.origins = .allow(["https://*.example.com"])
/// router.realtime(under: "/connection", hub: hub, options: options)
/// ```
public struct RealtimeOptions: Sendable {
    /// The transports that `realtime(under:hub:options:)` adds. Default: all.
    public var transports = Set(RealtimeTransport.allCases)

    /// Which pages may connect. Default: those of the same host. The same rule holds for WebSockets, streams and their commands; pages of other
    /// permitted origins get the CORS fields they need (with credentials), all others 403. A request that has cookies but no `Origin` is
    /// permitted only if the browser says that it comes from the same origin (`Sec-Fetch-Site`).
    public var origins = OriginPolicy.sameHost

    /// What the sockets may do. Default: `WebSocketConfiguration.realtime`.
    public var webSocket = WebSocketConfiguration.realtime

    /// Where streams' commands go, for all emulated transports together. Nil, the default: `emulation` beside the last component of the path, so
    /// `/emulation` for `/connection`, where the clients look for it.
    public var emulationPath: RouterPath?

    /// The most bytes of a request's body. Default 64 KiB; more is answered with 413.
    public var maxRequestBytes = 64 << 10

    /// How long a request's body may take to arrive. Default 10 s; then the connection is closed.
    public var requestTimeout: Duration = .seconds(10)

    /// How long bytes may wait for a client that takes none. Default 30 s, looked at when something is to be sent (at the latest a ping); then
    /// the client is disconnected with 3008. What may wait meanwhile is `HubConfiguration.maxBufferedBytes`.
    public var writeTimeout: Duration = .seconds(30)

    /// How long the last words of a stream may take to leave, before the connection is cut. Default 5 s.
    public var closeTimeout: Duration = .seconds(5)

    /// Whether a client that only listens is refused with an HTTP status when the refusal is for good (codes 3500 to 3999 and 4500 to 4999): 401
    /// for 3500, 400 for 3501, 403 for 3507, 429 for 3504 and 3509, else 403. It is the only answer that stops an `EventSource` from coming
    /// back. Default true; false: 200 and a `disconnect` push, as for all other codes.
    public var refusesWithStatus = true

    /// The most bytes of an event's id on ``RealtimeTransport/uniServerSentEvents``. Default 4,096 (a browser sends it back in a header field).
    /// Channels that have no room in it are not recovered, and their subscribers are told so.
    public var maxEventIDBytes = 4_096

    /// How soon an `EventSource` may come back, at random up to twice as late. Default 1 s.
    public var reconnectDelay: Duration = .seconds(1)

    /// A field in which a proxy says who the user is, in lower case: it is kept like those of `HubHandlers.keptRequestFields`, but only from one of the `trustedProxies` of `WebSocketServerConfiguration`, and only if it is there
    /// once: what somebody else says is not who he is. Default nil.
    public var userField: String?

    /// The defaults.
    public init() {}

    /// What is kept of a request with the connection that begins with it.
    func fields(of request: Request, _ hub: Hub) -> [RequestField] {
        let kept = hub.keptRequestFields
        guard !kept.isEmpty || userField != nil else { return [] }
        let believed = userField.flatMap { name in
            request.isFromTrustedProxy && request.headers.count { $0.name.canonicalName == name } == 1 ? name : nil
        }
        return request.headers.compactMap { field in
            let name = field.name.canonicalName
            guard name == userField ? name == believed : kept.contains(name) else { return nil }
            return RequestField(name: field.name.canonicalName, value: field.value)
        }
    }
}
