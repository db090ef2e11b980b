public import RealtimeProtocol

/// Limits and times of a hub. The defaults are the protocol's (`Docs/` has the table).
public struct HubConfiguration: Sendable {
    /// How often a client is pinged. Whole seconds; zero sends no pings.
    public var pingInterval: Duration = .seconds(25)
    /// How long a client may take to answer a ping, before it is disconnected with 3012.
    public var pongTimeout: Duration = .seconds(8)
    /// How long a connection may take to connect, before it is disconnected with 3502.
    public var staleTimeout: Duration = .seconds(10)
    /// How long a connection outlives its token without a new one, before it is disconnected with 3005.
    public var expiredCloseDelay: Duration = .seconds(25)
    /// The same of a subscription, before the client is unsubscribed with 2501.
    public var expiredSubscriptionCloseDelay: Duration = .seconds(25)

    /// The bytes that may wait for one client, before its channels' policy for slow readers applies.
    public var maxBufferedBytes = 1 << 20
    /// The bytes that a client may have sent while one of its commands is being decided on. Reading stops long before.
    public var maxWaitingBytes = 256 << 10
    public var maxChannelsPerClient = 128
    /// So many different patterns at most have subscribers (``ChannelSettings/allowWildcards``): each is compared with the name of a channel.
    public var maxWildcardPatterns = 1_000
    /// So many commands at most may a client send within a second, before it is disconnected with 3013. 0: as many as it likes.
    public var maxCommandsPerSecond = 50_000
    /// A client that shows so many subscription tokens that are no good is disconnected with 3509. Expired ones do not count.
    public var maxBadTokens = 3
    /// So many tokens, logins and users at most are known as revoked (``Hub/revoke(_:until:)``).
    public var maxRevocations = 100_000
    /// So many messages at most are put into one frame.
    public var maxMessagesInBatch = 16

    /// So many publications at most are recovered on subscribing; who missed more is not recovered.
    public var maxRecoveredPublications = 300
    /// So many publications at most are in an answer to a history request.
    public var maxHistoryPublications = 300
    /// So many publications at most are kept for a slow reader of a pattern whose channels keep the latest: one of each channel.
    public var maxKeptPublications = 1_000
    /// So many publications at most wait for a subscription that is not complete yet.
    public var maxPublicationsWhileSubscribing = 1_024

    /// So many publications of one channel at most are handed out in one turn of a loop: those of other channels have their turn before the rest.
    public var maxPublicationsPerTurn = 64
    /// So many publications at most wait on one loop to be handed out, when more is published than it can send. What comes beyond is dropped, and
    /// positioned subscribers are told that they missed it.
    public var maxWaitingDeliveries = 65_536

    /// What clients may take: rates, numbers of connections and subscriptions, and connects at the same time.
    public var limits = HubLimits()

    /// How often a client's presence is renewed, and how long it lasts if it is not.
    public var presenceInterval: Duration = .seconds(27)
    public var presenceTimeToLive: Duration = .seconds(60)
    /// How often the position of a quiet, positioned subscription is compared with the broker's.
    public var positionCheckInterval: Duration = .seconds(40)

    /// What a connection that only listens is closed with when its connect is refused with an error, by the error's code. Default: 3005 for 109 and 110, 3507 for 103, 3013 for
    /// 111, and 3004 for all others.
    public var unidirectionalRefusals: [UInt32: DisconnectCode] = [:]

    /// Whether a client may connect without a token, as the user with the empty name.
    public var allowsAnonymousConnections = false
    /// Whether every user is subscribed on connecting to a channel of its own, ``PersonalChannel``; nil: no.
    public var personalChannel: PersonalChannel?
    /// Whether the answer to connect has the server's time.
    public var sendsServerTime = false
    /// The version of the application, which clients are told. Default: none.
    public var serverVersion = ""

    /// Over what time the streams of an event loop are ended when the server shuts down: every 100 ms as many as are needed for that, but 50 at
    /// least. (Sockets have `WebSocketConfiguration.shutdownWindow`.) Default 2 s.
    public var shutdownWindow: Duration = .seconds(2)

    /// Milliseconds since 1970.
    public var now: @Sendable () -> Int64 = { systemMilliseconds() }

    public init() {}
}

/// A channel for each user: the user's name behind the boundary of users, as in `#42`, in a namespace if there is one (`personal:#42`). Whoever
/// has a user's name can reach all of its connections by it.
public struct PersonalChannel: Hashable, Sendable {
    /// Nil: in none.
    public var namespace: String?

    public init(namespace: String? = nil) {
        self.namespace = namespace
    }
}
