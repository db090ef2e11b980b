/// How long to wait before the next attempt: a random part of a bound that doubles ("full jitter"), so that the clients of a server that was
/// restarted do not come back in waves.
struct Backoff: Sendable {
    /// What was reached for less than this was no success.
    static let stableAfter: Duration = .seconds(5)

    private var attempts = 0
    private var since: Duration?

    /// What is tried has succeeded, for now.
    mutating func succeeded(at now: Duration) {
        since = now
    }

    /// - Parameter random: from 0 to 1.
    mutating func delay(at now: Duration, from least: Duration, to most: Duration, random: Double) -> Duration {
        if let since, now - since > Self.stableAfter { attempts = 0 }
        since = nil
        let limit = max(most, .zero)
        var ceiling = max(least, .zero)
        for _ in 0..<attempts where ceiling < limit && ceiling > .zero {
            // Half of the limit first: doubling must not overflow.
            ceiling = ceiling > limit / 2 ? limit : ceiling * 2
        }
        // From here on the bound has long been reached.
        attempts = min(attempts + 1, 64)
        // What is no number is not more than 0 either.
        return min(ceiling, limit) * (random > 0 ? min(random, 1) : 0)
    }
}
