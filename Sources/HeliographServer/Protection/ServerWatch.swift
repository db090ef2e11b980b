import CAllocator
import CoreMetrics
import Dispatch
import Logging
import NIOCore
import RealtimeHub
import ServiceLifecycle
import Synchronization

/// Watches the process while it runs: its memory and its event loops. On a thread of its own, since the loops are what it watches.
final class ServerWatch: Service {
    private struct State {
        /// Nil: memory is not watched.
        var budget: MemoryBudget?
        var ticks = 0
        /// The budget is another one than at the last look.
        var isNew = false
        var unreadyAfter: Duration
        /// How often all is looked at.
        var interval: DispatchTimeInterval
        /// The interval is another one than the timer's.
        var isRescheduled = false
    }

    let watchdog: LoopWatchdog
    private let state: Mutex<State>
    private let systemLimit: Int?
    private let used: @Sendable () -> Int?
    private let hubs: [Hub]
    private let logger: Logger
    private let usedGauge: Gauge
    private let limitGauge: Gauge
    private let pressureGauge: Gauge

    /// - Parameters:
    ///   - hubs: are told how short memory is.
    ///   - system: where the figures come from.
    init(
        _ protection: ServeConfiguration.Protection, _ group: any EventLoopGroup, hubs: [Hub], logger: Logger,
        system: SystemMemory = SystemMemory(), factory: any MetricsFactory = MetricsSystem.factory
    ) {
        self.hubs = hubs
        self.logger = logger
        watchdog = LoopWatchdog(group, threshold: protection.blockedThreshold, logger: logger, factory: factory)
        systemLimit = system.limit
        state = Mutex(
            State(
                budget: Self.budget(protection, systemLimit), unreadyAfter: protection.unreadyAfter, interval: Self.interval(protection)))
        used = { system.used }
        usedGauge = Gauge(label: "process_memory_used_bytes", dimensions: [], factory: factory)
        limitGauge = Gauge(label: "process_memory_limit_bytes", dimensions: [], factory: factory)
        pressureGauge = Gauge(label: "process_memory_pressure", dimensions: [], factory: factory)
    }

    private static func budget(_ protection: ServeConfiguration.Protection, _ systemLimit: Int?) -> MemoryBudget? {
        let limit = protection.memoryLimit ?? systemLimit ?? 0
        guard limit > 0 else { return nil }
        return MemoryBudget(limit: limit, softPercent: protection.softPercent, hardPercent: protection.hardPercent)
    }

    /// A few times within the threshold.
    private static func interval(_ protection: ServeConfiguration.Protection) -> DispatchTimeInterval {
        let part = TimeAmount(protection.blockedThreshold).nanoseconds / 4
        return .nanoseconds(part == 0 ? 250_000_000 : Int(min(max(part, 10_000_000), 250_000_000)))
    }

    /// Watches by another configuration from now on.
    func take(_ protection: ServeConfiguration.Protection) {
        watchdog.threshold = protection.blockedThreshold
        state.withLock { state in
            state.unreadyAfter = protection.unreadyAfter
            let interval = Self.interval(protection)
            if interval != state.interval { (state.interval, state.isRescheduled) = (interval, true) }
            let budget = Self.budget(protection, systemLimit)
            guard state.budget?.isSame(as: budget) != true else { return }
            (state.budget, state.isNew) = (budget, true)
        }
    }

    func run() async {
        let timer = DispatchSource.makeTimerSource(queue: DispatchQueue(label: "heliograph.watch", qos: .userInitiated))
        let schedule = { (timer: any DispatchSourceTimer, interval: DispatchTimeInterval) in
            timer.schedule(deadline: .now() + interval, repeating: interval, leeway: .milliseconds(5))
        }
        schedule(timer, state.withLock { $0.interval })
        timer.setEventHandler { [self] in
            watchdog.look()
            lookAtMemory()
            let new = state.withLock { state -> DispatchTimeInterval? in
                defer { state.isRescheduled = false }
                return state.isRescheduled ? state.interval : nil
            }
            if let new { schedule(timer, new) }
        }
        timer.activate()
        await ended()
        timer.cancel()
    }

    /// A service that ends before the others ends them all.
    private func ended() async {
        await cancelWhenGracefulShutdown {
            while !Task.isCancelled { try? await Task.sleep(for: .seconds(3_600)) }
        }
    }

    // MARK: Memory

    /// How short it is, by what was last seen.
    var pressure: MemoryPressure { state.withLock { $0.budget?.pressure } ?? .none }

    /// Looks how much is used, and has the hubs do what is to be done.
    func lookAtMemory() {
        let (isWatched, isNew) = state.withLock { state in
            defer { state.isNew = false }
            return (state.budget != nil, state.isNew)
        }
        guard isWatched, let used = used() else {
            if isNew { for hub in hubs { hub.memoryPressure = .none } }
            return
        }
        let before = pressure
        let (now, limit, ticks) = state.withLock { state in
            state.ticks &+= 1
            return (state.budget?.use(used) ?? .none, state.budget?.limit ?? 0, state.ticks)
        }
        usedGauge.record(used)
        limitGauge.record(limit)
        pressureGauge.record(Int(now.rawValue))
        if now != before { tell(before, now, used, limit) }
        // The slowest readers go about once a second.
        if now != before || isNew || (now == .hard && ticks % 4 == 0) { for hub in hubs { hub.memoryPressure = now } }
        // What was freed is kept by the allocator, and counts as used.
        if now != .none, now != before || ticks % 40 == 0 { callocator_trim() }
    }

    private func tell(_ before: MemoryPressure, _ now: MemoryPressure, _ used: Int, _ limit: Int) {
        let metadata: Logger.Metadata = ["used": "\(used)", "limit": "\(limit)", "pressure": "\(now)"]
        if now > before {
            logger.warning("memory is short", metadata: metadata)
        } else {
            logger.notice("memory is less short", metadata: metadata)
        }
    }

    // MARK: Readiness

    /// Why no new connections should come here; nil: they may.
    var problem: String? {
        if pressure > .none { return "memory is short" }
        let unreadyAfter = state.withLock { $0.unreadyAfter }
        if unreadyAfter > .zero, watchdog.longest() >= unreadyAfter { return "an event loop is blocked" }
        return nil
    }
}
