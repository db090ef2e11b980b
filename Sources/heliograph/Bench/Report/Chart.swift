import Foundation

/// A picture with two axes as SVG. Colours come from the page's style sheet by class, so that the same picture is right in light and in dark.
struct Chart {
    static let width = 920.0
    static let height = 330.0
    private static let left = 74.0
    private static let right = 76.0
    private static let top = 16.0
    private static let bottom = 40.0

    static var horizontal: (Double, Double) { (self.left, self.width - self.right) }
    static var vertical: (Double, Double) { (self.height - self.bottom, self.top) }

    /// What the picture says, for those who do not see it.
    let label: String
    private var elements: [String] = []

    init(label: String) {
        self.label = label
    }

    var svg: String {
        let size = "0 0 \(Self.number(Self.width)) \(Self.number(Self.height))"
        return
            "<svg viewBox=\"\(size)\" role=\"img\" aria-label=\"\(HTML.escaped(self.label))\">\n\(self.elements.joined(separator: "\n"))\n</svg>"
    }

    // MARK: Axes

    mutating func verticalAxis(_ ticks: [(position: Double, name: String)]) {
        for tick in ticks {
            self.line(from: (Self.left, tick.position), to: (Self.width - Self.right, tick.position), style: "grid")
            self.text(tick.name, at: (Self.left - 10, tick.position + 4), style: "tick", anchor: "end")
        }
    }

    mutating func horizontalAxis(_ ticks: [(position: Double, name: String)], title: String) {
        let base = Self.height - Self.bottom
        self.line(from: (Self.left, base), to: (Self.width - Self.right, base), style: "axis")
        for tick in ticks {
            self.line(from: (tick.position, base), to: (tick.position, base + 5), style: "axis")
            self.text(tick.name, at: (tick.position, base + 19), style: "tick", anchor: "middle")
        }
        self.text(title, at: (Self.width - Self.right, Self.height - 3), style: "tick", anchor: "end")
    }

    // MARK: Marks

    mutating func polyline(_ points: [(Double, Double)], style: String) {
        guard !points.isEmpty else { return }
        self.elements.append("<polyline class=\"\(style)\" points=\"\(Self.list(points))\"/>")
    }

    /// The surface between a line and the horizontal axis.
    mutating func area(_ points: [(Double, Double)], style: String) {
        guard let first = points.first, let last = points.last else { return }
        let base = Self.height - Self.bottom
        self.elements.append("<polygon class=\"\(style)\" points=\"\(Self.list([(first.0, base)] + points + [(last.0, base)]))\"/>")
    }

    mutating func dot(_ point: (Double, Double), style: String) {
        self.elements.append("<circle class=\"\(style)\" cx=\"\(Self.number(point.0))\" cy=\"\(Self.number(point.1))\" r=\"4\"/>")
    }

    /// A place that shows a text when pointed at.
    mutating func hint(_ text: String, at point: (Double, Double)) {
        let place = "cx=\"\(Self.number(point.0))\" cy=\"\(Self.number(point.1))\""
        self.elements.append("<circle class=\"hint\" \(place) r=\"7\"><title>\(HTML.escaped(text))</title></circle>")
    }

    mutating func text(_ text: String, at point: (Double, Double), style: String, anchor: String = "start") {
        let place = "x=\"\(Self.number(point.0))\" y=\"\(Self.number(point.1))\""
        self.elements.append("<text class=\"\(style)\" \(place) text-anchor=\"\(anchor)\">\(HTML.escaped(text))</text>")
    }

    private mutating func line(from: (Double, Double), to: (Double, Double), style: String) {
        let ends = "x1=\"\(Self.number(from.0))\" y1=\"\(Self.number(from.1))\" x2=\"\(Self.number(to.0))\" y2=\"\(Self.number(to.1))\""
        self.elements.append("<line class=\"\(style)\" \(ends)/>")
    }

    private static func list(_ points: [(Double, Double)]) -> String {
        points.map { "\(self.number($0.0)),\(self.number($0.1))" }.joined(separator: " ")
    }

    /// A tenth of a pixel is enough; what is no number must not get into a page.
    static func number(_ value: Double) -> String {
        guard value.isFinite else { return "0" }
        let text = String(format: "%.1f", value)
        return text.hasSuffix(".0") ? String(text.dropLast(2)) : text
    }
}
