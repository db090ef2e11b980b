public import CoreMetrics
import Synchronization

// Strategy: whoever reports to swift-metrics gets a handler that is one sum for all who use the same name and labels (each event loop has its own
// counters and adds them up itself). A scrape reads the sums. How many series there can be is bounded, whatever is reported.

/// The figures of the running process, for `/metrics` and the pages: a backend of swift-metrics.
///
/// Give it to `MetricsSystem.bootstrap` once per process, and to the server's configuration. What there is, is in `Docs/metrics.md`.
public final class ServerMetrics: MetricsFactory {
    /// The most series of one name. More are counted together in `metrics_refused_series_total`.
    static let maxSeriesOfName = 500
    /// The most names that are not of the table.
    static let maxStrangers = 200

    private struct Family {
        let description: MetricDescription
        var series: [MetricLabels: any MetricSeries] = [:]
    }

    private let families: Mutex<[String: Family]>
    private let refused = Number()

    /// With all figures at 0.
    public init() {
        let known = MetricDescription.table.map { description in
            // What has no labels is there from the beginning.
            let first = description.labels.isEmpty ? description.makeSeries().map { [MetricLabels([]): $0] } ?? [:] : [:]
            return (description.name, Family(description: description, series: first))
        }
        families = Mutex(Dictionary(known, uniquingKeysWith: { first, _ in first }))
        families.withLock { $0["metrics_refused_series_total"]?.series = [MetricLabels([]): refused] }
    }

    /// Open sockets, clients' and servers' alike.
    public var openSockets: Int64 { value("websocket_connections") }
    /// Messages received since the process started.
    public var messagesReceived: Int64 { value("websocket_messages_received_total") }
    /// Messages sent.
    public var messagesSent: Int64 { value("websocket_messages_sent_total") }
    /// The bytes of the messages received.
    public var bytesReceived: Int64 { value("websocket_received_bytes_total") }
    /// The bytes of the messages sent.
    public var bytesSent: Int64 { value("websocket_sent_bytes_total") }

    private func value(_ name: String) -> Int64 {
        families.withLock { ($0[name]?.series[MetricLabels([])] as? Number)?.integer ?? 0 }
    }

    // MARK: What reports

    private func series<Series: MetricSeries>(
        _ label: String, _ dimensions: [(String, String)], _ kind: MetricDescription.Kind, _ make: (MetricDescription) -> Series
    ) -> Series? {
        let name = MetricDescription.escaped(name: label)
        // The parts of a histogram that somebody counts as a whole are series of it.
        let family = MetricDescription.families[name] ?? name
        let labels = MetricLabels(dimensions, part: name == family ? nil : name)
        return families.withLock { families in
            if families[family] == nil {
                guard families.count < MetricDescription.table.count + Self.maxStrangers else { return nil }
                families[family] = Family(description: MetricDescription(family, kind, ""))
            }
            guard let known = families[family] else { return nil }
            if let series = known.series[labels] { return series as? Series }
            guard known.series.count < Self.maxSeriesOfName else {
                refused.increment(by: 1 as Int64)
                return nil
            }
            let new = make(known.description)
            families[family]?.series[labels] = new
            return new
        }
    }

    public func makeCounter(label: String, dimensions: [(String, String)]) -> any CounterHandler {
        series(label, dimensions, .counter) { _ in Number() } ?? NOOPMetricsHandler.instance
    }

    public func makeFloatingPointCounter(label: String, dimensions: [(String, String)]) -> any FloatingPointCounterHandler {
        series(label, dimensions, .counter) { _ in Number() } ?? NOOPMetricsHandler.instance
    }

    public func makeMeter(label: String, dimensions: [(String, String)]) -> any MeterHandler {
        series(label, dimensions, .gauge) { _ in Number() } ?? NOOPMetricsHandler.instance
    }

    public func makeRecorder(label: String, dimensions: [(String, String)], aggregate: Bool) -> any RecorderHandler {
        if aggregate { return series(label, dimensions, .histogram) { Histogram($0.buckets) } ?? NOOPMetricsHandler.instance }
        return series(label, dimensions, .gauge) { _ in Number() } ?? NOOPMetricsHandler.instance
    }

    public func makeTimer(label: String, dimensions: [(String, String)]) -> any TimerHandler {
        series(label, dimensions, .histogram) { Histogram($0.buckets) } ?? NOOPMetricsHandler.instance
    }

    // Others may have the same handler; so nothing is ever taken away.
    public func destroyCounter(_ handler: any CounterHandler) {}
    public func destroyMeter(_ handler: any MeterHandler) {}
    public func destroyFloatingPointCounter(_ handler: any FloatingPointCounterHandler) {}
    public func destroyRecorder(_ handler: any RecorderHandler) {}
    public func destroyTimer(_ handler: any TimerHandler) {}

    // MARK: What reads

    /// All of it in the text format 0.0.4 of Prometheus, in the order of the names.
    func text() -> PrometheusText {
        var text = PrometheusText()
        let families = families.withLock { $0.values.sorted { $0.description.name < $1.description.name } }
        for family in families {
            text.begin(family.description)
            for (labels, series) in family.series.sorted(by: { $0.key < $1.key }) {
                series.write(family.description.name, labels, to: &text)
            }
        }
        return text
    }
}
