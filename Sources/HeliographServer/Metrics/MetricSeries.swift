import CoreMetrics
import Synchronization

/// The labels of one series, in their order.
struct MetricLabels: Hashable, Comparable, Sendable {
    let pairs: [Pair]
    /// Which part of a histogram it is, such as `hub_delay_seconds_sum`; nil: not a part.
    let part: String?

    struct Pair: Hashable, Sendable {
        let name: String
        let value: String
    }

    init(_ dimensions: [(String, String)], part: String? = nil) {
        pairs = dimensions.map { Pair(name: MetricDescription.escaped(label: $0.0), value: $0.1) }.sorted { $0.name < $1.name }
        self.part = part
    }

    static func < (one: MetricLabels, other: MetricLabels) -> Bool { one.key.lexicographicallyPrecedes(other.key) }

    /// Buckets in the order of their bounds, and the sum and the count behind them.
    private var key: [String] {
        pairs.filter { $0.name != "le" }.flatMap { [$0.name, $0.value] } + [part ?? ""] + pairs.filter { $0.name == "le" }.map { bound($0) }
    }

    private func bound(_ pair: Pair) -> String {
        guard let value = Double(pair.value), value.isFinite else { return "~" }
        let digits = Int64(exactly: (value * 1_000_000).rounded()).map { "\($0)" } ?? "~"
        return String(repeating: "0", count: max(0, 20 - digits.count)) + digits
    }
}

/// What a scrape reads.
protocol MetricSeries: AnyObject, Sendable {
    func write(_ name: String, _ labels: MetricLabels, to text: inout PrometheusText)
}

/// A counter or a gauge.
final class Number: MetricSeries, CounterHandler, FloatingPointCounterHandler, MeterHandler, RecorderHandler {
    private let whole = Atomic<Int64>(0)
    /// The bits of what is not whole.
    private let rest = Atomic<UInt64>(0)

    var integer: Int64 { whole.load(ordering: .relaxed) }

    var value: Double { Double(integer) + Double(bitPattern: rest.load(ordering: .relaxed)) }

    func increment(by amount: Int64) { whole.wrappingAdd(amount, ordering: .relaxed) }

    func increment(by amount: Double) {
        if let exact = Int64(exactly: amount) { return increment(by: exact) }
        guard amount.isFinite else { return }
        var before = rest.load(ordering: .relaxed)
        while true {
            let after = (Double(bitPattern: before) + amount).bitPattern
            let (isDone, now) = rest.weakCompareExchange(expected: before, desired: after, ordering: .relaxed)
            if isDone { return }
            before = now
        }
    }

    func decrement(by amount: Double) { increment(by: -amount) }

    func set(_ value: Int64) {
        whole.store(value, ordering: .relaxed)
        rest.store(0, ordering: .relaxed)
    }

    func set(_ value: Double) {
        guard value.isFinite else { return }
        whole.store(0, ordering: .relaxed)
        rest.store(value.bitPattern, ordering: .relaxed)
    }

    func record(_ value: Int64) { set(value) }
    func record(_ value: Double) { set(value) }
    func reset() { set(0 as Int64) }

    func write(_ name: String, _ labels: MetricLabels, to text: inout PrometheusText) {
        text.add(labels.part ?? name, labels.pairs, value)
    }
}

/// How often something took how long, in buckets. Of what happens for every message, use plain counters.
final class Histogram: MetricSeries, RecorderHandler, TimerHandler {
    private struct State {
        var counts: [UInt64]
        var sum = 0.0
    }

    private let bounds: [Double]
    private let state: Mutex<State>

    /// - Parameter bounds: of the buckets, rising; each holds what is not more. What is more than the last is counted too.
    init(_ bounds: [Double]) {
        self.bounds = bounds
        state = Mutex(State(counts: Array(repeating: 0, count: bounds.count + 1)))
    }

    func record(_ value: Int64) { record(Double(value)) }

    func record(_ value: Double) {
        guard value.isFinite else { return }
        let bucket = bounds.firstIndex { value <= $0 } ?? bounds.count
        state.withLock { state in
            state.counts[bucket] &+= 1
            state.sum += value
        }
    }

    /// Times are told in seconds, as Prometheus wants it.
    func recordNanoseconds(_ duration: Int64) { record(Double(duration) / 1_000_000_000) }

    func write(_ name: String, _ labels: MetricLabels, to text: inout PrometheusText) {
        let state = state.withLock { $0 }
        var count: UInt64 = 0
        for (index, here) in state.counts.enumerated() {
            count &+= here
            let bound = index < bounds.count ? PrometheusText.number(bounds[index]) : "+Inf"
            text.add("\(name)_bucket", labels.pairs + [.init(name: "le", value: bound)], Double(count))
        }
        text.add("\(name)_sum", labels.pairs, state.sum)
        text.add("\(name)_count", labels.pairs, Double(count))
    }
}
