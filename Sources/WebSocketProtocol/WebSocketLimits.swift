/// What a peer may cost us. Every limit is on by default and is enforced as soon as a frame's header shows that it will be passed.
public struct WebSocketLimits: Hashable, Sendable {
    /// The most bytes of one message, after decompression. Default 64 KiB, at most 1 GiB: longer messages can be had in parts. A message
    /// over it is refused with 1009 at its frame's header.
    public var maxMessageSize: Int
    /// The most frames that one message may be split into. Default 1,024. Over it the connection is closed with 1008. Of a message that
    /// is delivered in parts only empty frames count, one after the other.
    public var maxFragments: Int
    /// How long a message may stay unfinished, or a part of it undelivered. Default 30 s, then 1008. The clock is coarse: up to a second
    /// late.
    public var unfinishedMessageTimeout: Duration
    /// How long to wait for the peer's part of the closing handshake before the connection is dropped. Default 5 s.
    public var closeTimeout: Duration
    /// Pings and pongs that a peer may send in a second, on average. Default 20, then 1008.
    public var controlFramesPerSecond: Int
    /// Pings and pongs that a peer may send at once. Default 40.
    public var controlFrameBurst: Int

    /// No buffer can hold more than 4 GiB, and it grows by doubling.
    static let largestMessage = 1 << 30

    /// The defaults, but for what is given.
    public init(
        maxMessageSize: Int = 64 << 10,
        maxFragments: Int = 1_024,
        unfinishedMessageTimeout: Duration = .seconds(30),
        closeTimeout: Duration = .seconds(5),
        controlFramesPerSecond: Int = 20,
        controlFrameBurst: Int = 40
    ) {
        self.maxMessageSize = maxMessageSize
        self.maxFragments = maxFragments
        self.unfinishedMessageTimeout = unfinishedMessageTimeout
        self.closeTimeout = closeTimeout
        self.controlFramesPerSecond = controlFramesPerSecond
        self.controlFrameBurst = controlFrameBurst
    }
}
