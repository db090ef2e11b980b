public import RealtimeHub

/// What the live views of the demos share: a list of things to do, and the channel that tells of its changes.
public final class LiveDemos: Demo {
    public let todo = SharedTodoList.Store()

    public init() {}

    /// Views subscribe in the server; no client may.
    public var namespaces: [String: ChannelSettings] { ["todo": ChannelSettings()] }
}
