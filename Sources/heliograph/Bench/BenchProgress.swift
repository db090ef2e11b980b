import Foundation

/// One line on the standard error that is written over and over, if that is a terminal.
actor BenchProgress: BenchObserver {
    private static let barLength = 20

    private let isOn: Bool
    private let mode: BenchPlan.Mode
    private var lastWritten = ContinuousClock.now - .seconds(1)

    init(isOn: Bool, mode: BenchPlan.Mode) {
        self.isOn = isOn
        self.mode = mode
    }

    func opening(done: Int, of total: Int) {
        self.write(
            "opening \(Self.bar(Double(done) / Double(total))) \(BenchFormat.grouped(done)) of \(BenchFormat.grouped(total))",
            isLast: done == total)
    }

    func measuring(_ point: BenchResult.Point, total: Duration, isWarmUp: Bool) {
        let seconds = total / .seconds(1)
        let phase = isWarmUp ? "warm-up" : "measure"
        var line = "\(phase) \(Self.bar(point.time / seconds)) \(String(format: "%.1f", point.time)) of \(BenchFormat.seconds(seconds))"
        if self.mode != .idle {
            line += "  \(BenchFormat.count(point.perSecond))/s  p50 \(BenchFormat.time(point.median))  p99 \(BenchFormat.time(point.p99))"
        }
        self.write(line, isLast: point.time >= seconds)
    }

    /// Takes the line away.
    func finish() {
        if self.isOn { StandardOutput.writeError("\r\u{1B}[K") }
    }

    static func bar(_ part: Double) -> String {
        let full = Int((min(max(part, 0), 1) * Double(self.barLength)).rounded())
        return String(repeating: "█", count: full) + String(repeating: "░", count: self.barLength - full)
    }

    /// No more than ten times a second.
    private func write(_ line: String, isLast: Bool) {
        guard self.isOn, isLast || ContinuousClock.now - self.lastWritten >= .milliseconds(100) else { return }
        self.lastWritten = .now
        StandardOutput.writeError("\r\u{1B}[K" + line)
    }
}
