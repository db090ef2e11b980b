/// Which connections are asked for. What is not set leaves none out.
public struct ConnectionQuery: Hashable, Sendable {
    /// Part of the id, the user's name, the peer's address or what the client says that it is; byte by byte.
    public var text = ""
    /// Whose connections, exactly. Empty: those of anonymous users.
    public var user: String?
    /// What they are subscribed to, exactly.
    public var channel: String?
    /// ``ConnectionPage/next`` of the page before; nil: the first page. What is no such text gives the first page too.
    public var after: String?
    /// How many make a page: 1 to 1,000. Default 50.
    public var limit = 50

    public init(text: String = "", user: String? = nil, channel: String? = nil, after: String? = nil, limit: Int = 50) {
        self.text = text
        self.user = user
        self.channel = channel
        self.after = after
        self.limit = limit
    }
}

/// Some of the connections of this process, the newest first.
public struct ConnectionPage: Hashable, Sendable {
    public var connections: [ConnectionInfo]
    /// How many there are on all pages.
    public var count: Int
    /// Where the next page begins; nil after the last. Connections that come later do not move what is on the pages after it.
    public var next: String?

    public init(connections: [ConnectionInfo] = [], count: Int = 0, next: String? = nil) {
        self.connections = connections
        self.count = count
        self.next = next
    }
}

/// The place of a connection in the order: the newest first.
struct ConnectionPlace: Comparable, Sendable {
    let connectedAt: Int64
    let client: String

    init(_ session: Session) {
        connectedAt = session.connectedAt
        client = session.client
    }

    init?(_ text: String) {
        let parts = text.split(separator: "-", maxSplits: 1)
        guard parts.count == 2, let time = Int64(parts[0]) else { return nil }
        connectedAt = time
        client = String(parts[1])
    }

    var text: String { "\(connectedAt)-\(client)" }

    static func < (one: ConnectionPlace, other: ConnectionPlace) -> Bool {
        one.connectedAt == other.connectedAt ? one.client < other.client : one.connectedAt > other.connectedAt
    }
}

/// What one loop has of a page.
struct ConnectionMatches: Sendable {
    private let query: ConnectionQuery
    private let text: SearchText
    private let start: ConnectionPlace?
    private(set) var page: FirstFew<ConnectionPlace, ConnectionInfo>
    private(set) var count = 0

    init(_ query: ConnectionQuery) {
        self.query = query
        text = SearchText(query.text)
        start = query.after.flatMap(ConnectionPlace.init)
        page = FirstFew(min(max(query.limit, 1), 1_000))
    }

    mutating func look(at session: Session) {
        guard matches(session) else { return }
        count += 1
        let place = ConnectionPlace(session)
        guard start.map({ $0 < place }) ?? true else { return }
        page.add(place, ConnectionInfo(session))
    }

    private func matches(_ session: Session) -> Bool {
        if let user = query.user, session.user != user { return false }
        if let channel = query.channel, session.subscriptions[channel] == nil { return false }
        // The address last: it has to be asked for.
        return text.isIn(session.client) || text.isIn(session.user) || text.isIn(session.clientName)
            || text.isIn(session.transport.remoteAddress ?? "")
    }

    mutating func add(_ other: ConnectionMatches) {
        count += other.count
        page.add(other.page)
    }

    var result: ConnectionPage {
        ConnectionPage(connections: page.entries.map(\.element), count: count, next: page.hasMore ? page.entries.last?.key.text : nil)
    }
}
