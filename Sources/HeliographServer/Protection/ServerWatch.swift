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
    private struct Memory {
        /// Nil: memory is not watched.
        var budget: MemoryBudget?
        var ticks = 0
    }

    let watchdog: LoopWatchdog?
    private let memory: Mutex<Memory>
    private let isWatchingMemory: Bool
    private let unreadyAfter: Duration
    private let used: @Sendable () -> Int?
    private let hubs: [Hub]
    private let logger: Logger
    private let usedGauge: Gauge
    private let limitGauge: Gauge
    private let pressureGauge: Gauge
    private let interval: DispatchTimeInterval

    /// - Parameters:
    ///   - hubs: are told how short memory is.
    ///   - system: where the figures come from.
    init(
        _ protection: ServeConfiguration.Protection, _ group: any EventLoopGroup, hubs: [Hub], logger: Logger,
        system: SystemMemory = SystemMemory(), factory: any MetricsFactory = MetricsSystem.factory
    ) {
        self.hubs = hubs
        self.logger = logger
        unreadyAfter = protection.unreadyAfter
        watchdog =
            protection.blockedThreshold == .zero
            ? nil : LoopWatchdog(group, threshold: protection.blockedThreshold, logger: logger, factory: factory)
        let limit = protection.memoryLimit ?? system.limit ?? 0
        let budget = MemoryBudget(limit: limit, softPercent: protection.softPercent, hardPercent: protection.hardPercent)
        isWatchingMemory = limit > 0
        memory = Mutex(Memory(budget: isWatchingMemory ? budget : nil))
        used = { system.used }
        usedGauge = Gauge(label: "process_memory_used_bytes", dimensions: [], factory: factory)
        limitGauge = Gauge(label: "process_memory_limit_bytes", dimensions: [], factory: factory)
        pressureGauge = Gauge(label: "process_memory_pressure", dimensions: [], factory: factory)
        let part = TimeAmount(protection.blockedThreshold).nanoseconds / 4
        interval = .nanoseconds(watchdog == nil ? 250_000_000 : Int(min(max(part, 10_000_000), 250_000_000)))
    }

    func run() async {
        guard watchdog != nil || isWatchingMemory else { return await ended() }
        let timer = DispatchSource.makeTimerSource(queue: DispatchQueue(label: "heliograph.watch", qos: .userInitiated))
        timer.schedule(deadline: .now() + interval, repeating: interval, leeway: .milliseconds(5))
        timer.setEventHandler { [self] in
            watchdog?.look()
            lookAtMemory()
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
    var pressure: MemoryPressure { memory.withLock { $0.budget?.pressure } ?? .none }

    /// Looks how much is used, and has the hubs do what is to be done.
    func lookAtMemory() {
        guard isWatchingMemory, let used = used() else { return }
        let before = pressure
        let (now, limit, ticks) = memory.withLock { memory in
            memory.ticks &+= 1
            return (memory.budget?.use(used) ?? .none, memory.budget?.limit ?? 0, memory.ticks)
        }
        usedGauge.record(used)
        limitGauge.record(limit)
        pressureGauge.record(Int(now.rawValue))
        if now != before { tell(before, now, used, limit) }
        // The slowest readers go about once a second.
        if now != before || (now == .hard && ticks % 4 == 0) { for hub in hubs { hub.memoryPressure = now } }
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
        if let watchdog, unreadyAfter > .zero, watchdog.longest() >= unreadyAfter { return "an event loop is blocked" }
        return nil
    }
}
