// Strategy: a channel belongs to one shard, and a shard has two locks. The turn is held while one publication is accepted and the receiver
// is told of it; that is what makes the order. The state is held only for as long as the streams are touched, so that history is read
// while the receiver is busy, and a receiver may ask for it.

import Synchronization

/// The channels that have the same place in the table of locks.
final class BrokerShard: Sendable {
    private struct Turn {
        var receiver: (any BrokerReceiver)?
        var isStopped = false
    }

    private let turn = Mutex(Turn())
    private let state = Mutex(ShardState())

    func start(_ receiver: any BrokerReceiver) {
        turn.withLock { $0 = Turn(receiver: receiver) }
    }

    /// Returns when no call is going on.
    func stop() {
        turn.withLock { $0 = Turn(isStopped: true) }
    }

    /// - Returns: nil: it is stopped, and nothing was published.
    func publish(_ data: [UInt8], to channel: String, _ options: PublishOptions, _ now: Tick, _ limits: BrokerLimits) -> PublishResult? {
        turn.withLock { turn in
            guard !turn.isStopped else { return nil }
            let receiver = turn.receiver
            var publication = Publication(
                data: data, info: options.info, tags: options.tags, time: options.time, version: options.version)
            guard options.needsState else {
                receiver?.published(publication, on: channel, delta: nil, excluding: options.excludedClient)
                return PublishResult()
            }
            var base: Publication?
            let result = state.withLock { $0.accept(&publication, &base, channel, options, now, limits) }
            if result.suppression == nil {
                receiver?.published(publication, on: channel, delta: base, excluding: options.excludedClient)
            }
            return result
        }
    }

    func withState<Result: Sendable>(_ body: (inout sending ShardState) -> Result) -> Result {
        state.withLock { body(&$0) }
    }
}

extension PublishOptions {
    /// Whether anything is to be looked up or kept.
    var needsState: Bool { retention != nil || version > 0 || idempotencyKey != nil }
}
