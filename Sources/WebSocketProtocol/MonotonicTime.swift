/// A point on a clock that never goes back, in nanoseconds since a start of the caller's choice.
///
/// The protocol machine has no clock: its owner tells it the time (``WebSocketMachine/advance(to:isListening:output:)``).
public struct MonotonicTime: Comparable, Hashable, Sendable {
    /// Since the start that the caller chose.
    public var nanoseconds: UInt64

    /// A time by its nanoseconds.
    public init(nanoseconds: UInt64) {
        self.nanoseconds = nanoseconds
    }

    /// The time so much later, held at the end of time rather than wrapping round.
    public func advanced(by duration: Duration) -> MonotonicTime {
        let (sum, overflow) = nanoseconds.addingReportingOverflow(duration.clampedNanoseconds)
        return MonotonicTime(nanoseconds: overflow ? .max : sum)
    }

    /// The earlier time is the lesser.
    public static func < (left: MonotonicTime, right: MonotonicTime) -> Bool {
        left.nanoseconds < right.nanoseconds
    }
}

extension Duration {
    /// Nanoseconds, between zero and what 63 bits hold.
    package var clampedNanoseconds: UInt64 {
        let (seconds, attoseconds) = components
        guard seconds >= 0, attoseconds >= 0 else { return 0 }
        let (whole, overflow) = UInt64(seconds).multipliedReportingOverflow(by: 1_000_000_000)
        guard !overflow, whole < UInt64(Int64.max) - 1_000_000_000 else { return UInt64(Int64.max) }
        return whole + UInt64(attoseconds) / 1_000_000_000
    }
}
