/// The text format 0.0.4 of Prometheus.
struct PrometheusText {
    static let contentType = "text/plain; version=0.0.4; charset=utf-8"

    private(set) var text = ""

    mutating func begin(_ description: MetricDescription) {
        let help = description.help.isEmpty ? "Not of this server." : description.help
        text += "# HELP \(description.name) \(Self.escaped(help: help))\n# TYPE \(description.name) \(description.kind.rawValue)\n"
    }

    /// - Parameter labels: their names are names; their values may be any text.
    mutating func add(_ name: String, _ labels: [MetricLabels.Pair], _ value: Double) {
        text += name
        if !labels.isEmpty {
            text += "{\(labels.map { "\($0.name)=\"\(Self.escaped(value: $0.value))\"" }.joined(separator: ","))}"
        }
        text += " \(Self.number(value))\n"
    }

    /// Whole numbers without a point.
    static func number(_ value: Double) -> String {
        if value.isNaN { return "NaN" }
        guard value.isFinite else { return value < 0 ? "-Inf" : "+Inf" }
        return Int64(exactly: value).map { "\($0)" } ?? "\(value)"
    }

    private static func escaped(help: String) -> String { help.replacing("\\", with: "\\\\").replacing("\n", with: "\\n") }

    /// Long ones are cut: nothing of ours is.
    private static func escaped(value: String) -> String { escaped(help: String(value.prefix(200))).replacing("\"", with: "\\\"") }
}
