import NIOCore
import RealtimeHub
import RealtimeProtocol
import WebSocketHummingbird
import WebSocketNIO
import WebSocketProtocol

/// A socket on which the server alone speaks, after one connect request: in the address, or the first message.
final class UniSocketDelegate: WebSocketDelegate {
    private let hub: Hub
    private let query: QueryString
    private let fields: [RequestField]
    private let address: IPAddress?
    private var session: Session?

    init(hub: Hub, query: QueryString, fields: [RequestField], address: IPAddress?) {
        self.hub = hub
        self.fields = fields
        self.query = query
        self.address = address
    }

    func opened(_ socket: WebSocketConnection) {
        session = hub.open(UniSocketTransport(socket, fields, address))
        if query["cf_connect"] != nil || query["token"] != nil { connect(ByteBuffer()) }
    }

    /// A second message is one too many, which the session says.
    func received(_ payload: ByteBuffer, _ kind: MessageKind, on socket: WebSocketConnection) {
        if payload.readableBytes > 0 { connect(payload) } else { session?.disconnect(.badRequest) }
    }

    private func connect(_ text: ByteBuffer) {
        do throws(Wire.DecodingError) {
            session?.connect(try Wire.ConnectRequest(text, query))
        } catch {
            session?.disconnect(.badRequest)
        }
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

/// On the socket's event loop only. Each push is a message, so that a page can parse it without looking for newlines.
private final class UniSocketTransport: SessionTransport {
    private let socket: WebSocketConnection
    let requestFields: [RequestField]
    /// The client's, which may be behind a proxy.
    private let address: IPAddress?

    init(_ socket: WebSocketConnection, _ fields: [RequestField], _ address: IPAddress?) {
        self.socket = socket
        self.address = address
        requestFields = fields
    }

    var eventLoop: any EventLoop { socket.eventLoop }
    var format: WireFormat { .json }
    var name: String { RealtimeTransport.uniWebSocket.rawValue }
    var isUnidirectional: Bool { true }
    var needsPings: Bool { true }
    var remoteAddress: String? { address?.description ?? socket.remoteAddress?.ipAddress }
    var bufferedBytes: Int { socket.bufferedBytes }
    func isSlow(over limit: Int) -> Bool { socket.isSlow(over: limit) }

    func send(_ batch: ByteBuffer) {
        for line in batch.lines { socket.send(line, .text) }
    }

    func send(_ batch: SharedBatch, mayWait: Bool) {
        for frame in batch.form(Frames.init).frames {
            if mayWait { socket.sendPrepared(frame) } else { socket.transmitPrepared(frame) }
        }
    }

    /// The client has nothing more to say; what it says all the same is read, and answered by the end.
    func holdReads(_ isHeld: Bool) {}

    func close(_ code: DisconnectCode) {
        if code != .slow { send(farewell(code)) }
        socket.close(code: CloseCode(rawValue: code.number), reason: code.reason)
    }
}

private final class Frames {
    let frames: [PreparedMessage]

    init(_ batch: ByteBuffer) {
        frames = batch.lines.map { PreparedMessage($0, .text) }
    }
}
