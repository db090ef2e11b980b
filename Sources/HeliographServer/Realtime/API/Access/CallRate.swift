import Synchronization

/// So many calls a second, and as many at once after a pause.
///
/// What costs more than a second's calls is let through when nothing was taken for a second, and paid back: it would never be allowed otherwise.
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

    /// Whether there was enough left, and if so, takes it.
    func take(_ count: Int, at now: ContinuousClock.Instant = .now) -> Bool {
        state.withLock { state in
            let most = Double(perSecond)
            state.left = min(most, state.left + max(0, state.time.duration(to: now) / .seconds(1)) * most)
            state.time = max(state.time, now)
            guard state.left >= min(Double(count), most) else { return false }
            state.left -= Double(count)
            return true
        }
    }

    /// Takes what was not known to be needed; it is paid back.
    func owe(_ count: Int) {
        state.withLock { $0.left -= Double(max(0, count)) }
    }
}
