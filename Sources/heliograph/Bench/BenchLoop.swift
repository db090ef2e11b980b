import Histogram
import NIOCore
import WebSocketProtocol

/// The time that a generator measures with, in nanoseconds since some fixed moment.
enum BenchClock {
    static func now() -> UInt64 { NIODeadline.now().uptimeNanoseconds }
}

/// Latencies in nanoseconds, with three digits, up to ten minutes.
typealias LatencyHistogram = Histogram<UInt64>

extension LatencyHistogram {
    static let longest: UInt64 = 600_000_000_000

    static func latencies() -> LatencyHistogram {
        LatencyHistogram(highestTrackableValue: Self.longest, numberOfSignificantValueDigits: .three)
    }

    mutating func recordLatency(_ nanoseconds: UInt64) {
        _ = self.record(Swift.min(nanoseconds, Self.longest))
    }
}

/// What happened on one event loop since the figures were last taken.
struct LoopSample: Sendable {
    var latencies = LatencyHistogram.latencies()
    var sent = 0
    var received = 0
    var receivedBytes = 0
    /// Messages that an open loop could not send in time because too many were unanswered.
    var skipped = 0

    mutating func add(_ other: LoopSample) {
        self.latencies.add(other.latencies)
        self.sent += other.sent
        self.received += other.received
        self.receivedBytes += other.receivedBytes
        self.skipped += other.skipped
    }
}

/// One event loop's part in a run: its sockets and its figures. Only used on that loop.
final class BenchLoop {
    let eventLoop: any EventLoop
    let plan: BenchPlan
    let payload: ByteBuffer
    var sample = LoopSample()
    /// Since the beginning of the run, by close code.
    var lost: [UInt16: Int] = [:]
    /// Since the beginning of the run: messages that were not those that were expected.
    var wrong = 0
    var open = 0
    /// Whether the run is under way; sockets that open meanwhile begin at once.
    private(set) var isSending = false
    /// Whether the end has come: closes are no losses from then on.
    private(set) var isClosing = false
    /// Fan-out: the one socket that sends.
    var publisher: (any LoadSocket)?
    private var sockets: [ObjectIdentifier: any LoadSocket] = [:]
    private var pacer: Pacer?

    init(eventLoop: any EventLoop, plan: BenchPlan, payload: ByteBuffer) {
        self.eventLoop = eventLoop
        self.plan = plan
        self.payload = payload
    }

    /// Takes the figures and starts new ones.
    func takeSample() -> LoopSample {
        defer { self.sample = LoopSample() }
        return self.sample
    }

    // MARK: Sockets

    func add(_ socket: any LoadSocket) {
        self.open += 1
        self.sockets[ObjectIdentifier(socket)] = socket
        if self.isSending, self.pacer == nil { socket.start() }
    }

    func remove(_ socket: any LoadSocket, _ reason: CloseReason) {
        guard self.sockets.removeValue(forKey: ObjectIdentifier(socket)) != nil else { return }
        if self.publisher === socket { self.publisher = nil }
        self.open -= 1
        if !self.isClosing { self.lost[reason.code.rawValue, default: 0] += 1 }
    }

    // MARK: The run

    /// - Parameters:
    ///   - rate: Messages a second on this loop; nil: a closed loop.
    ///   - start: When the first one is due.
    func start(rate: Double?, at start: UInt64) {
        self.isSending = true
        let sockets = self.publisher.map { [$0] } ?? Array(self.sockets.values)
        guard let rate else {
            for socket in sockets { socket.start() }
            return
        }
        guard rate > 0, !sockets.isEmpty else { return }
        let pacer = Pacer(eventLoop: self.eventLoop, rate: rate, start: start) { number, due in
            sockets[number % sockets.count].send(due: due)
        }
        self.pacer = pacer
        pacer.run()
    }

    /// Fan-out, closed loop: all have received one more publication.
    func publishNext() {
        if self.isSending, self.plan.rate == nil { self.publisher?.send(due: BenchClock.now()) }
    }

    /// Sends no more; answers still come in.
    func stopSending() {
        self.isSending = false
        self.pacer?.stop()
        self.pacer = nil
    }

    /// What is unanswered at the end has taken at least so long: leaving it out would leave out the worst.
    func recordUnanswered(now: UInt64) -> Int {
        self.sockets.values.reduce(0) { $0 + $1.recordUnanswered(now: now) }
    }

    func closeAll() {
        self.isClosing = true
        for socket in Array(self.sockets.values) { socket.close() }
    }
}

/// A socket of the generator, on its loop.
protocol LoadSocket: AnyObject {
    /// Begins to send as fast as answers come.
    func start()
    /// Sends one message that was to be sent at `due`.
    func send(due: UInt64)
    /// Records what is unanswered; gives their number.
    func recordUnanswered(now: UInt64) -> Int
    func close()
}
