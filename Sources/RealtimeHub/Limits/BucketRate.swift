// Strategy: a bucket is one number, the time at which it will be full again (the generic cell rate algorithm): nothing has to be refilled, and a
// full bucket is the same as none. Times are nanoseconds of a monotonic clock, so that a change of the time of day means nothing here.

/// How much there may be: so many tokens in an interval, all at once by who has been quiet.
public struct BucketRate: Hashable, Sendable {
    /// Nanoseconds in which a token comes.
    let interval: Int64
    /// Nanoseconds in which an empty bucket becomes full.
    let capacity: Int64
    /// So many in an interval.
    public let tokens: Int

    /// - Parameters:
    ///   - tokens: so many in the interval; at least 1.
    ///   - interval: from a millisecond to a day.
    public init(_ tokens: Int, per interval: Duration) {
        let (seconds, attoseconds) = min(max(interval, .milliseconds(1)), .seconds(86_400)).components
        self.tokens = max(1, tokens)
        capacity = seconds * 1_000_000_000 + attoseconds / 1_000_000_000
        self.interval = max(1, capacity / Int64(self.tokens))
    }

    /// So many in a second.
    public static func perSecond(_ tokens: Int) -> BucketRate { BucketRate(tokens, per: .seconds(1)) }
}

/// A bucket of tokens, which knows neither its rate nor the time: whoever asks does.
struct TokenBucket: Hashable, Sendable {
    /// When it is full.
    private(set) var fullAt: Int64 = 0

    /// How many nanoseconds are missing until there are so many tokens; 0: they are there.
    func wait(for tokens: Int64, _ rate: BucketRate, at now: Int64) -> Int64 {
        guard let filled = filled(without: tokens, rate, at: now) else { return .max }
        return max(0, filled - now - rate.capacity)
    }

    /// Takes tokens, which must be there.
    mutating func take(_ tokens: Int64, _ rate: BucketRate, at now: Int64) {
        fullAt = filled(without: tokens, rate, at: now) ?? .max / 2
    }

    /// Takes tokens, if there are as many.
    mutating func tryTaking(_ tokens: Int64, _ rate: BucketRate, at now: Int64) -> Bool {
        guard wait(for: tokens, rate, at: now) == 0 else { return false }
        take(tokens, rate, at: now)
        return true
    }

    /// When it is full again without so many tokens; nil: never.
    private func filled(without tokens: Int64, _ rate: BucketRate, at now: Int64) -> Int64? {
        let cost = rate.interval.multipliedReportingOverflow(by: max(0, tokens))
        let filled = max(fullAt, now).addingReportingOverflow(cost.partialValue)
        return cost.overflow || filled.overflow ? nil : filled.partialValue
    }
}
