import LiveViews
import NIOCore
import WebSocketNIO
import WebSocketProtocol

/// Gives a socket's events to a live view, and the view's messages to the socket.
final class LiveSocket: WebSocketDelegate {
    static let subprotocols = ["heliograph-live", binary]
    fileprivate static let binary = "heliograph-live-binary"

    private enum State {
        /// What opens the session holds the request.
        case waiting((any LiveTransport) -> any LiveSession)
        case open(any LiveSession)
        case closed
    }

    private var state: State

    init(open: @escaping (any LiveTransport) -> any LiveSession) {
        state = .waiting(open)
    }

    private var session: (any LiveSession)? { if case .open(let session) = state { session } else { nil } }

    func opened(_ socket: WebSocketConnection) {
        guard case .waiting(let open) = state else { return }
        state = .open(open(LiveSocketTransport(socket)))
    }

    func received(_ payload: ByteBuffer, _ kind: MessageKind, on socket: WebSocketConnection) {
        session?.received(payload, isBinary: kind == .binary)
    }

    func drained(_ socket: WebSocketConnection) {
        session?.drained()
    }

    func leaving(_ socket: WebSocketConnection) {
        session?.drain()
    }

    func closed(_ socket: WebSocketConnection, _ reason: CloseReason) {
        session?.closed()
        state = .closed
    }
}

/// On the socket's event loop only.
private final class LiveSocketTransport: LiveTransport {
    private let socket: WebSocketConnection

    init(_ socket: WebSocketConnection) {
        self.socket = socket
    }

    var isBinary: Bool { socket.subprotocol == LiveSocket.binary }
    var eventLoop: any EventLoop { socket.eventLoop }
    var bufferedBytes: Int { socket.bufferedBytes }

    func send(_ message: [UInt8], isBinary: Bool) {
        send(ByteBuffer(bytes: message), isBinary: isBinary)
    }

    func send(_ message: ByteBuffer, isBinary: Bool) {
        socket.send(message, isBinary ? .binary : .text)
    }

    func holdReads(_ isHeld: Bool) {
        if isHeld { socket.pauseReading() } else { socket.resumeReading() }
    }

    func close(_ code: LiveCloseCode, _ reason: String) {
        socket.close(code: CloseCode(rawValue: code.rawValue), reason: reason)
    }
}
