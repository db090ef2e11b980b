public import LiveViews

/// Why a step of a test can't be taken.
public struct LiveTesterError: Error, Hashable, Sendable, CustomStringConvertible {
    /// What sort of thing went wrong.
    public enum Reason: Hashable, Sendable {
        /// Not a selector of the kind that ``LiveTester`` knows.
        case badSelector
        /// No element is like this.
        case noElement
        /// More than one element is like this, and one alone was wanted.
        case severalElements
        /// Neither the element nor what is around it does anything at this.
        case noBinding
        /// Nobody could do this to a control that is disabled or read-only.
        case disabled
        /// The form has no such control, the control no such option, or the element is no control.
        case noControl
        /// There is no connection.
        case notConnected
        /// The server has ended the connection.
        case closed(LiveCloseCode)
        /// The time is over.
        case timedOut
        /// The server has sent what a browser would refuse, or would show otherwise than the server thinks.
        case badMessage
        /// ``LiveTester/assertNoProblems(of:)`` has found some.
        case problems
    }

    public let reason: Reason
    /// What was looked for, and what there is.
    public let description: String

    init(_ reason: Reason, _ description: String) {
        self.reason = reason
        self.description = description
    }
}
