import Foundation

/// The pictures of a report.
struct ReportCharts {
    let result: BenchResult

    // MARK: Latency by percentile

    /// The latency curve of HdrHistogram: each "nine" is as wide as the one before, so that the tail is as visible as the bulk.
    var latencyByPercentile: String {
        let points = self.result.curve
        let most = self.mostNines
        let across = ChartScale(kind: .linear, domain: 0...most, range: Chart.horizontal)
        let up = ChartScale.fitting(points.map { Double($0.value) }, range: Chart.vertical)
        let places = points.map { (across.position(min(Self.nines($0.percentile), most)), up.position(Double($0.value))) }
        let marks = self.marks(across, up, most)
        // The marked points lie between those of the curve: it must go through them all the same.
        let line = (places + marks.map(\.place)).sorted { ($0.0, -$0.1) < ($1.0, -$1.1) }
        var chart = Chart(label: self.latencyLabel)
        chart.verticalAxis(up.ticks.map { (up.position($0), BenchFormat.tick(time: $0)) })
        chart.horizontalAxis(self.percentileTicks(across, upTo: most), title: "percentile")
        chart.area(line, style: "area-a")
        chart.polyline(line, style: "line-a")
        for (point, place) in zip(points, places) {
            chart.hint("\(Self.percent(point.percentile)): \(BenchFormat.time(point.value))", at: place)
        }
        for mark in marks { self.draw(mark.name, at: mark.place, on: &chart) }
        return chart.svg
    }

    private var latencyLabel: String {
        let percentiles = self.result.latency.percentiles
        let median = BenchFormat.time(percentiles["50"] ?? 0)
        let tail = BenchFormat.time(percentiles["99"] ?? 0)
        let longest = BenchFormat.time(self.result.latency.maximum)
        return "\(self.result.mode.latencyTitle) by percentile: median \(median), 99 % \(tail), longest \(longest)"
    }

    /// The percentiles that are named in the picture.
    private func marks(_ across: ChartScale, _ up: ChartScale, _ most: Double) -> [(name: String, place: (Double, Double))] {
        ["50", "99", "99.9"].compactMap { name in
            guard let value = self.result.latency.percentiles[name], let percentile = Double(name), Self.nines(percentile) <= most else {
                return nil
            }
            return ("\(name) %: \(BenchFormat.time(value))", (across.position(Self.nines(percentile)), up.position(Double(value))))
        }
    }

    /// The name stands above a curve that rises, to the left; near the axis below it, to the right.
    private func draw(_ name: String, at place: (Double, Double), on chart: inout Chart) {
        let isNearAxis = place.0 < Chart.horizontal.0 + 120
        let (right, down, anchor) = isNearAxis ? (8.0, 18.0, "start") : (-8.0, -10.0, "end")
        chart.dot(place, style: "dot-a")
        chart.text(name, at: (place.0 + right, place.1 + down), style: "mark", anchor: anchor)
    }

    /// As many nines as the number of measurements can tell.
    private var mostNines: Double {
        max(log10(Double(max(self.result.latency.count, 10))), 1)
    }

    private func percentileTicks(_ scale: ChartScale, upTo most: Double) -> [(Double, String)] {
        [0, 50, 90, 99, 99.9, 99.99, 99.999, 99.9999, 99.99999].filter { Self.nines($0) <= most }
            .map { (scale.position(Self.nines($0)), Self.percent($0)) }
    }

    /// 90 % is 1, 99 % is 2, and so on.
    static func nines(_ percentile: Double) -> Double {
        percentile >= 100 ? .greatestFiniteMagnitude : -log10(1 - max(percentile, 0) / 100)
    }

    /// `99.9 %`, `99.95 %`, without needless digits.
    static func percent(_ percentile: Double) -> String {
        var text = String(format: "%.5f", percentile)
        while text.hasSuffix("0") { text.removeLast() }
        if text.hasSuffix(".") { text.removeLast() }
        return text + " %"
    }

    // MARK: Over time

    var throughputOverTime: String {
        let points = self.result.series
        let across = self.timeScale
        let up = ChartScale.linear(upTo: points.map(\.perSecond).max() ?? 1, range: Chart.vertical)
        let places = points.map { (across.position($0.time), up.position($0.perSecond)) }
        let mean = BenchFormat.count(self.result.completedPerSecond)
        var chart = Chart(label: "\(self.result.mode.rateTitle) over time, on average \(mean) a second")
        chart.verticalAxis(up.ticks.map { (up.position($0), BenchFormat.tick(count: $0) + "/s") })
        chart.horizontalAxis(self.timeTicks(across), title: "time")
        chart.area(places, style: "area-a")
        chart.polyline(places, style: "line-a")
        for (point, place) in zip(points, places) {
            chart.hint("\(BenchFormat.seconds(point.time)): \(BenchFormat.count(point.perSecond))/s", at: place)
        }
        return chart.svg
    }

    var latencyOverTime: String {
        let points = self.result.series.filter { $0.maximum > 0 }
        let across = self.timeScale
        let up = ChartScale.fitting(points.flatMap { [Double($0.median), Double($0.maximum)] }, range: Chart.vertical)
        var chart = Chart(label: "\(self.result.mode.latencyTitle) over time: median, 99 % and longest of each interval")
        chart.verticalAxis(up.ticks.map { (up.position($0), BenchFormat.tick(time: $0)) })
        chart.horizontalAxis(self.timeTicks(across), title: "time")
        let lines: [(String, KeyPath<BenchResult.Point, UInt64>, String)] = [
            ("longest", \.maximum, "c"), ("99 %", \.p99, "b"), ("median", \.median, "a"),
        ]
        var names: [(String, Double, String)] = []
        for (name, value, style) in lines {
            let places = points.map { (across.position($0.time), up.position(Double($0[keyPath: value]))) }
            chart.polyline(places, style: "line-\(style)")
            for (point, place) in zip(points, places) {
                chart.hint("\(name) at \(BenchFormat.seconds(point.time)): \(BenchFormat.time(point[keyPath: value]))", at: place)
            }
            if let last = places.last { names.append((name, last.1, style)) }
        }
        for (name, height, style) in Self.apart(names) {
            chart.text(name, at: (Chart.horizontal.1 + 8, height + 4), style: "name-\(style)")
        }
        return chart.svg
    }

    /// The lines' names stand at their ends, moved apart where those are close together.
    static func apart(_ names: [(String, Double, String)]) -> [(String, Double, String)] {
        var result: [(String, Double, String)] = []
        for name in names.sorted(by: { $0.1 < $1.1 }) {
            let least = (result.last?.1 ?? -.greatestFiniteMagnitude) + 15
            result.append((name.0, max(name.1, least), name.2))
        }
        return result
    }

    private var timeScale: ChartScale {
        ChartScale(kind: .linear, domain: 0...max(self.result.series.last?.time ?? 1, 0.1), range: Chart.horizontal)
    }

    private func timeTicks(_ scale: ChartScale) -> [(Double, String)] {
        let step = ChartScale.niceStep(scale.domain.upperBound / 8)
        return stride(from: 0, through: scale.domain.upperBound * 1.000_1, by: step).map { (scale.position($0), BenchFormat.seconds($0)) }
    }
}
