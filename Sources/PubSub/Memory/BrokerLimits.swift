import Synchronization

/// What all shards of a broker have in common: how much memory they may use and how much they do.
///
/// Each shard counts for itself and tells the sum here only when it differs by more than the grain, so that publishers on different cores
/// don't fight for one cache line.
final class BrokerLimits: Sendable {
    let streamBudget: Int
    let idempotencyBudget: Int
    let grain: Int
    /// For how long the version of a channel without history is kept.
    let versionLifetime: Duration
    let streamBytes = Atomic<Int>(0)
    let idempotencyBytes = Atomic<Int>(0)
    /// What streams may use while nothing is to grow.
    private let ceiling = Atomic<Int>(.max)
    /// Where the next search for an idle stream begins.
    let nextVictim = Atomic<Int>(0)

    init(_ configuration: MemoryBroker.Configuration, shards: Int) {
        self.streamBudget = configuration.maximumStreamBytes
        self.idempotencyBudget = configuration.maximumIdempotencyBytes
        self.grain = min(4096, min(streamBudget, idempotencyBudget) / (shards * 8))
        self.versionLifetime = configuration.versionTimeToLive
    }

    var isOverStreamBudget: Bool {
        let bytes = streamBytes.load(ordering: .relaxed)
        return bytes > streamBudget || bytes > ceiling.load(ordering: .relaxed)
    }
    /// From now on there is no more than there is now.
    func holdGrowth(_ isHeld: Bool) {
        ceiling.store(isHeld ? max(streamBytes.load(ordering: .relaxed), Self.smallest) : .max, ordering: .relaxed)
    }

    /// Less is no burden, and every channel needs something.
    private static let smallest = 1 << 20

    var isOverIdempotencyBudget: Bool { idempotencyBytes.load(ordering: .relaxed) > idempotencyBudget }
}
