/// How long to wait before the next attempt: a value, told what happened and when.
struct ReconnectSchedule {
    private let policy: ReconnectPolicy
    /// Attempts since the last stable connection.
    private(set) var attempts = 0

    init(policy: ReconnectPolicy) {
        self.policy = policy
    }

    /// The wait before the next attempt; nil when there is to be none.
    ///
    /// - Parameters:
    ///   - uptime: How long the connection held; nil when there was none.
    ///   - random: From 0 up to, and without, 1.
    mutating func disconnected(_ cause: Disconnection, after uptime: Duration?, random: Double) -> Duration? {
        if let uptime, uptime >= self.policy.stableAfter { self.attempts = 0 }
        guard self.policy.shouldReconnect(cause) else { return nil }
        if let max = self.policy.maxAttempts, self.attempts >= max { return nil }
        let ceiling = self.ceiling
        self.attempts += 1
        // What the server asks for counts, but not for longer than the policy would ever wait.
        let floor = min(cause.retryAfter ?? .zero, self.policy.maxDelay)
        return max(floor, ceiling * min(max(random, 0), 1))
    }

    /// `baseDelay` · 2^attempts, at most `maxDelay`.
    private var ceiling: Duration {
        var ceiling = max(self.policy.baseDelay, .zero)
        let limit = max(self.policy.maxDelay, .zero)
        for _ in 0..<self.attempts where ceiling < limit && ceiling > .zero {
            // Half of the limit first: doubling must not overflow.
            ceiling = ceiling > limit / 2 ? limit : ceiling * 2
        }
        return min(ceiling, limit)
    }
}
