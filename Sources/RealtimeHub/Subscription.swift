import NIOCore
import PubSub
import RealtimeProtocol

/// A session's subscription to a channel.
///
/// `@unchecked Sendable`: everything is touched on the session's loop only; it is handed to closures that come back to that loop.
final class Subscription: @unchecked Sendable {
    // A delivery touches these, of a thousand subscriptions one after the other: they lie together, for the sake of the cache.
    // Strong, as the session lives until its end, when it lets go of its subscriptions.
    let session: Session
    /// What came while the subscription was not complete yet. Nothing of a channel precedes the answer.
    @exclusivity(unchecked) var waiting: [Delivery]? = []
    /// What a slow reader has not had, where the channel's policy keeps it.
    @exclusivity(unchecked) var backlog: [(publication: Publication, origin: String?)] = []
    @exclusivity(unchecked) var isPositioned = false
    /// What the client has, if it is positioned.
    @exclusivity(unchecked) var position = StreamPosition(offset: 0, epoch: "")
    /// The number of the last publication of the class that this one got; nil before.
    @exclusivity(unchecked) var seen: UInt64?

    /// The subscriber class it belongs to, and its place there.
    var subscriberClass: SubscriberClass?
    var index = 0

    let channel: String
    let options: ChannelSettings
    let shard: ChannelShard
    /// The client did not ask for this one: it can't be lost alone (3010 rather than 2500).
    let isServerSide: Bool

    var channelInfo: [UInt8]?
    /// The token that it was made by, if it had one of its own.
    var origin: TokenOrigin?
    /// Set before it joins its class.
    var wantsJoinsAndLeaves = false
    var announcesJoinsAndLeaves = false
    var keepsPresence = false
    /// When the subscription's token is over, in milliseconds since 1970; 0: never.
    var expiresAt: Int64 = 0
    /// The application is asked about it at that time, and not the client.
    var isRefreshedByApplication = false
    var isRefreshing = false
    /// The application was told that there is such a subscription.
    var isTold = false
    var isRecoverable = false
    var usesCompactID = false
    /// Its channel is a pattern of channels.
    let isWildcard: Bool
    var nextPositionCheck = NIODeadline.distantFuture

    init(
        channel: String, session: Session, options: ChannelSettings, shard: ChannelShard, isWildcard: Bool, isServerSide: Bool
    ) {
        self.channel = channel
        self.session = session
        self.options = options
        self.shard = shard
        self.isWildcard = isWildcard
        self.isServerSide = isServerSide
    }

    var isLive: Bool { waiting == nil }

    /// Whether publications may be left out for a slow reader: nobody counts on them, or the latest alone says everything.
    var mayBeConflated: Bool { !isPositioned || options.recoveryMode == .cache }

    enum Admission {
        case next
        /// Had already.
        case stale
        /// Something is missing before it.
        case gap
    }

    /// Takes the position forward.
    func admit(_ publication: Publication) -> Admission {
        // What was published past the history has no place in the stream.
        guard isPositioned, publication.offset != 0 else { return .next }
        if position.epoch.isEmpty { position.epoch = publication.epoch }
        guard publication.epoch == position.epoch else { return .gap }
        if publication.offset <= position.offset { return .stale }
        guard publication.offset == position.offset &+ 1 else { return .gap }
        position.offset = publication.offset
        return .next
    }

    /// What the client may have of the channel from now on. What was published before in this turn is looked at by the new filter too.
    func narrow(to filter: TagsFilter) {
        guard var key = subscriberClass?.key, key.serverFilter != filter else { return }
        key.serverFilter = filter
        shard.remove(self)
        // What its new class has had, it has not.
        seen = nil
        shard.add(self, key)
    }

    /// The client as the others see it.
    var info: ClientInfo {
        ClientInfo(user: session.user, client: session.client, connectionInfo: session.connectionInfo, channelInfo: channelInfo)
    }
}
