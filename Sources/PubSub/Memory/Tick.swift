/// A time of the broker's clock, in 8 bytes where a `Duration` has 16: there is one in each publication that is kept. Units of 2³⁰
/// attoseconds, which is about a nanosecond, for 300 years.
struct Tick: Comparable {
    private let units: Int64

    static let zero = Tick(.zero)

    init(_ duration: Duration) {
        self.units = Int64(clamping: duration.attoseconds >> 30)
    }

    private init(units: Int64) {
        self.units = units
    }

    /// Never overflows: what is too late to be said is the latest.
    func advanced(by duration: Duration) -> Tick {
        let (sum, overflow) = units.addingReportingOverflow(Tick(duration).units)
        return Tick(units: overflow ? .max : sum)
    }

    static func < (one: Tick, other: Tick) -> Bool { one.units < other.units }
}
