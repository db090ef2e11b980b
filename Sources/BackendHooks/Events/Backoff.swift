/// Pauses between attempts: each twice as long as the one before, up to an end, and somewhere in its upper half, so that several servers do not come together.
struct Backoff {
    var range: ClosedRange<Duration>
    private var attempts = 0

    init(_ range: ClosedRange<Duration>) {
        self.range = range
    }

    /// - Parameter random: a number from 0.5 to 1.
    mutating func next(random: Double = Double.random(in: 0.5...1)) -> Duration {
        var pause = range.lowerBound
        for _ in 0..<attempts where pause < range.upperBound { pause = pause * 2 }
        // More doublings lead nowhere.
        attempts = min(attempts + 1, 64)
        return min(pause, range.upperBound) * random
    }

    mutating func reset() { attempts = 0 }
}
