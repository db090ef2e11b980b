import NIOCore
import WebSocketNIO
import WebSocketProtocol

/// Gives a socket's events to the machine, with the number of its connection.
final class SocketDelegate: WebSocketDelegate {
    private let driver: ClientDriver
    private let link: UInt64

    init(driver: ClientDriver, link: UInt64) {
        self.driver = driver
        self.link = link
    }

    func opened(_ socket: WebSocketConnection) {
        guard driver.opened(link, socket.webSocket) else { return socket.close(code: .normalClosure, reason: "") }
        driver.flush(socket)
    }

    func received(_ payload: ByteBuffer, _ kind: MessageKind, on socket: WebSocketConnection) {
        driver.run { $0.received(link, payload, at: $1) }
    }

    func drained(_ socket: WebSocketConnection) {
        driver.flush(socket)
    }

    func closed(_ socket: WebSocketConnection, _ reason: CloseReason) {
        driver.run { $0.closed(link, code: reason.code.rawValue, reason: reason.text, at: $1) }
    }
}
