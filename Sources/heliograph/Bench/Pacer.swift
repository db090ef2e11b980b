import NIOCore

/// An open loop: fires at its own times, whatever the server does.
///
/// Each message has a time at which it is due, and its latency counts from there. If the server or the generator stalls, the messages that were due
/// meanwhile are sent late, and the delay is in their latency: no "coordinated omission".
final class Pacer {
    /// How many messages are sent in one turn of the loop before answers are read again.
    private static let burst = 1_000

    private let eventLoop: any EventLoop
    private let interval: Double
    private let start: UInt64
    private let fire: (_ number: Int, _ due: UInt64) -> Void
    private var number = 0
    private var timer: Scheduled<Void>?
    private var isStopped = false

    /// - Parameter rate: Messages a second.
    init(eventLoop: any EventLoop, rate: Double, start: UInt64, fire: @escaping (_ number: Int, _ due: UInt64) -> Void) {
        self.eventLoop = eventLoop
        self.interval = 1e9 / rate
        self.start = start
        self.fire = fire
    }

    func run() {
        let now = self.eventLoop.now.uptimeNanoseconds
        var left = Self.burst
        while left > 0, !self.isStopped, self.due <= now {
            self.fire(self.number, self.due)
            self.number += 1
            left -= 1
        }
        self.schedule()
    }

    func stop() {
        self.isStopped = true
        self.timer?.cancel()
    }

    private var due: UInt64 { self.start + UInt64(Double(self.number) * self.interval) }

    private func schedule() {
        guard !self.isStopped else { return }
        let bound = NIOLoopBound(self, eventLoop: self.eventLoop)
        self.timer = self.eventLoop.scheduleTask(deadline: .uptimeNanoseconds(self.due)) { bound.value.run() }
    }
}
