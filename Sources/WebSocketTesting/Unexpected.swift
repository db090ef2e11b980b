/// Something other than what a test expected. Its description is what a failing test shows.
public struct Unexpected: Error, Hashable, Sendable, CustomStringConvertible {
    /// What was expected, and what came.
    public let description: String

    /// An error that says so.
    public init(_ description: String) {
        self.description = description
    }

    init<Value>(expected: [Value], got: [Value]) {
        self.init("expected \(expected), got \(got)")
    }
}
