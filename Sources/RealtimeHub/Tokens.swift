public import RealtimeProtocol

/// What a connection token says.
public struct ConnectionClaims: Hashable, Sendable {
    public var user: String
    /// Milliseconds since 1970; 0: never.
    public var expiresAt: Int64
    public var info: [UInt8]?
    /// Channels that the client is subscribed to at once.
    public var channels: [String]
    /// The same, each with what belongs to the subscription.
    public var subscriptions: [String: SubscribeGrant]
    /// What is allowed in channels, besides what their options allow. Default: nothing.
    public var capabilities = Capabilities()
    /// What the application keeps with the connection (``ConnectGrant/meta``).
    public var meta: [UInt8]?
    /// Which token it is, for taking it back. Default: one that says nothing of itself.
    public var origin: TokenOrigin

    public init(
        user: String, expiresAt: Int64 = 0, info: [UInt8]? = nil, channels: [String] = [], subscriptions: [String: SubscribeGrant] = [:]
    ) {
        self.user = user
        self.expiresAt = expiresAt
        self.info = info
        self.channels = channels
        self.subscriptions = subscriptions
        origin = TokenOrigin(user: user)
    }
}

/// What a subscription token says.
public struct SubscriptionClaims: Hashable, Sendable {
    public var user: String
    public var channel: String
    public var client: String?
    public var expiresAt: Int64
    public var info: [UInt8]?
    /// Options in place of the channel's own.
    public var override: ChannelOverride
    /// Which publications the client may have (``SubscribeGrant/tagsFilter``). Default: all.
    public var tagsFilter: TagsFilter?
    /// Which token it is, for taking it back. Default: one that says nothing of itself.
    public var origin: TokenOrigin

    public init(
        user: String, channel: String, client: String? = nil, expiresAt: Int64 = 0, info: [UInt8]? = nil,
        override: ChannelOverride = ChannelOverride()
    ) {
        self.user = user
        self.channel = channel
        self.client = client
        self.expiresAt = expiresAt
        self.info = info
        self.override = override
        origin = TokenOrigin(user: user)
    }
}

public enum TokenError: Error, Hashable, Sendable {
    /// It was good once (109).
    case expired
    /// It says nothing that can be trusted.
    case invalid(String)
    /// Whether it is good can't be said now: the keys are elsewhere, and can't be had. The client is answered with 100, and comes back.
    case unavailable(String)
}

/// Checks tokens: signature first, then claims. A port, because how tokens are signed is the server's business.
public protocol TokenVerifier: Sendable {
    func connection(_ token: String) async throws(TokenError) -> ConnectionClaims
    func subscription(_ token: String) async throws(TokenError) -> SubscriptionClaims
}
