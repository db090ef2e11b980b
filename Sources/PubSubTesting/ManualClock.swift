import Synchronization

/// A clock that stands until it is moved on.
public final class ManualClock: Sendable {
    private let time = Mutex(Duration.zero)

    public init() {}

    /// The time since the clock was made, for whoever takes a clock as a function.
    public var now: @Sendable () -> Duration { { self.time.withLock { $0 } } }

    /// Moves the clock on, for a fixture.
    public var advance: @Sendable (Duration) async throws -> Void { { self.move(by: $0) } }

    /// Moves the clock on.
    public func move(by duration: Duration) {
        time.withLock { $0 += duration }
    }
}
