import Foundation
import Histogram
import Testing

@testable import heliograph

@Suite("Results, in text, JSON and HTML")
struct BenchReportTests {
    /// A result as of `count` measurements of 1, 2, 3 … µs.
    static func result(_ mode: BenchPlan.Mode = .echo, count: UInt64 = 10_000, points: Int = 20) -> BenchResult {
        var histogram = LatencyHistogram.latencies()
        for number in 0..<count { histogram.recordLatency((number + 1) * 1_000) }
        return BenchResult(
            startedAt: "2026-01-01T00:00:00Z", host: "2 cores", url: "ws://127.0.0.1/<b>&\"x\"", mode: mode,
            options: .init(
                connections: 10, messageBytes: 64, depth: 1, rate: nil, warmUpSeconds: 1, durationSeconds: 2, threads: 1,
                isCompressed: false, isBinary: false),
            connections: .init(opened: 10), elapsedSeconds: 2, sent: Int(count), completed: Int(count),
            completedPerSecond: Double(count) / 2,
            payloadBytesPerSecond: 32 * Double(count), unanswered: 0, wrong: 0, skipped: 0, wasInterrupted: false,
            latency: .init(histogram),
            curve: .init(histogram), handshakes: nil,
            series: (0..<points).map {
                .init(time: Double($0 + 1) / 10, perSecond: 5_000, median: 5_000_000, p99: 9_900_000, maximum: 10_000_000)
            },
            memory: nil)
    }

    @Test("percentiles are those of the measurements, to three digits")
    func percentiles() throws {
        let latency = Self.result().latency
        for (name, expected) in [("50", 5_000_000.0), ("90", 9_000_000), ("99", 9_900_000), ("99.9", 9_990_000)] {
            let value = Double(try #require(latency.percentiles[name]))
            #expect(abs(value - expected) / expected < 0.002)
        }
        #expect(latency.count == 10_000)
        #expect(abs(latency.mean - 5_000_500) < 10_000)
        #expect(latency.tells("99.99"))
        #expect(!latency.tells("99.999"))
    }

    @Test("the curve rises to the end")
    func curve() throws {
        let curve = Self.result().curve
        #expect(curve.count > 20)
        #expect(zip(curve, curve.dropFirst()).allSatisfy { $0.percentile <= $1.percentile && $0.value <= $1.value })
        #expect(curve.last?.percentile == 100)
        #expect(curve.last?.count == 10_000)
    }

    @Test("nothing measured is no trap")
    func empty() {
        let result = Self.result(count: 0, points: 0)
        #expect(result.latency.maximum == 0)
        #expect(result.curve.isEmpty)
        #expect(BenchSummary(result: result).text.contains("round trips"))
        expectWhole(BenchReport(result: result).html)
    }

    @Test("measurements beyond ten minutes count as ten minutes")
    func longest() {
        var histogram = LatencyHistogram.latencies()
        histogram.recordLatency(.max)
        #expect(histogram.totalCount == 1)
    }

    @Test("JSON goes there and back")
    func json() throws {
        let data = try JSONEncoder().encode(Self.result())
        let decoded = try JSONDecoder().decode(BenchResult.self, from: data)
        #expect(decoded.latency.percentiles == Self.result().latency.percentiles)
        #expect(decoded.mode == .echo)
        #expect(decoded.tool == "heliograph bench")
    }

    @Test("what went wrong is said first, and makes the result unclean")
    func warnings() {
        var result = Self.result()
        #expect(result.isClean)
        #expect(BenchSummary(result: result).warnings.isEmpty)
        result.connections.failed = 2
        result.connections.firstError = "refused"
        result.connections.lost = ["1006": 3]
        result.wrong = 4
        result.skipped = 5
        result.unanswered = 6
        result.wasInterrupted = true
        #expect(!result.isClean)
        let text = BenchSummary(result: result).text
        for part in [
            "2 connections failed: refused", "3 connections were lost with close code 1006", "4 messages", "5 messages", "6 messages",
            "interrupted",
        ] {
            #expect(text.contains(part))
        }
        expectWhole(BenchReport(result: result).html)
    }

    @Test("a server that says nothing is no success")
    func silent() {
        let result = Self.result(count: 0, points: 0)
        #expect(!result.isClean)
        #expect(BenchSummary(result: result).warnings.count == 1)
        #expect(Self.result(.idle, count: 0).isClean)
    }

    @Test("the page needs nothing else, and is whole", arguments: BenchPlan.Mode.allCases)
    func page(mode: BenchPlan.Mode) {
        let html = BenchReport(result: Self.result(mode)).html
        expectWhole(html)
        #expect(html.contains("ws://127.0.0.1/&lt;b&gt;&amp;&quot;x&quot;"))
        #expect(html.contains("prefers-color-scheme: dark"))
        #expect(html.components(separatedBy: "<svg").count - 1 == (mode == .idle ? 1 : 3))
    }

    @Test("one measurement, equal measurements and far apart ones can be drawn")
    func extremes() {
        for values: [UInt64] in [[1], [5, 5, 5], [1, 600_000_000_000], Array(repeating: 1_000, count: 1_000)] {
            var histogram = LatencyHistogram.latencies()
            for value in values { histogram.recordLatency(value) }
            var result = Self.result()
            result.latency = .init(histogram)
            result.curve = .init(histogram)
            result.series = [
                .init(time: 0.1, perSecond: 0, median: 0, p99: 0, maximum: 0),
                .init(time: 0.2, perSecond: 1e9, median: 1, p99: 1, maximum: .max),
            ]
            expectWhole(BenchReport(result: result).html)
        }
    }

    private func expectWhole(_ html: String, sourceLocation: SourceLocation = #_sourceLocation) {
        for element in ["html", "main", "svg", "table", "figure", "text", "dl", "div", "header", "footer"] {
            let opened = html.components(separatedBy: "<\(element)>").count + html.components(separatedBy: "<\(element) ").count
            #expect(opened - 1 == html.components(separatedBy: "</\(element)>").count, "\(element)", sourceLocation: sourceLocation)
        }
        for outside in ["<script", "src=", "href=", "url(", "@import", "\"nan", ",nan", " nan", "\"inf", ",inf", "<b>"] {
            #expect(!html.contains(outside), "\(outside)", sourceLocation: sourceLocation)
        }
    }

    @Test(
        "figures are for people",
        arguments: [
            (BenchFormat.time(0.0), "0 ns"), (BenchFormat.time(999.0), "999 ns"), (BenchFormat.time(87_300.0), "87.3 µs"),
            (BenchFormat.time(999_499.0), "999 µs"),
            (BenchFormat.time(999_500.0), "1.00 ms"), (BenchFormat.time(1_200_000.0), "1.20 ms"), (BenchFormat.time(12e9), "12.0 s"),
            (BenchFormat.count(950), "950"),
            (BenchFormat.count(9_999), "9999"), (BenchFormat.count(12_345), "12.3 k"), (BenchFormat.count(1_250_000), "1.25 M"),
            (BenchFormat.bytes(512), "512 B"),
            (BenchFormat.bytes(1_500), "1.50 kB"), (BenchFormat.bytes(2.3e9), "2.30 GB"), (BenchFormat.grouped(1_234_567), "1,234,567"),
            (BenchFormat.grouped(-1_000), "-1,000"),
            (BenchFormat.grouped(0), "0"), (BenchFormat.seconds(5), "5 s"), (BenchFormat.seconds(0.5), "0.5 s"),
            (BenchFormat.tick(time: 1e6), "1 ms"),
            (BenchFormat.tick(time: 0), "0"), (BenchFormat.tick(count: 5_000), "5 k"), (BenchFormat.tick(count: 2.5e6), "2.5 M"),
            (BenchFormat.tick(count: 500), "500"),
        ])
    func figures(text: String, expected: String) {
        #expect(text == expected)
    }

    @Test("a progress bar is full at the end, and never longer")
    func bar() {
        #expect(BenchProgress.bar(0) == "░░░░░░░░░░░░░░░░░░░░")
        #expect(BenchProgress.bar(0.5) == "██████████░░░░░░░░░░")
        #expect(BenchProgress.bar(2) == "████████████████████")
    }
}

@Suite("Axes")
struct ChartScaleTests {
    @Test(
        "round numbers",
        arguments: [(0.7, 1.0), (1.0, 1), (1.1, 2), (3, 5), (7, 10), (70, 100), (0.03, 0.05), (0, 1), (.infinity, 1), (.nan, 1)])
    func niceStep(raw: Double, step: Double) {
        #expect(abs(ChartScale.niceStep(raw) - step) < 1e-9)
    }

