/// The last values of something as the path of a small picture: 120 wide, 32 high, the newest at its right.
struct Sparkline: Sendable {
    static let points = 60

    private(set) var values: [Double] = []

    mutating func add(_ value: Double) {
        values.append(value.isFinite ? max(0, value) : 0)
        if values.count > Self.points { values.removeFirst(values.count - Self.points) }
    }

    /// Closed outside of the picture, so that one path has both the line and what is below it.
    var path: String {
        guard values.count > 1 else { return "" }
        let most = max(values.max() ?? 0, 1)
        let start = 2 * (Self.points - values.count) + 2
        let places = values.enumerated().map { "\(start + 2 * $0.offset) \(30 - Int(($0.element / most * 27).rounded()))" }
        return "M\(start - 2) 36L" + places.joined(separator: "L") + "L124 36Z"
    }
}
