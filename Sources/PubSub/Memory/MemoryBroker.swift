// Strategy: what is known about a channel is in one of many shards, each with its own locks, so that publishers on different threads
// rarely meet. Nothing here has a thread, a task or a timer: everything happens in the caller's, and what is over is let go when it is
// met or when the owner calls `sweep()`.

import Synchronization

/// The broker of a single node: streams in memory, receivers called by the publisher.
///
/// ```swift
/// let broker = MemoryBroker()
/// broker.start(hub)
/// broker.publish(data, to: "news", PublishOptions(retention: Retention(size: 100, timeToLive: .seconds(300)))) { result in … }
/// ```
///
/// Its memory is bounded by ``Configuration/maximumStreamBytes``: beyond it, streams that nobody has used for longest are forgotten, and
/// begin anew with another epoch. The owner calls ``sweep()`` now and then.
public final class MemoryBroker: ImmediateBroker {
    /// What a broker may use, and its clock.
    public struct Configuration: Sendable {
        /// How many bytes all streams may use. Default 256 MiB.
        public var maximumStreamBytes = 256 << 20
        /// How many bytes all idempotency keys may use; beyond it the oldest are forgotten before their window is over. Default 32 MiB.
        public var maximumIdempotencyBytes = 32 << 20
        /// For how long the version of a channel without history is kept after its last publication. Default 30 days.
        public var versionTimeToLive = Duration.seconds(30 * 24 * 3600)
        /// How many publishers can be at work at the same time, if they publish to different channels. Rounded up to a power of two.
        public var shardCount = 64

        public init() {}
    }

    /// What a broker holds and did, for metrics.
    public struct Counters: Hashable, Sendable {
        /// Streams that there are.
        public var streams = 0
        /// Publications that are kept.
        public var publications = 0
        /// Bytes that streams use, about.
        public var streamBytes = 0
        /// Bytes that idempotency keys use, about.
        public var idempotencyBytes = 0
        /// Streams that were forgotten because memory was short.
        public var evictions: UInt64 = 0
        /// Publications that went because one stream alone was too large.
        public var trimmed: UInt64 = 0
        /// Publications that came twice.
        public var duplicates: UInt64 = 0
        /// Publications whose version was not newer.
        public var oldVersions: UInt64 = 0

        public init() {}
    }

    private let shards: [BrokerShard]
    private let limits: BrokerLimits
    private let now: @Sendable () -> Duration
    private let receiver = Mutex<(any BrokerReceiver)?>(nil)

    /// - Parameters:
    ///   - configuration: what it may use.
    ///   - now: the time since some start, never less than before. Default: the system's continuous clock.
    public init(_ configuration: Configuration = Configuration(), now: (@Sendable () -> Duration)? = nil) {
        var count = 1
        while count < configuration.shardCount, count < 1 << 16 { count *= 2 }
        self.shards = (0..<count).map { _ in BrokerShard() }
        self.limits = BrokerLimits(configuration, shards: count)
        self.now = now ?? Self.continuousClock()
    }

    private static func continuousClock() -> @Sendable () -> Duration {
        let start = ContinuousClock.now
        return { start.duration(to: .now) }
    }

    private func shard(of channel: String) -> BrokerShard {
        shards[channel.hashValue & (shards.count - 1)]
    }

    // MARK: Receiver

    public func start(_ receiver: any BrokerReceiver) {
        self.receiver.withLock { $0 = receiver }
        for shard in shards { shard.start(receiver) }
    }

    /// What is published from now on fails with ``BrokerError/stopped``; streams can still be read.
    public func stop() {
        receiver.withLock { $0 = nil }
        for shard in shards { shard.stop() }
    }

    /// Completes at once: the receiver is told of every channel.
    public func subscribe(_ channel: String, _ completion: @escaping @Sendable (Result<Void, BrokerError>) -> Void) {
        completion(.success(()))
    }

    public func unsubscribe(_ channel: String) {}

