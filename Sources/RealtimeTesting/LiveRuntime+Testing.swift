public import LiveViews
public import RealtimeHub

extension LiveRuntime {
    /// A runtime whose views render at once, whatever a test does and however often.
    ///
    /// - Parameters:
    ///   - hub: whose channels views use; give the same one to the runtimes of several processes.
    ///   - seals: a new secret by default. Two runtimes with the same secret are two processes of one service.
    ///   - change: other limits.
    public static func testing(
        hub: Hub? = nil, seals: StateSeals = StateSeals(), _ change: (inout LiveConfiguration) -> Void = { _ in }
    ) -> LiveRuntime {
        var configuration = LiveConfiguration()
        configuration.renderInterval = .zero
        configuration.maxEventBurst = 1_000_000
        change(&configuration)
        return LiveRuntime(configuration: configuration, seals: seals, hub: hub)
    }
}
