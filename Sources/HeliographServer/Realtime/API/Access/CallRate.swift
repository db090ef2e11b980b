import Synchronization

/// So many calls a second, and as many at once after a pause.
///
/// What costs more than is there is let through and paid back: a batch larger than a second's calls would never be allowed otherwise.
final class CallRate: Sendable {
    let perSecond: Int
    private let state: Mutex<State>

    private struct State {
        var left: Double
        var time: ContinuousClock.Instant
    }

    init(perSecond: Int, at now: ContinuousClock.Instant = .now) {
        self.perSecond = max(perSecond, 1)
        state = Mutex(State(left: Double(self.perSecond), time: now))
    }

    /// Whether there was something left, and if so, takes it.
    func take(_ count: Int, at now: ContinuousClock.Instant = .now) -> Bool {
        state.withLock { state in
            let most = Double(perSecond)
            state.left = min(most, state.left + max(0, state.time.duration(to: now) / .seconds(1)) * most)
            state.time = max(state.time, now)
            guard state.left >= 1 else { return false }
            state.left -= Double(count)
            return true
        }
    }
}