    /// Completes at once: the receiver is told of every channel.
    public func subscribe(matching pattern: String, _ completion: @escaping @Sendable (Result<Void, BrokerError>) -> Void) {
        completion(.success(()))
    }

    // MARK: Publishing

    public func publish(
        _ data: [UInt8], to channel: String, _ options: PublishOptions,
        _ completion: @escaping @Sendable (Result<PublishResult, BrokerError>) -> Void
    ) {
        do throws(BrokerError) { completion(.success(try publishAtOnce(data, to: channel, options))) } catch { completion(.failure(error)) }
    }

    public func publishAtOnce(_ data: [UInt8], to channel: String, _ options: PublishOptions) throws(BrokerError) -> PublishResult {
        let now = options.needsState ? Tick(now()) : .zero
        guard let result = shard(of: channel).publish(data, to: channel, options, now, limits) else { throw .stopped }
        if limits.isOverStreamBudget { evict(sparing: channel) }
        return result
    }

    public func publishJoin(_ info: ClientInfo, on channel: String) {
        receiver.withLock { $0 }?.joined(info, on: channel)
    }

    public func publishLeave(_ info: ClientInfo, on channel: String) {
        receiver.withLock { $0 }?.left(info, on: channel)
    }

    // MARK: History

    public func history(
        of channel: String, _ query: HistoryQuery, retention: Retention?,
        _ completion: @escaping @Sendable (Result<History, BrokerError>) -> Void
    ) {
        let now = Tick(now())
        let result = shard(of: channel).withState { $0.history(of: channel, query, retention, now, limits) }
        if limits.isOverStreamBudget { evict(sparing: channel) }
        completion(result)
    }

    public func removeHistory(of channel: String, _ completion: @escaping @Sendable (Result<Void, BrokerError>) -> Void) {
        shard(of: channel).withState { $0.removeHistory(of: channel, limits) }
        completion(.success(()))
    }

    // MARK: Memory

    public func holdGrowth(_ isHeld: Bool) { limits.holdGrowth(isHeld) }

    /// Lets go of publications, positions and keys whose time is over. With a million streams it takes some ten milliseconds; no lock is
    /// held for long.
    public func sweep() {
        let now = Tick(now())
        for shard in shards {
            var next: Int? = 0
            while let start = next { next = shard.withState { $0.sweep(from: start, count: 1024, now, limits) } }
        }
    }

    /// What the broker holds and did.
    public var counters: Counters {
        var sum = Counters()
        for shard in shards {
            shard.withState { state in
                sum.streams += state.streamCount
                sum.streamBytes += state.streamBytes
                sum.idempotencyBytes += state.idempotencyBytes
                sum.publications += state.counters.publications
                sum.evictions &+= state.counters.evictions
                sum.trimmed &+= state.counters.trimmed
                sum.duplicates &+= state.counters.duplicates
                sum.oldVersions &+= state.counters.oldVersions
            }
        }
        return sum
    }

    /// Forgets the streams that were not used for longest, of a few shards in turn: near enough to the oldest of all.
    private func evict(sparing channel: String) {
        let sample = min(8, shards.count)
        var failures = 0
        while limits.isOverStreamBudget {
            let start = limits.nextVictim.add(sample, ordering: .relaxed).newValue
            let candidates = (0..<sample).map { shards[(start &+ $0) & (shards.count - 1)] }
            var victim: (shard: BrokerShard, use: Tick)?
            for shard in candidates {
                guard let use = shard.withState({ $0.oldestUse(sparing: channel) }) else { continue }
                if victim.map({ use < $0.use }) ?? true { victim = (shard, use) }
            }
            if let victim {
                victim.shard.withState { $0.evictOldest(sparing: channel, limits) }
                failures = 0
            } else {
                failures += sample
                // Nowhere is anything but the spared one.
                if failures > shards.count { return shard(of: channel).withState { $0.trim(channel, limits) } }
            }
        }
    }
}