    @Test("linear axes begin at 0, end above the values, and have about five ticks", arguments: [0.0, 0.003, 1, 7.3, 18_640, 2.5e6])
    func linear(most: Double) {
        let scale = ChartScale.linear(upTo: most, range: (100, 0))
        #expect(scale.domain.lowerBound == 0)
        #expect(scale.domain.upperBound >= most)
        #expect((2...8).contains(scale.ticks.count))
        #expect(scale.position(0) == 100)
        #expect(scale.position(scale.domain.upperBound) == 0)
        #expect(scale.position(-1) == 100)
        #expect(scale.position(.infinity) == 0)
    }

    @Test("values orders of magnitude apart get a logarithmic axis")
    func logarithmic() {
        #expect(ChartScale.fitting([100, 150], range: (0, 1)).kind == .linear)
        #expect(ChartScale.fitting([], range: (0, 1)).kind == .linear)
        #expect(ChartScale.fitting([0, .nan], range: (0, 1)).kind == .linear)
        let scale = ChartScale.fitting([0, 3_000, 700_000], range: (0, 300))
        #expect(scale.kind == .logarithmic)
        #expect(scale.domain == 2_000...1_000_000)
        #expect(scale.ticks.first.map { $0 >= 2_000 } == true)
        #expect(zip(scale.ticks, scale.ticks.dropFirst()).allSatisfy { $0 < $1 })
        #expect(abs(scale.position(1_000_000) - 300) < 1e-6)
        #expect(scale.position(0) == 0)
    }

    @Test("each nine is one step", arguments: [(0.0, 0.0), (90, 1), (99, 2), (99.9, 3), (-5, 0)])
    func nines(percentile: Double, nines: Double) {
        #expect(abs(ReportCharts.nines(percentile) - nines) < 1e-9)
    }

    @Test("percentiles have no needless digits", arguments: [(99.9, "99.9 %"), (50, "50 %"), (0, "0 %"), (99.99951, "99.99951 %")])
    func percent(percentile: Double, text: String) {
        #expect(ReportCharts.percent(percentile) == text)
    }

    @Test("names at the ends of lines do not overlap")
    func apart() {
        let names = ReportCharts.apart([("a", 50, ""), ("b", 51, ""), ("c", 49, ""), ("d", 200, "")])
        #expect(names.map(\.0) == ["c", "a", "b", "d"])
        #expect(zip(names, names.dropFirst()).allSatisfy { $1.1 - $0.1 >= 15 })
    }
}
