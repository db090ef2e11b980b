/// How a quiet connection is kept open through proxies, and a dead one found.
public struct Keepalive: Hashable, Sendable {
    /// After so long without a byte from the peer it is sent a Ping. The first one comes at a random point within it, so that
    /// sockets opened together are not pinged together. Default 25 s.
    public var interval: Duration
    /// The peer is dead when not a byte of it arrived for so long after the Ping. Default 10 s.
    public var timeout: Duration

    public init(interval: Duration = .seconds(25), timeout: Duration = .seconds(10)) {
        self.interval = interval
        self.timeout = timeout
    }
}
