/// What a chat may grow to. Everything that a peer can make bigger has a bound here.
struct ChatLimits: Sendable {
    /// Unicode scalars of a name (an accent counts, so that a name cannot grow upwards without end).
    var nameLength = 32
    /// Unicode scalars of a message.
    var textLength = 2_000
    /// Bytes of a WebSocket message that a client may send: a text of the greatest length in JSON's longest form, and what is around it.
    var frameBytes = 32 << 10
    /// Messages that a newcomer sees.
    var historyCount = 100
    /// Bytes of their texts.
    var historyBytes = 64 << 10
    /// People in a room.
    var members = 200
    /// Rooms; those that nobody is in make place for new ones.
    var rooms = 500
    /// How long a room is kept when nobody is in it.
    var emptyRoom: Duration = .seconds(600)
    /// How long somebody whose connection was lost is still shown.
    var absence: Duration = .seconds(5)
    /// How long "is typing" holds without another key.
    var typing: Duration = .seconds(5)
    /// How long a socket may be open without joining.
    var join: Duration = .seconds(10)
    /// Messages that a member may send at once, and then per second.
    var messages = TokenBucket(burst: 8, perSecond: 2)
    /// All that a socket may send, of whatever kind, at once and per second; over it the socket is closed.
    var frames = TokenBucket(burst: 60, perSecond: 15)
    /// Refused inputs after which a socket is closed.
    var refusals = 20
}

/// Lets through a burst, and after it so many per second.
struct TokenBucket: Sendable {
    let burst: Double
    let perSecond: Double
    private var tokens: Double
    private var filledAt: ContinuousClock.Instant?

    init(burst: Int, perSecond: Int) {
        self.burst = Double(burst)
        self.perSecond = Double(perSecond)
        self.tokens = Double(burst)
    }

    /// Takes a token; nil: there was one. Otherwise how long it takes until there is.
    mutating func take(at now: ContinuousClock.Instant) -> Duration? {
        if let filledAt, filledAt < now {
            tokens = min(burst, tokens + (filledAt.duration(to: now) / .seconds(1)) * perSecond)
        }
        filledAt = now
        guard tokens < 1 else {
            tokens -= 1
            return nil
        }
        return .seconds((1 - tokens) / perSecond)
    }
}
