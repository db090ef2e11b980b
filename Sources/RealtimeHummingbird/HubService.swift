public import RealtimeHub
public import ServiceLifecycle

/// Keeps a hub for as long as the application runs, and at its end disconnects the clients with 3001, so that they come back elsewhere.
///
/// ```swift
/// let application = Application(router: router, server: .webSockets(), services: [HubService(hub)])
/// ```
public struct HubService: Service {
    private let hub: Hub

    public init(_ hub: Hub) {
        self.hub = hub
    }

    /// Returns when a graceful shutdown begins, or the task is cancelled.
    public func run() async {
        await cancelWhenGracefulShutdown { [hub] in await hub.run() }
        hub.shutDown()
    }
}
