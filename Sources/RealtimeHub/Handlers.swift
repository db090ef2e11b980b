public import NIOCore
public import RealtimeProtocol

/// A client that wants something is refused.
public enum HubRefusal: Error, Hashable, Sendable {
    /// The command is answered with this error; the connection goes on.
    case error(Wire.ErrorReply.Code)
    /// The connection ends.
    case disconnect(DisconnectCode)
}

/// A client.
public struct ClientIdentity: Hashable, Sendable {
    /// The id of its connection.
    public var client: String
    /// Empty: anonymous.
    public var user: String

    public init(client: String, user: String) {
        self.client = client
        self.user = user
    }
}

/// A client wants to connect.
public struct ConnectEvent: Sendable {
    public var client: String
    public var transport: String
    /// What the token said, if there was one and it was good.
    public var claims: ConnectionClaims?
    /// What the client sent along.
    public var data: ByteBuffer
    public var name: String
    public var version: String
    /// What a browser could not put into headers.
    public var headers: [String: String]
    /// Channels that the client would be subscribed to at once.
    public var channels: [String] = []
    public var context = ClientContext()
    /// The client's address, without its port; nil if the transport does not know it.
    public var address: String?
}

/// A connection is accepted.
public struct ConnectGrant: Sendable {
    public var user: String
    /// JSON that others see in presence, joins, leaves and publications.
    public var info: [UInt8]?
    /// Sent to the client.
    public var data: ByteBuffer?
    /// When the client must have refreshed, in milliseconds since 1970; 0: never.
    public var expiresAt: Int64
    /// Channels that the client is subscribed to at once.
    public var subscriptions: [String: SubscribeGrant]
    /// What the client may do in channels, besides what their options allow. Default: nothing.
    public var capabilities = Capabilities()
    /// What the application keeps with the connection, and is told with what it is asked later (``ClientContext/meta``). No client sees it.
    public var meta: [UInt8]?

    public init(
        user: String, info: [UInt8]? = nil, data: ByteBuffer? = nil, expiresAt: Int64 = 0, subscriptions: [String: SubscribeGrant] = [:]
    ) {
        self.user = user
        self.info = info
        self.data = data
        self.expiresAt = expiresAt
        self.subscriptions = subscriptions
    }

    /// What a token says.
    public init(_ claims: ConnectionClaims) {
        self.init(user: claims.user, info: claims.info, expiresAt: claims.expiresAt, subscriptions: claims.subscriptions)
        capabilities = claims.capabilities
        meta = claims.meta
        for channel in claims.channels where subscriptions[channel] == nil { subscriptions[channel] = SubscribeGrant() }
    }
}

/// A client wants to subscribe to a channel.
public struct SubscribeEvent: Sendable {
    public var identity: ClientIdentity
    public var channel: String
    public var data: ByteBuffer
    /// Whether the channel's options, or a token, allow it.
    public var isAllowed: Bool
    /// The same, and why.
    public var decision = Namespaces.Decision.denied(.notOpen)
    /// What the channel's options call who is to answer (``AskedHandlers/subscribe``).
    public var handler = ""
    public var context = ClientContext()
}

/// A subscription is accepted.
public struct SubscribeGrant: Hashable, Sendable {
    /// JSON that others in the channel see.
    public var info: [UInt8]?
    /// Sent to the client with the answer.
    public var data: ByteBuffer?
    /// When the subscription must have been refreshed, in milliseconds since 1970; 0: never.
    public var expiresAt: Int64
    /// Options in place of the channel's own.
    public var options: ChannelSettings?
    /// Single options in place of the channel's own, or of ``options``.
    public var override: ChannelOverride
    /// Which publications the client may have, by their tags, in messages, recovery and cache. It can choose among those by a filter of its own, and can't ask for the channel's history,
    /// which nobody filters. Default: all.
    public var tagsFilter: TagsFilter?
    /// Of a subscription that the server makes: whether the latest publication comes with it although nobody asked, where the channel recovers by
    /// ``RecoveryMode/cache``. Default false: as ``ChannelSettings/autoCacheRecover`` says.
    public var recoversCache = false
    /// The token that it comes from.
    var origin: TokenOrigin?

    public init(
        info: [UInt8]? = nil, data: ByteBuffer? = nil, expiresAt: Int64 = 0, options: ChannelSettings? = nil,
        override: ChannelOverride = ChannelOverride()
    ) {
        self.info = info
        self.data = data
        self.expiresAt = expiresAt
        self.options = options
        self.override = override
    }
}

/// A client wants to publish.
public struct PublishEvent: Sendable {
    public var identity: ClientIdentity
    public var channel: String
    public var data: ByteBuffer
    /// Whether the channel's options allow it.
    public var isAllowed: Bool
    /// What the channel's options call who is to answer (``AskedHandlers/publish``).
    public var handler = ""
    public var context = ClientContext()
}

