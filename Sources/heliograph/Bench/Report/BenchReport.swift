/// A result as one page of HTML that needs nothing else: no script, no font, no network.
struct BenchReport {
    let result: BenchResult
    private let summary: BenchSummary
    private let charts: ReportCharts

    init(result: BenchResult) {
        self.result = result
        self.summary = BenchSummary(result: result)
        self.charts = ReportCharts(result: result)
    }

    var html: String {
        """
        <!doctype html>
        <html lang="en">
        <head>
        <meta charset="utf-8">
        <meta name="viewport" content="width=device-width, initial-scale=1">
        <meta name="color-scheme" content="light dark">
        <meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">
        <title>\(HTML.escaped(self.title)) · heliograph bench</title>
        <style>\(ReportStyle.css)</style>
        </head>
        <body>
        <main>
        \(self.header)
        \(self.warnings)
        \(self.tiles)
        \(self.figures)
        <div class="tables">
        \(HTML.table(self.summary.latencies, caption: self.capitalized(self.result.mode.latencyTitle)))
        \(HTML.table(self.settings, caption: "The run"))
        </div>
        \(self.notes)
        </main>
        </body>
        </html>

        """
    }

    private var title: String { "\(self.capitalized(self.result.mode.title)), \(self.result.url)" }

    private var header: String {
        """
        <header>
        <p class="eyebrow">heliograph bench</p>
        <h1>\(HTML.escaped(self.capitalized(self.result.mode.title)))</h1>
        <p class="target"><code>\(HTML.escaped(self.result.url))</code></p>
        <p class="when">\(HTML.escaped(self.result.startedAt)) · \(HTML.escaped(self.load))</p>
        </header>
        """
    }

    /// The load in one line.
    private var load: String {
        let options = self.result.options
        let connections = "\(BenchFormat.grouped(options.connections)) connection\(options.connections == 1 ? "" : "s")"
        let size = "\(BenchFormat.bytes(Double(options.messageBytes))) messages"
        let pace = options.rate.map { "\(BenchFormat.count($0))/s (open loop)" } ?? "as fast as answers come (closed loop)"
        switch self.result.mode {
        case .echo: return "\(connections), \(size), depth \(options.depth), \(pace)"
        case .fanout: return "1 publisher, \(connections), \(size), \(pace)"
        case .idle: return "\(connections), held for \(BenchFormat.seconds(options.durationSeconds))"
        case .connect: return "\(BenchFormat.grouped(options.connections)) at once, \(pace)"
        }
    }

    private var warnings: String {
        guard !self.summary.warnings.isEmpty else { return "" }
        let items = self.summary.warnings.map { "<li>\(HTML.escaped($0))</li>" }.joined()
        return "<aside aria-label=\"Warnings\"><ul>\(items)</ul></aside>"
    }

    private var tiles: String {
        var tiles: [(String, String)] = []
        if self.result.mode != .idle {
            tiles.append((self.result.mode.rateTitle, BenchFormat.count(self.result.completedPerSecond) + "/s"))
        }
        if self.result.mode == .idle { tiles.append(("connections", BenchFormat.grouped(self.result.connections.opened))) }
        if let memory = self.result.memory, memory.perConnection > 0 {
            tiles.append(("memory a connection", BenchFormat.bytes(memory.perConnection)))
        }
        for name in ["50", "99", "99.9"] where self.result.latency.tells(name) {
            tiles.append((name == "50" ? "median" : "\(name) %", BenchFormat.time(self.result.latency.percentiles[name] ?? 0)))
        }
        tiles.append(("longest", BenchFormat.time(self.result.latency.maximum)))
        let items = tiles.map { "<div><dt>\(HTML.escaped($0.0))</dt><dd>\(HTML.escaped($0.1))</dd></div>" }.joined(separator: "\n")
        return "<dl class=\"tiles\">\n\(items)\n</dl>"
    }

    private var figures: String {
        var figures: [String] = []
        if !self.result.curve.isEmpty {
            figures.append(
                self.figure(
                    "\(self.capitalized(self.result.mode.latencyTitle)), by percentile",
                    "How long the fastest part of all took at most. Each step to the right is a rarer case.",
                    self.charts.latencyByPercentile))
        }
        if self.result.mode != .idle, self.result.series.count > 1 {
            figures.append(
                self.figure("\(self.capitalized(self.result.mode.rateTitle)), over time", "", self.charts.throughputOverTime))
            figures.append(
                self.figure(
                    "\(self.capitalized(self.result.mode.latencyTitle)), over time", "Median, 99 % and longest of each interval.",
                    self.charts.latencyOverTime))
        }
        return figures.joined(separator: "\n")
    }

    private func figure(_ title: String, _ explanation: String, _ svg: String) -> String {
        let note = explanation.isEmpty ? "" : "<p>\(HTML.escaped(explanation))</p>"
        return "<figure>\n<figcaption><h2>\(HTML.escaped(title))</h2>\(note)</figcaption>\n<div class=\"chart\">\(svg)</div>\n</figure>"
    }

    private var settings: [(String, String)] {
        let options = self.result.options
        var rows = self.summary.facts
        if self.result.mode == .echo || self.result.mode == .fanout {
            rows.append(("message", "\(BenchFormat.bytes(Double(options.messageBytes))), \(options.isBinary ? "binary" : "text")"))
        }
        rows.append(("compression", options.isCompressed ? "offered" : "off"))
        if self.result.mode != .idle { rows.append(("warm-up", BenchFormat.seconds(options.warmUpSeconds))) }
        rows.append(("generator", "\(options.threads) thread\(options.threads == 1 ? "" : "s"), \(self.result.host)"))
        return rows
    }

    private var notes: String {
        let place = "Generator and server share what lies between them; on one machine they also share its processors."
        return "<footer><p>\(self.pacing)</p><p>\(place)</p></footer>"
    }

    /// What the figures can tell, and what not.
    private var pacing: String {
        if self.result.mode == .idle { return "The handshakes were made \(BenchRunner.openingWindow) at a time, and wait for one another." }
        guard self.result.options.rate != nil else {
            return
                "This was a closed loop: the next began when one had ended, so a server that stalls was asked less. Such figures tell the highest rate, "
                + "not the latency at a given load; for that, set a rate."
        }
        return
            "This was an open loop: everything was done at its time whatever the server did, and each latency counts from the time at which it was "
            + "due, so stalls are in the figures."
    }

    private func capitalized(_ text: String) -> String { text.prefix(1).uppercased() + text.dropFirst() }
}

extension BenchPlan.Mode {
    /// A heading.
    var title: String {
        switch self {
        case .echo: "echo"
        case .fanout: "fan-out"
        case .idle: "idle connections"
        case .connect: "opening connections"
        }
    }
}
