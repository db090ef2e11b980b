import NIOCore

/// The channels and connections with most to say, on this process, within a while.
public struct TopTalkers: Sendable {
    public struct Channel: Sendable, Identifiable {
        public var name: String
        /// Publications handed to its subscribers, in a second.
        public var deliveries: Double
        /// Turns in which a loop had something of it to hand out, in a second: at most so many publications, fewer if several came at once.
        public var turns: Double

        public var id: String { name }
    }

    public struct Connection: Sendable, Identifiable {
        public var client: String
        /// Empty: anonymous, or gone.
        public var user: String
        /// Commands that came from it, in a second.
        public var commands: Double

        public var id: String { client }
    }

    /// Those with most deliveries first.
    public var channels: [Channel] = []
    /// Those with most commands first.
    public var connections: [Connection] = []

    public init(channels: [Channel] = [], connections: [Connection] = []) {
        self.channels = channels
        self.connections = connections
    }
}

/// Who talks on one loop: counted only while somebody asks.
///
/// On its loop only.
final class TalkerCounts {
    struct Window: Sendable {
        var seconds = 0.0
        var channels = HeavyHitters()
        var clients = HeavyHitters()
        /// Of those clients.
        var users: [String: String] = [:]
    }

    private static let shortest = TimeAmount.milliseconds(900)
    private static let patience = TimeAmount.seconds(10)

    @exclusivity(unchecked) private var current = Window()
    private var last = Window()
    private var start: NIODeadline
    private var asked: NIODeadline

    init(_ now: NIODeadline) {
        (start, asked) = (now, now)
    }

    func handedOut(_ channel: String, deliveries: Int) {
        current.channels.add(channel, deliveries)
    }

    func received(_ client: String) {
        current.clients.add(client, 1)
    }

    /// Whether nobody has asked for a while.
    func isForgotten(_ now: NIODeadline) -> Bool { now - asked > Self.patience }

    /// The last window that was long enough. All who ask within a second get the same.
    func window(_ now: NIODeadline, user: (String) -> String?) -> Window {
        asked = now
        guard now - start >= Self.shortest else { return last }
        last = current
        last.seconds = Double((now - start).nanoseconds) / 1e9
        for entry in last.clients.entries { last.users[entry.key] = user(entry.key) }
        current = Window()
        start = now
        return last
    }
}

extension Hub {
    /// The channels and connections with most to say since the last call, or within the last second.
    ///
    /// The loops count only while this is called at least every ten seconds, so the first call finds nothing. They count at most 128 of a kind each:
    /// who has less than a part in 128 of all may be missing.
    ///
    /// - Parameter limit: so many at most of a kind. Default 20.
    public func topTalkers(limit: Int = 20) async -> TopTalkers {
        var channels: [String: TopTalkers.Channel] = [:]
        var connections: [TopTalkers.Connection] = []
        for loop in allLoops {
            let window = await loop.ask { $0.talkerWindow() }
            guard window.seconds > 0 else { continue }
            for entry in window.channels.entries {
                let known = channels[entry.key] ?? TopTalkers.Channel(name: entry.key, deliveries: 0, turns: 0)
                channels[entry.key] = TopTalkers.Channel(
                    name: entry.key, deliveries: known.deliveries + Double(entry.count) / window.seconds,
                    turns: max(known.turns, Double(entry.times) / window.seconds))
            }
            connections += window.clients.entries.map {
                TopTalkers.Connection(client: $0.key, user: window.users[$0.key] ?? "", commands: Double($0.count) / window.seconds)
            }
        }
        let limit = max(0, limit)
        return TopTalkers(
            channels: Array(channels.values.sorted { ($1.deliveries, $0.name) < ($0.deliveries, $1.name) }.prefix(limit)),
            connections: Array(connections.sorted { ($1.commands, $0.client) < ($0.commands, $1.client) }.prefix(limit)))
    }
}

extension HubLoop {
    fileprivate func talkerWindow() -> TalkerCounts.Window {
        let now = eventLoop.now
        guard let talkers else {
            talkers = TalkerCounts(now)
            return TalkerCounts.Window()
        }
        return talkers.window(now) { session(of: $0)?.user }
    }
}
