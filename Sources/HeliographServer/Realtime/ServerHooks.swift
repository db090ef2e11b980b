import BackendHooks
import Logging
import RealtimeHub
import RealtimeHummingbird
import RealtimeProtocol
import ServiceLifecycle

/// What a server's hub asks backends, and tells them.
struct ServerHooks: Sendable {
    /// Nil: there is no configuration, and nobody is asked.
    private let current: Replaceable<BackendHooks>?
    private let userField: String?
    private let allowsAnonymousConnections: Bool
    private let logger: Logger
    let events: LifecycleEvents?

    /// - Throws: ``ServeError`` if the queue of events can't be used.
    init(_ configuration: RealtimeConfiguration?, logger: Logger) throws(ServeError) {
        self.logger = logger
        userField = configuration?.routes.userField
        allowsAnonymousConnections = configuration?.hub.allowsAnonymousConnections ?? false
        guard var hooks = configuration?.hooks else {
            (current, events) = (nil, nil)
            return
        }
        hooks.allowsAnonymousConnections = allowsAnonymousConnections
        do {
            current = Replaceable(try BackendHooks(hooks, logger: logger))
            events = try configuration?.events.map { try LifecycleEvents($0, logger: logger) }
        } catch {
            throw ServeError("Hooks: \(error)")
        }
    }

    /// What the hub asks now.
    var handlers: HubHandlers { current.map { handlers($0.value) } ?? HubHandlers() }

    private func handlers(_ hooks: BackendHooks) -> HubHandlers {
        var handlers = HubHandlers()
        hooks.add(to: &handlers)
        if let userField { handlers.trustUser(in: userField, allowsAnonymous: allowsAnonymousConnections) }
        if let events { handlers.lifecycle = { events.record($0) } }
        return handlers
    }

    func service(_ hub: Hub) -> (any Service)? {
        events.map { EventService(events: $0, hub: hub) }
    }

    // MARK: Another configuration

    /// Another configuration that can be taken over.
    struct Change {
        fileprivate let hooks: BackendHooks
        fileprivate let events: LifecycleEvents.Change?
    }

    /// Whether events would begin or end.
    func startsOrEndsEvents(_ new: RealtimeConfiguration) -> Bool { (events == nil) != (new.events == nil) }

    /// - Returns: nil: there is nothing to change.
    /// - Throws: ``ServeError`` if certificates can't be used.
    func change(to new: RealtimeConfiguration) throws(ServeError) -> Change? {
        guard let current else { return nil }
        var hooks = new.hooks
        hooks.allowsAnonymousConnections = allowsAnonymousConnections
        do {
            return Change(
                hooks: try BackendHooks(hooks, inPlaceOf: current.value, logger: logger),
                events: events == nil ? nil : try new.events.map { try LifecycleEvents.Change(to: $0) })
        } catch {
            throw ServeError("Hooks: \(error)")
        }
    }

    /// - Returns: what the hub asks from now on.
    func take(_ change: Change) -> HubHandlers {
        current?.replace(by: change.hooks)
        if let new = change.events { events?.take(new) }
        return handlers(change.hooks)
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