/// A publication is accepted, perhaps changed.
public struct PublishGrant: Sendable {
    /// In place of what the client sent.
    public var data: ByteBuffer?
    public var tags: [String: String]
    public var skipsHistory: Bool
    public var idempotencyKey: String?
    public var usesDelta: Bool
    /// The publisher does not get its own publication.
    public var excludesPublisher: Bool
    /// Of what the channel is about: a publication that is not newer than the channel's is suppressed. 0: none.
    public var version: UInt64 = 0
    /// The incarnation of the versions.
    public var versionEpoch = ""

    public init(
        data: ByteBuffer? = nil, tags: [String: String] = [:], skipsHistory: Bool = false, idempotencyKey: String? = nil,
        usesDelta: Bool = false, excludesPublisher: Bool = false
    ) {
        self.data = data
        self.tags = tags
        self.skipsHistory = skipsHistory
        self.idempotencyKey = idempotencyKey
        self.usesDelta = usesDelta
        self.excludesPublisher = excludesPublisher
    }
}

/// A client calls a method of the application.
public struct CallEvent: Sendable {
    public var identity: ClientIdentity
    public var method: String
    public var data: ByteBuffer
    public var context = ClientContext()
}

/// A connection's time is over (``ConnectGrant/expiresAt``).
public struct RefreshEvent: Sendable {
    public var identity: ClientIdentity
    public var context = ClientContext()
}

/// A subscription's time is over (``SubscribeGrant/expiresAt``).
public struct SubscriptionRefreshEvent: Sendable {
    public var identity: ClientIdentity
    public var channel: String
    /// What the channel's options call who is to answer (``AskedHandlers/refresh``).
    public var handler = ""
    public var context = ClientContext()
}

/// Whether a connection or a subscription goes on.
public enum RefreshDecision: Sendable {
    /// It ends: with 3005 a connection, with 2501 a subscription, and with 3006 the connection whose subscription the server made.
    case expired
    case prolonged(RefreshGrant)
}

/// What a connection or a subscription has from now on.
public struct RefreshGrant: Sendable {
    /// When it is asked about again, in milliseconds since 1970; 0: never. A time that has passed ends it.
    public var expiresAt: Int64
    /// JSON that others see; nil: as before.
    public var info: [UInt8]?
    /// Of a connection, what the application keeps with it; nil: as before.
    public var meta: [UInt8]?
    /// Of a connection, what it may do in channels; nil: as before.
    public var capabilities: Capabilities?
    /// Of a subscription, which publications the client may have; nil: as before.
    public var tagsFilter: TagsFilter?

    public init(expiresAt: Int64, info: [UInt8]? = nil, meta: [UInt8]? = nil, capabilities: Capabilities? = nil) {
        self.expiresAt = expiresAt
        self.info = info
        self.meta = meta
        self.capabilities = capabilities
    }
}

/// A client's connection is over.
public struct DisconnectEvent: Sendable {
    public var identity: ClientIdentity
    /// Nil: the connection was lost, or the client closed it.
    public var code: DisconnectCode?
}

/// What the application decides. Where there is no handler, the channel's options and the tokens decide alone.
///
/// A handler that is there is asked even when the options refuse (``SubscribeEvent/isAllowed`` says so), and its word is the last. Commands of one
/// session wait for each other's handlers; other sessions don't. Which are asked about a channel, ``ChannelSettings/asks`` says.
public struct HubHandlers: Sendable {
    /// Asked about clients with a good token too, unless ``asksAboutTokens`` is false.
    public var connect: (@Sendable (ConnectEvent) async throws(HubRefusal) -> ConnectGrant)?
    public var subscribe: (@Sendable (SubscribeEvent) async throws(HubRefusal) -> SubscribeGrant)?
    public var publish: (@Sendable (PublishEvent) async throws(HubRefusal) -> PublishGrant)?
    public var call: (@Sendable (CallEvent) async throws(HubRefusal) -> ByteBuffer)?
    /// Whether a connection goes on whose time is over. Where there is such a handler, clients are told of no expiry and need not refresh.
    public var refresh: (@Sendable (RefreshEvent) async -> RefreshDecision)?
    /// The same of subscriptions.
    public var refreshSubscription: (@Sendable (SubscriptionRefreshEvent) async -> RefreshDecision)?
    /// A message that needs no answer.
    public var message: (@Sendable (ClientIdentity, ByteBuffer) async -> Void)?
    public var disconnected: (@Sendable (DisconnectEvent) -> Void)?
    /// Told what happens to clients and channels, on the clients' event loops: it must not block. What is about channels only where
    /// ``ChannelSettings/tellsLifecycle`` is on.
    public var lifecycle: (@Sendable (LifecycleEvent) -> Void)?
    /// Whether ``connect`` is asked about a client whose token is good. Default true; false: the token's word is enough.
    public var asksAboutTokens = true
    /// What is kept of the fields of the HTTP request that a connection begins with (``ClientContext/requestFields``): their names in lower case. Default: none.
    /// Each costs its bytes for as long as the connection lasts.
    public var keptRequestFields: Set<String> = []
    /// What is kept of the fields that a browser puts into its connect command (``ClientContext/headers``): their names in lower case. Default: none.
    public var keptHeaders: Set<String> = []

    public init() {}
}
