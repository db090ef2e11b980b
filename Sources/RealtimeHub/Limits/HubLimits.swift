/// What clients may take of a hub. Whatever is nil or empty is not limited.
public struct HubLimits: Hashable, Sendable {
    /// What one connection may do. Default: nothing but `HubConfiguration.maxCommandsPerSecond` holds.
    public var connectionCommands = CommandLimits()
    /// What all connections of one user may do together. Those of the user with the empty name are not limited.
    public var userCommands = CommandLimits()
    /// What all connections of one address may do together. Of IPv6 the first 64 bits count.
    ///
    /// Behind a proxy whose word is not taken (`WebSocketServerConfiguration.trustedProxies`) all connections have one address.
    public var addressCommands = CommandLimits()
    /// So many errors may one connection be answered with, before it is disconnected with 3509.
    public var errors: [BucketRate] = []

    /// Connections of this process. Beyond them the request is answered with 503.
    public var connections: Int?
    /// New connections of this process; beyond them 503.
    public var connectionRate: BucketRate?
    /// Connections of one address; beyond them 429.
    public var connectionsPerAddress: Int?
    /// New connections of one address; beyond them 429.
    public var connectionRatePerAddress: BucketRate?
    /// Connections of one user on this process: one more is disconnected with 3504, and does not come back by itself.
    public var connectionsPerUser: Int?

    /// Subscriptions of this process that clients ask for; beyond them error 106.
    public var subscriptions: Int?
    /// Subscriptions of all connections of one user; beyond them 106.
    public var subscriptionsPerUser: Int?
    /// Channels with subscribers on this process; whoever asks for another gets 106.
    public var channels: Int?

    /// So many connects at most are decided on at the same time on each event loop: tokens are verified, the application is asked. Others wait for their
    /// turn, in the order in which they came. Default 256.
    public var connectsAtOnce = 256
    /// So many wait on each loop at most. One more is disconnected with 3013, and comes back with a back-off; requests for new connections are
    /// answered with 503 meanwhile. Default 10,000.
    public var waitingConnects = 10_000
    /// How long a connect may wait for its turn, before it is disconnected with 3013. Default 4 s: clients wait for 5 s.
    public var connectWait: Duration = .seconds(4)
    /// So many recoveries at most read what was missed at the same time on each event loop, and in one turn of it. Others wait. Default 64.
    public var recoveriesAtOnce = 64

    /// So many users and addresses that are not connected are remembered at most, each by some 200 bytes, until their buckets are full. Default
    /// 100,000. Whoever is forgotten begins anew with full buckets.
    public var maxRemembered = 100_000

    /// The defaults.
    public init() {}
}
