/// The limits of live views.
public struct LiveConfiguration: Sendable {
    /// From the opening of a connection until its view is there. Default 10 s.
    public var joinTimeout: Duration = .seconds(10)
    /// Between two renders of a view; the last state is always sent. Default 1/60 s.
    public var renderInterval: Duration = .nanoseconds(16_666_667)
    /// Events of one browser that are handled in a second, on average. Who sends more is closed with 4429. Default 100.
    public var maxEventsPerSecond = 100
    /// Events that may come at once. Default 200.
    public var maxEventBurst = 200
    /// Effects and subscriptions of one view that may be under way, and publications that the broker has not taken yet. What is more is refused, and logged. Default 256.
    public var maxEffects = 256
    /// The largest state that is sealed. A view with a larger one is mounted anew when it could have been resumed. Default 8 KiB.
    public var maxStateBytes = 8 << 10
    /// Between two seals of a view whose state changes: what a crash can cost. Default 1 s.
    public var sealInterval: Duration = .seconds(1)
    /// While more bytes than this wait for the browser, nothing is rendered; then the last state is. A view that has more than that to push
    /// meanwhile is closed with 1008. Default 256 KiB.
    public var maxBufferedBytes = 256 << 10
    /// An event that takes longer holds up the other views of its event loop, and is logged. Default 5 ms.
    public var slowHandler: Duration = .milliseconds(5)
    /// Within which browsers come back after ``LiveRuntime/drain()``. Default 5 s.
    public var drainWindow: Duration = .seconds(5)
    /// What files of browsers may cost.
    public var uploads = UploadLimits()

    public init() {}
}
