// Strategy: one table in many shards, each with two locks. The turn is held while a channel's first subscriber comes or its last one goes and
// the broker is told so: the broker hears it in the order in which it happened. The table is held for moments only, and never while somebody
// else's code runs.

import PubSub
import Synchronization

/// Which loops have subscribers of a channel, and whether the broker sends it to us. Asked once for each publication, from any thread.
final class ChannelDirectory: Sendable {
    typealias Completion = @Sendable (Result<Void, BrokerError>) -> Void

    private let shards: [DirectoryShard]

    init(shards count: Int = 64) {
        shards = (0..<max(1, count)).map { _ in DirectoryShard() }
    }

    private func shard(of channel: String) -> DirectoryShard {
        // `Hasher` is seeded for each process: nobody can choose names that all meet in one shard.
        shards[Int(UInt(bitPattern: channel.hashValue) % UInt(shards.count))]
    }

    /// A subscriber more.
    ///
    /// - Parameters:
    ///   - ask: asks the broker for the channel; called for the first subscriber, or when the last asking failed.
    ///   - completion: called, on any thread, when the broker sends us the channel; before this returns, if it does already.
    func join(_ channel: String, _ sink: any DeliverySink, ask: (@escaping Completion) -> Void, _ completion: @escaping Completion) {
        let shard = shard(of: channel)
        let answer = shard.turn.withLock { _ -> Result<Void, BrokerError>? in
            switch shard.add(channel, sink, completion) {
            case .ready: return .success(())
            case .waits: return nil
            case .first:
                let call = BrokerCall()
                ask { answer in
                    guard call.isLate(answer) else { return }
                    for waiter in shard.answered(channel, answer) { waiter(answer) }
                    completion(answer)
                }
                // Nobody else can wait already: their turn has not come.
                guard let answer = call.returned() else { return nil }
                _ = shard.answered(channel, answer)
                return answer
            }
        }
        if let answer { completion(answer) }
    }

    /// A subscriber less.
    ///
    /// - Parameter forget: tells the broker that the channel is no longer wanted; called for the last one.
    func leave(_ channel: String, _ sink: any DeliverySink, forget: () -> Void) {
        let shard = shard(of: channel)
        shard.turn.withLock { _ in
            if shard.remove(channel, sink) { forget() }
        }
    }

    /// Hands something to everyone who has subscribers of the channel. The calls for one channel must not overlap, so that all get the same
    /// order.
    func forEachSink(of channel: String, _ body: (any DeliverySink) -> Void) {
        for interest in shard(of: channel).interests(in: channel) { body(interest.sink) }
    }

    func subscribers(of channel: String) -> Int {
        shard(of: channel).interests(in: channel).reduce(0) { $0 + $1.subscribers }
    }

    /// How many channels have subscribers.
    var count: Int { shards.reduce(0) { $0 + $1.count } }

    /// How many subscribers all channels have.
    var subscriptions: Int { shards.reduce(0) { $0 + $1.subscriptions } }

    /// Gives the channels with subscribers, a part of them at a time; nobody waits meanwhile.
    func forEachShard(_ body: ([ChannelSummary]) -> Void) {
        for shard in shards { body(shard.summaries()) }
    }

    /// Of how many parts the directory is.
    var partCount: Int { shards.count }

    func part(_ index: Int) -> [ChannelSummary] { shards[index].summaries() }

    /// The channels with subscribers, and how many.
    func channels() -> [String: Int] {
        shards.reduce(into: [:]) { $1.count(into: &$0) }
    }
}
