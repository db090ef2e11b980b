import Synchronization

/// Which loops have subscribers of a channel. Asked once for each publication, from any thread.
final class ChannelDirectory: Sendable {
    private struct Interest {
        let loop: HubLoop
        var subscribers: Int
    }

    /// A class, because a `Mutex` can't be copied into an array.
    private final class Shard: Sendable {
        let channels = Mutex<[String: [Interest]]>([:])
    }

    private let shards: [Shard]

    init(shards count: Int = 64) {
        shards = (0..<max(1, count)).map { _ in Shard() }
    }

    private func shard(of channel: String) -> Shard {
        // `Hasher` is seeded for each process: nobody can choose names that all meet in one shard.
        shards[Int(UInt(bitPattern: channel.hashValue) % UInt(shards.count))]
    }

    /// A subscriber more. Returns whether it is the first of this process.
    func add(_ channel: String, on loop: HubLoop) -> Bool {
        shard(of: channel).channels.withLock { channels in
            guard var interests = channels[channel] else {
                channels[channel] = [Interest(loop: loop, subscribers: 1)]
                return true
            }
            if let index = interests.firstIndex(where: { $0.loop === loop }) {
                interests[index].subscribers += 1
            } else {
                interests.append(Interest(loop: loop, subscribers: 1))
            }
            channels[channel] = interests
            return false
        }
    }

    /// A subscriber less. Returns whether it was the last of this process.
    func remove(_ channel: String, on loop: HubLoop) -> Bool {
        shard(of: channel).channels.withLock { channels in
            guard var interests = channels[channel], let index = interests.firstIndex(where: { $0.loop === loop }) else { return false }
            interests[index].subscribers -= 1
            if interests[index].subscribers == 0 { interests.remove(at: index) }
            channels[channel] = interests.isEmpty ? nil : interests
            return interests.isEmpty
        }
    }

    /// Hands something to every loop with subscribers of the channel. The calls for one channel must not overlap, so that all loops get
    /// the same order.
    func forEachLoop(of channel: String, _ body: (HubLoop) -> Void) {
        let interests = shard(of: channel).channels.withLock { $0[channel] }
        for interest in interests ?? [] { body(interest.loop) }
    }

    func subscribers(of channel: String) -> Int {
        shard(of: channel).channels.withLock { $0[channel]?.reduce(0) { $0 + $1.subscribers } ?? 0 }
    }

    /// The channels with subscribers, and how many.
    func channels() -> [String: Int] {
        shards.reduce(into: [:]) { result, shard in
            shard.channels.withLock { channels in
                for (channel, interests) in channels { result[channel] = interests.reduce(0) { $0 + $1.subscribers } }
            }
        }
    }
}
