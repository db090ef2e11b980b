import Demos
import Logging
import NIOCore
import RealtimeHub
import RealtimeProtocol
import ServiceLifecycle
import Synchronization

/// The demos and their hub: anybody may come and use their namespaces and those of measuring, and nothing else is there.
struct DemoHub: Sendable {
    let hub: Hub
    let demos: [any Demo]

    init(_ demos: [any Demo], logger: Logger) {
        var configuration = HubConfiguration()
        configuration.allowsAnonymousConnections = true
        var namespaces = Namespaces(named: ["bench": .bench, "recover": .recoverable])
        for demo in demos { namespaces.named.merge(demo.namespaces) { first, _ in first } }
        let dispatch = DemoDispatch(demos)
        hub = Hub(configuration: configuration, namespaces: namespaces, handlers: dispatch.handlers, logger: logger)
        dispatch.hub.set(hub)
        self.demos = demos
    }
}

extension DemoHub: Service {
    /// What the demos do by themselves, until the server shuts down.
    func run() async {
        await cancelWhenGracefulShutdown { [demos, hub] in
            await withDiscardingTaskGroup { group in
                for demo in demos { group.addTask { await demo.run(on: hub) } }
            }
            // A service that ends before the others ends them all.
            while !Task.isCancelled { try? await Task.sleep(for: .seconds(3_600)) }
        }
    }
}

extension DemoHub: CustomStringConvertible {
    /// For the log.
    var description: String { "Demos" }
}

/// Asks the demo whose namespace it is.
private struct DemoDispatch: Sendable {
    let hub = HubReference()
    private let demos: [any Demo]
    private let owners: [String: any Demo]

    init(_ demos: [any Demo]) {
        self.demos = demos
        owners = demos.reduce(into: [:]) { owners, demo in
            for namespace in demo.namespaces.keys where owners[namespace] == nil { owners[namespace] = demo }
        }
    }

    var handlers: HubHandlers {
        var handlers = HubHandlers()
        handlers.subscribe = { event async throws(HubRefusal) in
            let (demo, hub) = try owner(of: event.channel)
            return try await demo.subscribe(event, on: hub)
        }
        handlers.publish = { event async throws(HubRefusal) in
            let (demo, hub) = try owner(of: event.channel)
            return try await demo.publish(event, on: hub)
        }
        handlers.call = { event async throws(HubRefusal) in
            // For measuring, as the namespace is.
            if event.method == "bench:echo" { return event.data }
            guard let (demo, hub) = try? owner(of: event.method) else { throw .error(.methodNotFound) }
            return try await demo.call(event, on: hub)
        }
        handlers.disconnected = { event in
            for demo in demos { demo.disconnected(event.identity) }
        }
        return handlers
    }

    /// By what is before the first colon.
    private func owner(of name: String) throws(HubRefusal) -> (any Demo, Hub) {
        let namespace = name.split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false).first.map { String($0) } ?? ""
        guard let demo = owners[namespace], let hub = hub.value else { throw .error(.permissionDenied) }
        return (demo, hub)
    }
}

/// The hub that handlers belong to: they are made before it. Weak, since it holds them.
private final class HubReference: Sendable {
    private struct Reference {
        weak var hub: Hub?
    }

    private let reference = Mutex(Reference())

    var value: Hub? { reference.withLock { $0.hub } }

    func set(_ hub: Hub) { reference.withLock { $0.hub = hub } }
}

extension ChannelSettings {
    private static let everybody: Openness = [.clients, .anonymous]

    /// Publications and nothing else, at the hub's full speed.
    static var bench: ChannelSettings {
        var options = ChannelSettings()
        options.allowSubscribe = everybody
        options.allowPublish = everybody
        options.asksHandlers = false
        return options
    }

    /// History, recovery and presence, as a chat would have them.
    static var recoverable: ChannelSettings {
        var options = bench
        options.historySize = 1_000
        options.historyTTL = .seconds(300)
        options.forceRecovery = true
        options.presence = true
        options.joinLeave = true
        options.allowPresence = everybody
        options.allowHistory = everybody
        options.allowsDelta = true
        options.deltaPublish = true
        options.allowTagsFilter = true
        return options
    }
}
