import DequeModule
import NIOCore
import WebSocketNIO
import WebSocketProtocol

/// Echo: sends, and expects the same back, in order.
final class EchoSocket: WebSocketDelegate, LoadSocket {
    /// More unanswered messages than this, and an open loop skips: the server is far behind, and memory must not be what gives way.
    private static let maxUnanswered = 10_000

    /// Up to this size each socket has messages of its own and looks at every byte of the answers; beyond it, memory and time are too dear.
    private static let comparedSize = 4_096

    private let loop: BenchLoop
    private let message: ByteBuffer
    private var connection: WebSocketConnection?
    /// When each unanswered message was sent, or due.
    private var unanswered = Deque<UInt64>()

    /// - Parameter number: The connection's, to tell its messages from those of others.
    init(loop: BenchLoop, number: Int) {
        self.loop = loop
        var message = loop.payload
        if message.readableBytes <= Self.comparedSize {
            let mark = Array("#\(number) ".utf8).prefix(message.readableBytes)
            message.setBytes(mark, at: message.readerIndex)
        }
        self.message = message
    }

    func opened(_ socket: WebSocketConnection) {
        self.connection = socket
        self.loop.add(self)
    }

    func closed(_ socket: WebSocketConnection, _ reason: CloseReason) {
        self.loop.remove(self, reason)
        self.connection = nil
    }

    func start() {
        let now = BenchClock.now()
        for _ in 0..<self.loop.plan.depth { self.send(due: now) }
    }

    func send(due: UInt64) {
        guard let connection, self.unanswered.count < Self.maxUnanswered else {
            self.loop.sample.skipped += 1
            return
        }
        self.unanswered.append(due)
        self.loop.sample.sent += 1
        connection.send(self.message, self.loop.plan.kind)
    }

    func received(_ payload: ByteBuffer, _ kind: MessageKind, on socket: WebSocketConnection) {
        let now = BenchClock.now()
        guard let sent = self.unanswered.popFirst(), kind == self.loop.plan.kind, self.isMine(payload) else {
            self.loop.wrong += 1
            return
        }
        self.loop.sample.latencies.recordLatency(now &- sent)
        self.loop.sample.received += 1
        self.loop.sample.receivedBytes += payload.readableBytes
        if self.loop.plan.rate == nil, self.loop.isSending { self.send(due: now) }
    }

    private func isMine(_ payload: ByteBuffer) -> Bool {
        payload.readableBytes == self.message.readableBytes && (payload.readableBytes > Self.comparedSize || payload == self.message)
    }

    func recordUnanswered(now: UInt64) -> Int {
        for sent in self.unanswered { self.loop.sample.latencies.recordLatency(now &- min(sent, now)) }
        return self.unanswered.count
    }

    func close() {
        self.connection?.close()
    }
}
