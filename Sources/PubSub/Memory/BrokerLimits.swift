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
    /// Where the next search for an idle stream begins.
    let nextVictim = Atomic<Int>(0)

    init(_ configuration: MemoryBroker.Configuration, shards: Int) {
        self.streamBudget = configuration.maximumStreamBytes
        self.idempotencyBudget = configuration.maximumIdempotencyBytes
        self.grain = min(4096, min(streamBudget, idempotencyBudget) / (shards * 8))
        self.versionLifetime = configuration.versionTimeToLive
    }

    var isOverStreamBudget: Bool { streamBytes.load(ordering: .relaxed) > streamBudget }
    var isOverIdempotencyBudget: Bool { idempotencyBytes.load(ordering: .relaxed) > idempotencyBudget }
}
