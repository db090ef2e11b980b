import NIOCore
import Synchronization
import WebSocketNIO
import WebSocketProtocol

/// What the receivers of a fan-out, on all loops, have got.
final class FanoutState: Sendable {
    private let delivered = Atomic<Int>(0)
    private let receivers: Int
    private let publisher: NIOLoopBound<BenchLoop>

    /// - Parameter publisher: Is told each time as many messages have arrived as there are receivers: one publication's worth.
    init(receivers: Int, publisher: NIOLoopBound<BenchLoop>) {
        self.receivers = receivers
        self.publisher = publisher
    }

    func countDelivery() {
        let count = self.delivered.wrappingAdd(1, ordering: .relaxed).newValue
        guard count % self.receivers == 0 else { return }
        let publisher = self.publisher
        publisher.eventLoop.execute { publisher.value.publishNext() }
    }
}

/// A message of a fan-out says in its first 16 characters when it was sent, or due, so that every receiver can tell how long it took.
enum FanoutStamp {
    static let length = 16
    private static let digits = Array("0123456789abcdef".utf8)

    static func write(_ time: UInt64, into buffer: inout ByteBuffer) {
        buffer.writeBytes((0..<16).map { self.digits[Int((time >> UInt64(60 - 4 * $0)) & 0x0F)] })
    }

    /// Nil when it is somebody else's message.
    static func read(_ buffer: ByteBuffer) -> UInt64? {
        guard buffer.readableBytes >= self.length else { return nil }
        var time: UInt64 = 0
        for byte in buffer.readableBytesView.prefix(self.length) {
            let digit: UInt8
            switch byte {
            case UInt8(ascii: "0")...UInt8(ascii: "9"): digit = byte &- UInt8(ascii: "0")
            case UInt8(ascii: "a")...UInt8(ascii: "f"): digit = byte &- UInt8(ascii: "a") &+ 10
            default: return nil
            }
            time = time << 4 | UInt64(digit)
        }
        return time
    }
}

/// Fan-out: receives what is published on any connection; the publisher is one of these.
final class FanoutSocket: WebSocketDelegate, LoadSocket {
    private let loop: BenchLoop
    private let state: FanoutState
    private let isPublisher: Bool
    private var connection: WebSocketConnection?
    private let filler: ByteBuffer

    init(loop: BenchLoop, state: FanoutState, isPublisher: Bool) {
        self.loop = loop
        self.state = state
        self.isPublisher = isPublisher
        self.filler = loop.payload.getSlice(at: 0, length: max(loop.plan.size - FanoutStamp.length, 0)) ?? ByteBuffer()
    }

    func opened(_ socket: WebSocketConnection) {
        self.connection = socket
        if self.isPublisher { self.loop.publisher = self }
        self.loop.add(self)
    }

    func closed(_ socket: WebSocketConnection, _ reason: CloseReason) {
        self.loop.remove(self, reason)
        self.connection = nil
    }

    func received(_ payload: ByteBuffer, _ kind: MessageKind, on socket: WebSocketConnection) {
        guard let sent = FanoutStamp.read(payload) else {
            self.loop.wrong += 1
            return
        }
        let now = BenchClock.now()
        self.loop.sample.latencies.recordLatency(now &- min(sent, now))
        self.loop.sample.received += 1
        self.loop.sample.receivedBytes += payload.readableBytes
        self.state.countDelivery()
    }

    func start() {
        guard self.isPublisher else { return }
        for _ in 0..<self.loop.plan.depth { self.send(due: BenchClock.now()) }
    }

    func send(due: UInt64) {
        guard let connection else {
            self.loop.sample.skipped += 1
            return
        }
        var message = ByteBuffer()
        message.reserveCapacity(FanoutStamp.length + self.filler.readableBytes)
        FanoutStamp.write(due, into: &message)
        message.writeImmutableBuffer(self.filler)
        self.loop.sample.sent += 1
        connection.send(message, self.loop.plan.kind)
    }

    func recordUnanswered(now: UInt64) -> Int { 0 }

    func close() {
        self.connection?.close()
    }
}

/// Idle: is there.
final class IdleSocket: WebSocketDelegate, LoadSocket {
    private let loop: BenchLoop
    private var connection: WebSocketConnection?

    init(loop: BenchLoop) {
        self.loop = loop
    }

    func opened(_ socket: WebSocketConnection) {
        self.connection = socket
        self.loop.add(self)
    }

    func closed(_ socket: WebSocketConnection, _ reason: CloseReason) {
        self.loop.remove(self, reason)
        self.connection = nil
    }

    func received(_ payload: ByteBuffer, _ kind: MessageKind, on socket: WebSocketConnection) {
        self.loop.sample.received += 1
        self.loop.sample.receivedBytes += payload.readableBytes
    }

    func start() {}
    func send(due: UInt64) {}
    func recordUnanswered(now: UInt64) -> Int { 0 }

    func close() {
        self.connection?.close()
    }
}
