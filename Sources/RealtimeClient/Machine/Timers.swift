/// Deadlines by name. Of a moved deadline the earlier time is forgotten only when it comes: to move one costs nothing.
struct Timers: Sendable {
    enum Key: Hashable, Sendable {
        /// The next attempt to connect.
        case retry
        /// Nothing was heard of the server.
        case silence
        /// The connection's token.
        case expiry
        /// A token that was asked for.
        case token(UInt64)
        /// A command of ours.
        case call(UInt32)
        /// A request of the application.
        case request(UInt64)
        /// The next attempt to subscribe.
        case subscriptionRetry(String)
        /// A subscription's token.
        case subscriptionExpiry(String)
    }

    private var deadlines: [Key: Duration] = [:]
    /// Not later than the next deadline; nil without one.
    private(set) var earliest: Duration?

    mutating func set(_ key: Key, at deadline: Duration) {
        deadlines[key] = deadline
        earliest = earliest.map { min($0, deadline) } ?? deadline
    }

    mutating func cancel(_ key: Key) {
        deadlines.removeValue(forKey: key)
    }

    /// Those whose time has come, in the order of their times.
    mutating func takeDue(at now: Duration) -> [Key] {
        guard let earliest, earliest <= now else { return [] }
        let due = deadlines.filter { $0.value <= now }.sorted { $0.value < $1.value }
        for (key, _) in due { deadlines.removeValue(forKey: key) }
        self.earliest = deadlines.values.min()
        return due.map(\.key)
    }

    func isSet(_ key: Key) -> Bool { deadlines[key] != nil }

    func deadline(of key: Key) -> Duration? { deadlines[key] }
}
