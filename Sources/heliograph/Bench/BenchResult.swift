import Histogram

/// What a run has measured, as it is written with `--json`. Times are in nanoseconds, moments in seconds since the measurement began.
struct BenchResult: Codable, Sendable {
    struct Latency: Codable, Sendable {
        var count: UInt64
        var minimum: UInt64
        var mean: Double
        var standardDeviation: Double
        var maximum: UInt64
        /// By name: "50", "90", "99", "99.9", "99.99".
        var percentiles: [String: UInt64]
    }

    /// One point of the latency curve: `count` measurements are at or below `value`.
    struct CurvePoint: Codable, Sendable {
        var percentile: Double
        var value: UInt64
        var count: UInt64
    }

    /// One interval of the run.
    struct Point: Codable, Sendable {
        /// The interval's end.
        var time: Double
        var perSecond: Double
        var median: UInt64
        var p99: UInt64
        var maximum: UInt64
    }

    struct Options: Codable, Sendable {
        var connections: Int
        var messageBytes: Int
        var depth: Int
        var rate: Double?
        var warmUpSeconds: Double
        var durationSeconds: Double
        var threads: Int
        var isCompressed: Bool
        var isBinary: Bool
    }

    struct Connections: Codable, Sendable {
        var opened = 0
        var failed = 0
        /// By close code.
        var lost: [String: Int] = [:]
        var firstError: String?
    }

    /// Of the server, with `--pid`: proportional set size in bytes.
    struct Memory: Codable, Sendable {
        var before: Int
        var after: Int
        var perConnection: Double
    }

    var tool = "heliograph bench"
    var formatVersion = 1
    var startedAt: String
    var host: String
    var url: String
    var mode: BenchPlan.Mode
    var options: Options
    var connections: Connections
    var elapsedSeconds: Double
    /// Messages sent (echo), publications (fan-out), or handshakes begun (connect).
    var sent: Int
    /// Answers, deliveries, or handshakes done.
    var completed: Int
    var completedPerSecond: Double
    var payloadBytesPerSecond: Double
    var unanswered: Int
    var wrong: Int
    var skipped: Int
    var wasInterrupted: Bool
    var latency: Latency
    var curve: [CurvePoint]
    var handshakes: Latency?
    var series: [Point]
    var memory: Memory?

    /// Whether everything went as it should.
    var isClean: Bool {
        self.connections.failed == 0 && self.connections.lost.isEmpty && self.wrong == 0 && self.skipped == 0 && !self.isSilent
    }

    /// Whether nothing came back at all.
    var isSilent: Bool {
        self.mode != .idle && self.completed == 0 && !self.wasInterrupted
    }
}

extension BenchResult.Latency {
    static let names = ["50", "75", "90", "95", "99", "99.9", "99.99", "99.999"]

    /// Whether there are enough measurements for a percentile to differ from the longest of them.
    func tells(_ name: String) -> Bool {
        guard let percentile = Double(name) else { return false }
        return Double(self.count) * (100 - percentile) / 100 >= 1
    }

    init(_ histogram: LatencyHistogram) {
        let isEmpty = histogram.totalCount == 0
        self.init(
            count: histogram.totalCount,
            minimum: isEmpty ? 0 : histogram.min,
            mean: isEmpty ? 0 : histogram.mean,
            standardDeviation: isEmpty ? 0 : histogram.stdDeviation,
            maximum: isEmpty ? 0 : histogram.max,
            percentiles: Dictionary(
                uniqueKeysWithValues: Self.names.map { ($0, isEmpty ? 0 : histogram.valueAtPercentile(Double($0) ?? 0)) })
        )
    }
}

extension [BenchResult.CurvePoint] {
    /// HdrHistogram's percentile distribution: five points for each halving of what is left to 100 %.
    init(_ histogram: LatencyHistogram) {
        guard histogram.totalCount > 0 else {
            self = []
            return
        }
        self = histogram.percentiles(ticksPerHalfDistance: 5).map { step in
            .init(percentile: step.percentileLevelIteratedTo, value: step.value, count: step.totalCountToThisValue)
        }
    }
}
