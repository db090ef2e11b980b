// Strategy: every loop is asked for a sign of life, by something that is no loop: a timer's thread. A loop that does not give it is at work on something that
// should not be there. Nothing is done about it but to say so: what is stuck may come free, and ending the process would end the other loops too.

import CoreMetrics
import Logging
import NIOCore
import Synchronization

/// Notices event loops that do one thing for too long. Their names and figures are in `Docs/metrics.md`.
final class LoopWatchdog: Sendable {
    private final class Heart: Sendable {
        let loop: any EventLoop
        let number: Int
        /// When it was asked, in nanoseconds; 0: it has answered.
        let askedAt = Atomic<UInt64>(0)
        /// How long it was blocked when that was last told, in nanoseconds; 0: it is not.
        let told = Atomic<UInt64>(0)

        init(_ loop: any EventLoop, number: Int) {
            self.loop = loop
            self.number = number
        }
    }

    private let hearts: [Heart]
    private let thresholdInNanoseconds: Atomic<UInt64>
    private let logger: Logger
    private let blocked: Counter
    private let blockedNow: Meter
    private let durations: CoreMetrics.Timer

    /// - Parameter threshold: how long a loop may take to answer; zero: for as long as it likes.
    init(_ group: any EventLoopGroup, threshold: Duration, logger: Logger, factory: any MetricsFactory = MetricsSystem.factory) {
        hearts = group.makeIterator().enumerated().map { Heart($0.element, number: $0.offset) }
        thresholdInNanoseconds = Atomic(UInt64(clamping: TimeAmount(threshold).nanoseconds))
        self.logger = logger
        blocked = Counter(label: "event_loop_blocked_total", dimensions: [], factory: factory)
        blockedNow = Meter(label: "event_loops_blocked", dimensions: [], factory: factory)
        durations = CoreMetrics.Timer(
            label: "event_loop_blocked_seconds", dimensions: [], preferredDisplayUnit: .seconds, factory: factory)
    }

    /// How long a loop may take to answer; zero: for as long as it likes.
    var threshold: Duration {
        get { .nanoseconds(Int64(clamping: thresholdInNanoseconds.load(ordering: .relaxed))) }
        set { thresholdInNanoseconds.store(UInt64(clamping: TimeAmount(newValue).nanoseconds), ordering: .relaxed) }
    }

    /// Looks at all loops. A few times within the threshold, from one thread.
    func look(at now: NIODeadline = .now()) {
        guard threshold > .zero else { return }
        for heart in hearts { look(at: heart, now.uptimeNanoseconds) }
    }

    private func look(at heart: Heart, _ now: UInt64) {
        let askedAt = heart.askedAt.load(ordering: .acquiring)
        guard askedAt != 0 else { return ask(heart, now) }
        let duration = now > askedAt ? now - askedAt : 0
        let told = heart.told.load(ordering: .relaxed)
        // Once, and again each time that it has lasted twice as long.
        guard duration >= max(thresholdInNanoseconds.load(ordering: .relaxed), told.multipliedReportingOverflow(by: 2).partialValue) else {
            return
        }
        if told == 0 {
            blocked.increment()
            blockedNow.increment()
        }
        heart.told.store(duration, ordering: .relaxed)
        logger.warning("an event loop is blocked", metadata: ["loop": "\(heart.number)", "seconds": "\(Self.seconds(duration))"])
    }

    private func ask(_ heart: Heart, _ now: UInt64) {
        heart.askedAt.store(max(1, now), ordering: .releasing)
        heart.loop.execute { [self] in answered(heart, NIODeadline.now().uptimeNanoseconds) }
    }

    /// On the loop.
    private func answered(_ heart: Heart, _ now: UInt64) {
        let askedAt = heart.askedAt.exchange(0, ordering: .acquiringAndReleasing)
        guard heart.told.exchange(0, ordering: .relaxed) > 0 else { return }
        let duration = now > askedAt ? now - askedAt : 0
        blockedNow.decrement()
        durations.recordNanoseconds(Int64(clamping: duration))
        logger.warning("an event loop was blocked", metadata: ["loop": "\(heart.number)", "seconds": "\(Self.seconds(duration))"])
    }

    private static func seconds(_ nanoseconds: UInt64) -> Double { Double(nanoseconds / 1_000_000) / 1_000 }

    /// How long the loop that has been blocked for longest has been; zero: none is.
    func longest(at now: NIODeadline = .now()) -> Duration {
        let longest = hearts.map { heart in
            let askedAt = heart.askedAt.load(ordering: .relaxed)
            return heart.told.load(ordering: .relaxed) > 0 && askedAt > 0 && now.uptimeNanoseconds > askedAt
                ? now.uptimeNanoseconds - askedAt : 0
        }.max()
        return .nanoseconds(Int64(clamping: longest ?? 0))
    }
}
