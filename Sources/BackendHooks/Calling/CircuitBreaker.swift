public import NIOCore

/// Leaves alone a backend that fails: whoever asks is told at once, and the backend can recover.
///
/// Closed, it counts. When so many questions failed within a window, and at least as many as succeeded, it opens. After a pause one question is let
/// through, on which depends whether it closes or stays open for another pause.
public struct CircuitBreaker: Sendable {
    public struct Limits: Hashable, Sendable {
        /// It opens after so many failures. Default 10; 0: never.
        public var failures = 10
        /// Within such a time. Default 10 s.
        public var window: Duration = .seconds(10)
        /// For so long. Default 5 s.
        public var pause: Duration = .seconds(5)

        public init() {}
    }

    private enum State: Equatable {
        case closed
        case open(until: NIODeadline)
        /// One question is on its way.
        case probing
    }

    private struct Counts {
        var successes = 0
        var failures = 0
    }

    private let limits: Limits
    private var state = State.closed
    private var current = Counts()
    private var previous = Counts()
    private var currentEnd = NIODeadline.uptimeNanoseconds(0)

    public init(_ limits: Limits) {
        self.limits = limits
    }

    public var isOpen: Bool { state != .closed }

    /// Whether a question may be asked. Then its end must be told.
    public mutating func admits(at now: NIODeadline) -> Bool {
        guard case .open(let until) = state else { return state == .closed }
        guard now >= until else { return false }
        state = .probing
        return true
    }

    public mutating func succeeded(at now: NIODeadline) {
        turn(now)
        if state == .probing { close() }
        current.successes += 1
    }

    /// - Returns: whether it opens.
    public mutating func failed(at now: NIODeadline) -> Bool {
        guard limits.failures > 0 else { return false }
        turn(now)
        current.failures += 1
        let failures = current.failures + previous.failures
        guard state == .probing || (state == .closed && failures >= limits.failures && failures >= current.successes + previous.successes)
        else { return false }
        state = .open(until: now + TimeAmount(limits.pause))
        return true
    }

    private mutating func close() {
        state = .closed
        current = Counts()
        previous = Counts()
    }

    /// The window moves by halves: what is older than two of them is forgotten.
    private mutating func turn(_ now: NIODeadline) {
        let half = TimeAmount(limits.window / 2)
        guard now >= currentEnd else { return }
        previous = now >= currentEnd + half ? Counts() : current
        current = Counts()
        currentEnd = now + half
    }
}
