import BackendHooks
import Logging
import RealtimeHub
import RealtimeHummingbird
import RealtimeProtocol
import ServiceLifecycle

/// What a server's hub asks backends, and tells them.
struct ServerHooks: Sendable {
    private(set) var handlers = HubHandlers()
    let events: LifecycleEvents?

    /// - Throws: ``ServeError`` if the queue of events can't be used.
    init(_ configuration: RealtimeConfiguration?, logger: Logger) throws(ServeError) {
        guard let configuration else {
            events = nil
            return
        }
        var hooks = configuration.hooks
        hooks.allowsAnonymousConnections = configuration.hub.allowsAnonymousConnections
        do {
            try BackendHooks(hooks, logger: logger).add(to: &handlers)
            events = try configuration.events.map { try LifecycleEvents($0, logger: logger) }
        } catch {
            throw ServeError("Hooks: \(error)")
        }
        if let field = configuration.routes.userField {
            handlers.trustUser(in: field, allowsAnonymous: hooks.allowsAnonymousConnections)
        }
        if let events { handlers.lifecycle = { events.record($0) } }
        // A configuration that is read anew may name the first backend of a kind: nobody is let in before that one is known.
        if handlers.subscribe == nil { handlers.subscribe = { _ async throws(HubRefusal) in throw .error(.internal) } }
        if handlers.publish == nil { handlers.publish = { _ async throws(HubRefusal) in throw .error(.internal) } }
    }

    func service(_ hub: Hub) -> (any Service)? {
        events.map { EventService(events: $0, hub: hub) }
    }
}

/// Sends events for as long as the hub lives, and what its end makes of them.
private struct EventService: Service, CustomStringConvertible {
    let events: LifecycleEvents
    let hub: Hub

    var description: String { "Events" }

    func run() async {
        let (events, hub) = (events, hub)
        await withGracefulShutdownHandler {
            await events.run(node: hub.node)
        } onGracefulShutdown: {
            Task {
                // Connections end on their loops, a moment after they were told to.
                for _ in 0..<100 where hub.counts.clients > 0 { try? await Task.sleep(for: .milliseconds(20)) }
                events.finish()
            }
        }
    }
}
