/// What is asked of a channel's stream.
public struct HistoryQuery: Hashable, Sendable {
    /// How many publications are wanted.
    public enum Limit: Hashable, Sendable {
        /// The position alone.
        case none
        /// At most so many.
        case count(Int)
        /// All that there are.
        case all
    }

    /// Only what lies beyond this position. Forwards: what is newer; backwards: what is older. An empty epoch means the present one.
    public var since: StreamPosition?
    /// How many publications are wanted.
    public var limit: Limit
    /// Newest first.
    public var isReversed: Bool

    public init(since: StreamPosition? = nil, limit: Limit = .none, isReversed: Bool = false) {
        self.since = since
        self.limit = limit
        self.isReversed = isReversed
    }
}

/// What a channel's stream holds, and where it ends.
public struct History: Hashable, Sendable {
    /// In the order that was asked for. Without gaps, but not from the position that was asked for if what followed it is no longer kept.
    public var publications: [Publication]
    /// The newest publication's, whether it is among `publications` or not.
    public var position: StreamPosition

    public init(publications: [Publication] = [], position: StreamPosition = StreamPosition()) {
        self.publications = publications
        self.position = position
    }
}
