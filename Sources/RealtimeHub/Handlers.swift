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
    /// What a browser could not put into headers (wire-protocol §1.5).
    public var headers: [String: String]
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
/// session wait for each other's handlers; other sessions don't. Where ``ChannelSettings/asksHandlers`` is off, ``subscribe`` and ``publish`` are
/// not asked.
public struct HubHandlers: Sendable {
    public var connect: (@Sendable (ConnectEvent) async throws(HubRefusal) -> ConnectGrant)?
    public var subscribe: (@Sendable (SubscribeEvent) async throws(HubRefusal) -> SubscribeGrant)?
    public var publish: (@Sendable (PublishEvent) async throws(HubRefusal) -> PublishGrant)?
    public var call: (@Sendable (CallEvent) async throws(HubRefusal) -> ByteBuffer)?
    /// A message that needs no answer.
    public var message: (@Sendable (ClientIdentity, ByteBuffer) async -> Void)?
    public var disconnected: (@Sendable (DisconnectEvent) -> Void)?

    public init() {}
}
