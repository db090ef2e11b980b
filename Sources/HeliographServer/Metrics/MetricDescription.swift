/// What a metric is. All that this server reports is in the ``table``, which a test compares with `Docs/metrics.md`: whoever adds one adds it to both.
struct MetricDescription: Hashable, Sendable {
    enum Kind: String, Sendable {
        case counter
        case gauge
        case histogram
    }

    let name: String
    let kind: Kind
    let help: String
    /// The names of its labels. Their values are from tables of ours.
    let labels: [String]
    /// The bounds of a histogram's buckets.
    let buckets: [Double]
    /// Whether the histogram is counted by whoever reports it, as counters whose names end with `_bucket`, `_sum` and `_count`.
    let isCounted: Bool

    init(
        _ name: String, _ kind: Kind, _ help: String, labels: [String] = [], buckets: [Double] = Self.latencies, isCounted: Bool = false
    ) {
        self.name = name
        self.kind = kind
        self.help = help
        self.labels = labels
        self.buckets = buckets
        self.isCounted = isCounted
    }

    /// In seconds: from what a call takes at least to what a caller gives up at.
    static let latencies = [0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10]

    func makeSeries() -> (any MetricSeries)? {
        guard kind == .histogram else { return Number() }
        return isCounted ? nil : Histogram(buckets)
    }

    /// The histograms that are counted, by the names of their counters.
    static let families: [String: String] = {
        let pairs = table.filter(\.isCounted).flatMap { one in ["_bucket", "_sum", "_count"].map { (one.name + $0, one.name) } }
        return Dictionary(pairs, uniquingKeysWith: { first, _ in first })
    }()

    /// `[a-zA-Z_:][a-zA-Z0-9_:]*`
    static func escaped(name: String) -> String { escaped(name, orColon: true) }
    /// `[a-zA-Z_][a-zA-Z0-9_]*`
    static func escaped(label: String) -> String { escaped(label, orColon: false) }

    private static func escaped(_ name: String, orColon: Bool) -> String {
        var bytes = name.utf8.prefix(200).map { byte -> UInt8 in
            switch byte {
            case 0x61...0x7A, 0x41...0x5A, 0x30...0x39, 0x5F: byte
            case 0x3A where orColon: byte
            default: 0x5F
            }
        }
        if let first = bytes.first, (0x30...0x39).contains(first) { bytes.insert(0x5F, at: 0) }
        return bytes.isEmpty ? "_" : String(decoding: bytes, as: UTF8.self)
    }
}
