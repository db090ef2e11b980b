import Hummingbird
import NIOCore
import RealtimeHub
import RealtimeProtocol
import WebSocketHummingbird
import WebSocketNIO
import WebSocketProtocol

/// Gives a socket's events to a session of the hub.
final class SocketDelegate: WebSocketDelegate {
    static let subprotocols = ["centrifuge-protobuf", "centrifuge-json"]

    /// What the address asks for.
    struct Query: Sendable {
        var isProtobuf = false
        var usesFramePings = false

        init(_ request: Request) {
            let query = request.uri.queryParameters
            isProtobuf = query["format"] == "protobuf" || query["cf_protocol"] == "protobuf"
            usesFramePings = query["cf_ws_frame_ping_pong"] == "true"
        }
    }

    private let hub: Hub
    private let query: Query
    private let fields: [RequestField]
    private let address: IPAddress?
    private var session: Session?

    init(hub: Hub, query: Query, fields: [RequestField], address: IPAddress?) {
        self.hub = hub
        self.query = query
        self.fields = fields
        self.address = address
    }

    func opened(_ socket: WebSocketConnection) {
        let isProtobuf = socket.subprotocol.map { $0 == "centrifuge-protobuf" } ?? query.isProtobuf
        session = hub.open(SocketTransport(socket, isProtobuf ? .protobuf : .json, needsPings: !query.usesFramePings, fields, address))
    }

    func received(_ payload: ByteBuffer, _ kind: MessageKind, on socket: WebSocketConnection) {
        session?.received(payload)
    }

    func drained(_ socket: WebSocketConnection) {
        session?.drained()
    }

    func leaving(_ socket: WebSocketConnection) {
        session?.shutDown()
    }

    func closed(_ socket: WebSocketConnection, _ reason: CloseReason) {
        session?.closed()
        session = nil
    }
}

/// A session's WebSocket. On the socket's event loop only.
final class SocketTransport: SessionTransport {
    private let socket: WebSocketConnection
    let format: WireFormat
    let needsPings: Bool
    let requestFields: [RequestField]
    /// The client's, which may be behind a proxy.
    private let address: IPAddress?

    init(_ socket: WebSocketConnection, _ format: WireFormat, needsPings: Bool, _ fields: [RequestField], _ address: IPAddress?) {
        requestFields = fields
        self.address = address
        self.socket = socket
        self.format = format
        self.needsPings = needsPings
    }

    var eventLoop: any EventLoop { socket.eventLoop }
    var name: String { "websocket" }
    var isUnidirectional: Bool { false }
    var remoteAddress: String? { address?.description ?? socket.remoteAddress?.ipAddress }
    var bufferedBytes: Int { socket.bufferedBytes }
    func isSlow(over limit: Int) -> Bool { socket.isSlow(over: limit) }

    private var kind: MessageKind { format == .json ? .text : .binary }

    func send(_ batch: ByteBuffer) {
        socket.send(batch, kind)
    }

    func send(_ batch: SharedBatch, mayWait: Bool) {
        let frame = Frame.of(batch, kind)
        if mayWait { socket.sendPrepared(frame) } else { socket.transmitPrepared(frame) }
    }

    func expectSend() {
        socket.expectTransmit()
    }

    func holdReads(_ isHeld: Bool) {
        if isHeld { socket.pauseReading() } else { socket.resumeReading() }
    }

    func close(_ code: DisconnectCode) {
        socket.close(code: CloseCode(rawValue: code.number), reason: code.reason)
    }
}

/// A batch as a WebSocket's frame, made once for all sockets.
private final class Frame {
    private let message: PreparedMessage

    private init(_ message: PreparedMessage) {
        self.message = message
    }

    static func of(_ batch: SharedBatch, _ kind: MessageKind) -> PreparedMessage {
        batch.form { Frame(PreparedMessage($0, kind)) }.message
    }
}
