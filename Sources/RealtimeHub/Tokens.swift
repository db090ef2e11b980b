/// What a connection token says (server-features §2.3).
public struct ConnectionClaims: Hashable, Sendable {
    public var user: String
    /// Milliseconds since 1970; 0: never.
    public var expiresAt: Int64
    public var info: [UInt8]?
    /// Channels that the client is subscribed to at once.
    public var channels: [String]
    /// The same, each with what belongs to the subscription.
    public var subscriptions: [String: SubscribeGrant]

    public init(
        user: String, expiresAt: Int64 = 0, info: [UInt8]? = nil, channels: [String] = [], subscriptions: [String: SubscribeGrant] = [:]
    ) {
        self.user = user
        self.expiresAt = expiresAt
        self.info = info
        self.channels = channels
        self.subscriptions = subscriptions
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
    }
}

public enum TokenError: Error, Hashable, Sendable {
    /// It was good once (109).
    case expired
    /// It says nothing that can be trusted.
    case invalid(String)
}

/// Checks tokens: signature first, then claims. A port, because how tokens are signed is the server's business.
public protocol TokenVerifier: Sendable {
    func connection(_ token: String) async throws(TokenError) -> ConnectionClaims
    func subscription(_ token: String) async throws(TokenError) -> SubscriptionClaims
}
