import LiveViews
import NIOCore
import WebSocketNIO
import WebSocketProtocol

/// Gives a socket's events to a live view, and the view's messages to the socket.
final class LiveSocket: WebSocketDelegate {
    static let subprotocols = ["heliograph-live", "heliograph-live-binary"]

    /// Until it is open: it holds the request.
    private var open: ((any LiveTransport) -> any LiveSession)?
    private var session: (any LiveSession)?

    init(open: @escaping (any LiveTransport) -> any LiveSession) {
        self.open = open
    }

    func opened(_ socket: WebSocketConnection) {
        session = open?(LiveSocketTransport(socket))
        open = nil
    }

    func received(_ payload: ByteBuffer, _ kind: MessageKind, on socket: WebSocketConnection) {
        session?.received(payload, isBinary: kind == .binary)
    }

    func drained(_ socket: WebSocketConnection) {
        session?.drained()
    }

    func closed(_ socket: WebSocketConnection, _ reason: CloseReason) {
        session?.closed()
        session = nil
    }
}

/// On the socket's event loop only.
private final class LiveSocketTransport: LiveTransport {
    private let socket: WebSocketConnection
    let isBinary: Bool

    init(_ socket: WebSocketConnection) {
        self.socket = socket
        isBinary = socket.subprotocol == "heliograph-live-binary"
    }

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
