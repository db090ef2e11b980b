import NIOCore
import Synchronization
import WebSocketNIO
import WebSocketProtocol

/// How the server is: for the start page once a second, and for `/health`.
final class StatusBoard: Sendable {
    private struct Status: Encodable {
        /// Seconds.
        let uptime: Int64
        let sockets: Int64
        let messages: Int64
        let people: Int
    }

    private let startedAt = ContinuousClock.now
    private let draining = Atomic(false)
    private let watchers = Room(slowReaders: .skip)
    private let metrics: ServerMetrics
    private let chat: ChatService

    init(metrics: ServerMetrics, chat: ChatService) {
        self.metrics = metrics
        self.chat = chat
    }

    var isDraining: Bool { draining.load(ordering: .relaxed) }

    func startDraining() {
        draining.store(true, ordering: .relaxed)
    }

    /// Seconds.
    var uptime: Int64 { startedAt.duration(to: .now).components.seconds }

    /// To be called once a second.
    func publish() {
        guard watchers.count > 0, let message = current else { return }
        watchers.broadcast(message)
    }

    func watch(_ socket: WebSocketConnection) {
        watchers.join(socket)
        if let message = current { socket.sendPrepared(message) }
    }

    private var current: PreparedMessage? {
        let status = Status(uptime: uptime, sockets: metrics.openSockets, messages: metrics.messagesReceived, people: chat.people)
        return try? PreparedMessage(json: status)
    }
}

/// A socket of the start page: it listens.
final class StatusDelegate: WebSocketDelegate {
    private let board: StatusBoard

    init(board: StatusBoard) {
        self.board = board
    }

    func opened(_ socket: WebSocketConnection) {
        board.watch(socket)
    }

    func received(_ payload: ByteBuffer, _ kind: MessageKind, on socket: WebSocketConnection) {
        socket.close(code: .policyViolation, reason: "this socket only listens")
    }
}
