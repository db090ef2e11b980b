/// What a backend can be told of.
public enum EventType: String, CaseIterable, Hashable, Sendable {
    /// The server has started: whatever an earlier run of it told of connections and channels is over.
    case started
    case connected
    case disconnected
    case subscribed
    case unsubscribed
    /// Subscribers were told that a client has come, in channels with joins and leaves.
    case joined
    case left
    /// A channel has its first subscriber on this process.
    case occupied
    /// A channel has had no subscriber for a while.
    case vacated
    /// Somebody subscribed to a channel that recovers the latest publication, and there is none.
    case cacheEmpty = "cache_empty"
}
