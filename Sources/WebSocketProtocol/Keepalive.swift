/// How a quiet connection is kept open through proxies, and a dead one found.
public struct Keepalive: Hashable, Sendable {
    /// The peer is sent a Ping every so long, unless it was heard of just then: in the second before. The first one comes at a random
    /// point of the interval, so that sockets opened together are not pinged together. Default 25 s.
    public var interval: Duration
    /// The peer is dead when not a byte of it arrived for so long after the Ping. Default 10 s.
    public var timeout: Duration

    /// The defaults, but for what is given.
    public init(interval: Duration = .seconds(25), timeout: Duration = .seconds(10)) {
        self.interval = interval
        self.timeout = timeout
    }
}
