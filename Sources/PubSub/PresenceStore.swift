/// How many are in a channel.
public struct PresenceCounts: Hashable, Sendable {
    /// How many clients, which are connections.
    public var clients: Int
    /// How many users; all anonymous clients count as one.
    public var users: Int

    public init(clients: Int = 0, users: Int = 0) {
        self.clients = clients
        self.users = users
    }
}

/// Who is in which channel, on all nodes.
///
/// An entry must be added again before its time is over; so those of a node that is gone vanish by themselves. A port in completion style,
/// as ``Broker`` is; `PresenceContract` in `PubSubTesting` checks what holds for every store.
public protocol PresenceStore: AnyObject, Sendable {
    /// Adds the client, or keeps it for longer, with what is now known about it.
    func add(
        _ info: ClientInfo, to channel: String, timeToLive: Duration,
        _ completion: @escaping @Sendable (Result<Void, BrokerError>) -> Void)

    /// Removes the client.
    func remove(_ client: String, from channel: String, _ completion: @escaping @Sendable (Result<Void, BrokerError>) -> Void)

    /// Who is in the channel, by the names of the clients. At most so many as the limit says, any of them: the whole of a large channel
    /// is costly to everyone who asks.
    func members(
        of channel: String, limit: Int, _ completion: @escaping @Sendable (Result<[String: ClientInfo], BrokerError>) -> Void)

    /// How many are in the channel.
    func counts(of channel: String, _ completion: @escaping @Sendable (Result<PresenceCounts, BrokerError>) -> Void)

    /// Lets go of those whose time is over. Nobody sees them anyway; this gives their memory back. The hub calls it every ten seconds or so;
    /// a store whose memory is elsewhere has nothing to do.
    func sweep()
}

extension PresenceStore {
    public func sweep() {}

    /// Adds the client, or keeps it for longer.
    public func add(_ info: ClientInfo, to channel: String, timeToLive: Duration = .seconds(60)) async throws(BrokerError) {
        try await withCheckedContinuation { continuation in
            add(info, to: channel, timeToLive: timeToLive) { continuation.resume(returning: $0) }
        }.get()
    }

    /// Removes the client.
    public func remove(_ client: String, from channel: String) async throws(BrokerError) {
        try await withCheckedContinuation { continuation in remove(client, from: channel) { continuation.resume(returning: $0) } }.get()
    }

    /// Who is in the channel, by the names of the clients.
    public func members(of channel: String, limit: Int = .max) async throws(BrokerError) -> [String: ClientInfo] {
        try await withCheckedContinuation { continuation in
            members(of: channel, limit: limit) { continuation.resume(returning: $0) }
        }.get()
    }

    /// How many are in the channel.
    public func counts(of channel: String) async throws(BrokerError) -> PresenceCounts {
        try await withCheckedContinuation { continuation in counts(of: channel) { continuation.resume(returning: $0) } }.get()
    }
}
