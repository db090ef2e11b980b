/// A result in a few lines of text.
struct BenchSummary {
    let result: BenchResult

    var text: String {
        var lines = [self.title, ""]
        lines += self.table(self.facts)
        if self.result.latency.count > 0 {
            lines += ["", self.result.mode.latencyTitle]
            lines += self.table(self.latencies)
        }
        if !self.warnings.isEmpty { lines += [""] + self.warnings.map { "! \($0)" } }
        return lines.joined(separator: "\n") + "\n"
    }

    var title: String { "\(self.result.mode.rawValue) \(self.result.url)" }

    /// Names and values, for text and page alike.
    var facts: [(String, String)] {
        let result = self.result
        var facts: [(String, String)] = []
        if result.mode != .idle {
            facts.append((result.mode.rateTitle, "\(BenchFormat.grouped(Int(result.completedPerSecond)))/s"))
            facts.append((result.mode.countTitle, BenchFormat.grouped(result.completed)))
        }
        if result.payloadBytesPerSecond > 0 { facts.append(("payload received", BenchFormat.bytes(result.payloadBytesPerSecond) + "/s")) }
        facts.append(("connections", self.connections))
        facts.append(("measured for", BenchFormat.seconds((result.elapsedSeconds * 10).rounded() / 10)))
        if let handshakes = result.handshakes, handshakes.count > 0 {
            let median = BenchFormat.time(handshakes.percentiles["50"] ?? 0)
            facts.append(("handshakes", "median \(median), longest \(BenchFormat.time(handshakes.maximum))"))
        }
        if let memory = result.memory {
            facts.append(
                ("server memory", "\(BenchFormat.bytes(Double(memory.after))), \(BenchFormat.bytes(memory.perConnection)) a connection"))
        }
        return facts
    }

    var latencies: [(String, String)] {
        let latency = self.result.latency
        var rows = [("shortest", BenchFormat.time(latency.minimum)), ("mean", BenchFormat.time(latency.mean))]
        for name in BenchResult.Latency.names where latency.tells(name) {
            rows.append(("\(name) %", BenchFormat.time(latency.percentiles[name] ?? 0)))
        }
        return rows + [("longest", BenchFormat.time(latency.maximum))]
    }

    /// What a reader must know before believing the figures.
    var warnings: [String] {
        let result = self.result
        var warnings: [String] = []
        if result.isSilent { warnings.append("nothing came back: does the server do what this mode expects?") }
        if result.wasInterrupted { warnings.append("interrupted: the figures are of the time until then") }
        if result.connections.failed > 0 {
            let cause = result.connections.firstError.map { ": \($0)" } ?? ""
            warnings.append("\(BenchFormat.grouped(result.connections.failed)) connections failed\(cause)")
        }
        for (code, count) in result.connections.lost.sorted(by: { $0.key < $1.key }) {
            warnings.append("\(BenchFormat.grouped(count)) connections were lost with close code \(code)")
        }
        if result.wrong > 0 { warnings.append("\(BenchFormat.grouped(result.wrong)) messages were not those that were expected") }
        if result.skipped > 0 {
            warnings.append("\(BenchFormat.grouped(result.skipped)) messages were not sent: the server is too far behind the rate")
        }
        if result.unanswered > 0 {
            warnings.append(
                "\(BenchFormat.grouped(result.unanswered)) messages were unanswered at the end; they count with their time until then")
        }
        return warnings
    }

    private var connections: String {
        let result = self.result
        return BenchFormat.grouped(result.mode == .connect ? result.options.connections : result.connections.opened)
            + (result.mode == .connect ? " at once" : "")
    }

    private func table(_ rows: [(String, String)]) -> [String] {
        let width = (rows.map { $0.0.count }.max() ?? 0) + 2
        return rows.map { "  \($0.0)\(String(repeating: " ", count: width - $0.0.count))\($0.1)" }
    }
}

extension BenchPlan.Mode {
    /// What is counted.
    var countTitle: String {
        switch self {
        case .echo: "round trips"
        case .fanout: "deliveries"
        case .idle: "messages"
        case .connect: "handshakes"
        }
    }

    var rateTitle: String {
        switch self {
        case .echo: "echo rate"
        case .fanout: "delivery rate"
        case .idle: "message rate"
        case .connect: "handshake rate"
        }
    }

    var latencyTitle: String {
        switch self {
        case .echo: "round trip time"
        case .fanout: "time from publishing to delivery"
        case .idle, .connect: "time of a handshake"
        }
    }
}
