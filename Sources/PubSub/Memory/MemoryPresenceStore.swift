import Synchronization

/// The presence of a single node, in memory. The owner calls ``sweep()`` now and then.
public final class MemoryPresenceStore: PresenceStore {
    private final class Shard: Sendable {
        let channels = Mutex<[String: ChannelPresence]>([:])
    }

    private let shards = (0..<64).map { _ in Shard() }
    private let now: @Sendable () -> Duration

    /// - Parameter now: the time since some start, never less than before. Default: the system's continuous clock.
    public init(now: (@Sendable () -> Duration)? = nil) {
        let start = ContinuousClock.now
        self.now = now ?? { start.duration(to: .now) }
    }

    private func shard(of channel: String) -> Shard {
        shards[channel.hashValue & (shards.count - 1)]
    }

    public func add(
        _ info: ClientInfo, to channel: String, timeToLive: Duration,
        _ completion: @escaping @Sendable (Result<Void, BrokerError>) -> Void
    ) {
        let now = Tick(now())
        shard(of: channel).channels.withLock { channels in
            channels[channel, default: ChannelPresence()].removeExpired(at: now)
            channels[channel, default: ChannelPresence()].add(info, until: now.advanced(by: timeToLive))
        }
        completion(.success(()))
    }

    public func remove(_ client: String, from channel: String, _ completion: @escaping @Sendable (Result<Void, BrokerError>) -> Void) {
        change(channel) { $0.remove(client) }
        completion(.success(()))
    }

    public func members(
        of channel: String, limit: Int, _ completion: @escaping @Sendable (Result<[String: ClientInfo], BrokerError>) -> Void
    ) {
        completion(.success(change(channel) { $0.members(limit: limit) } ?? [:]))
    }

    public func counts(of channel: String, _ completion: @escaping @Sendable (Result<PresenceCounts, BrokerError>) -> Void) {
        completion(.success(change(channel) { $0.counts } ?? PresenceCounts()))
    }

    /// Lets go of those whose time is over, and of channels that nobody is in. Nobody sees them anyway; this gives their memory back.
    public func sweep() {
        let now = Tick(now())
        for shard in shards {
            shard.channels.withLock { channels in
                for name in Array(channels.keys) { Self.change(&channels, name, now) { _ in } }
            }
        }
    }

    /// The number of channels that somebody is in, or was until a short while ago.
    public var channelCount: Int {
        shards.reduce(0) { sum, shard in sum + shard.channels.withLock { $0.count } }
    }

    @discardableResult
    private func change<Result: Sendable>(_ channel: String, _ body: (inout ChannelPresence) -> Result) -> Result? {
        let now = Tick(now())
        return shard(of: channel).channels.withLock { Self.change(&$0, channel, now, body) }
    }

    @discardableResult
    private static func change<Result>(
        _ channels: inout [String: ChannelPresence], _ channel: String, _ now: Tick, _ body: (inout ChannelPresence) -> Result
    ) -> Result? {
        guard let index = channels.index(forKey: channel) else { return nil }
        channels.values[index].removeExpired(at: now)
        let result = body(&channels.values[index])
        if channels.values[index].isEmpty { channels.remove(at: index) }
        return result
    }
}
