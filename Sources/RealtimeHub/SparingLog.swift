package import NIOCore

/// Keeps a log from being filled by who can make the same happen again and again: it is told once in ten seconds, and how often it was not.
package struct SparingLog: Sendable {
    private static let pause = TimeAmount.seconds(10)

    private var last: NIODeadline?
    private var untold = 0

    package init() {}

    /// - Returns: how many were not told since the last that was; nil: nor is this one.
    package mutating func next(at now: NIODeadline = .now()) -> Int? {
        if let last, now < last + Self.pause {
            untold += 1
            return nil
        }
        defer { untold = 0 }
        last = now
        return untold
    }
}
