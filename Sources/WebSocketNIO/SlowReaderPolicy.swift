public import WebSocketProtocol

/// What a ``Room`` does with a member that reads more slowly than messages come. The others never notice it.
public enum SlowReaderPolicy: Hashable, Sendable {
    /// Ends its connection: it will come back and start afresh.
    case disconnect(CloseCode)
    /// Leaves out what does not fit: for what loses its worth quickly.
    case skip
    /// Leaves out all but the newest message, which is sent when the member has caught up: for states and prices.
    case keepLatest
}
