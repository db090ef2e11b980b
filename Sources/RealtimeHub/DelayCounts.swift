import Metrics

/// How long publications wait before they are with their subscribers' transports: the buckets of a histogram, plain integers until the loop's clock ticks. (A recorder of
/// swift-metrics would be told of each.)
///
/// On its loop only.
final class DelayCounts {
    /// In milliseconds; what takes longer than the last is in a bucket without a bound.
    static let bounds: [Double] = [0.5, 1, 2.5, 5, 10, 25, 50, 100, 250, 500, 1_000, 2_500]

    private static let nanoseconds = bounds.map { Int64($0 * 1_000_000) }
    private static let name = "hub_delivery_delay_seconds"

    @exclusivity(unchecked) private var counts = [Int](repeating: 0, count: bounds.count + 1)
    @exclusivity(unchecked) private var sum: Int64 = 0
    private let buckets: [Counter]
    private let total: FloatingPointCounter
    private let count: Counter

    init(factory: any MetricsFactory) {
        let labels = Self.bounds.map { Self.seconds($0) } + ["+Inf"]
        buckets = labels.map { Counter(label: "\(Self.name)_bucket", dimensions: [("le", $0)], factory: factory) }
        total = FloatingPointCounter(label: "\(Self.name)_sum", dimensions: [], factory: factory)
        count = Counter(label: "\(Self.name)_count", dimensions: [], factory: factory)
    }

    private static func seconds(_ bound: Double) -> String {
        let seconds = bound / 1_000
        return seconds == seconds.rounded() ? "\(Int(seconds))" : "\(seconds)"
    }

    func add(nanoseconds: Int64) {
        var index = 0
        while index < Self.nanoseconds.count, nanoseconds > Self.nanoseconds[index] { index += 1 }
        counts[index] &+= 1
        sum &+= nanoseconds
    }

    /// Each bucket has all that is below it, too.
    func publish() {
        var below = 0
        for (index, bucket) in buckets.enumerated() {
            below &+= counts[index]
            counts[index] = 0
            if below > 0 { bucket.increment(by: below) }
        }
        guard below > 0 else { return }
        count.increment(by: below)
        total.increment(by: Double(sum) / 1_000_000_000)
        sum = 0
    }
}
