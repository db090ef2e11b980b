import Hummingbird
import HummingbirdCore
import Logging
import NIOCore
import NIOPosix
import RealtimeHub
import RealtimeHummingbird
import RealtimeProtocol
import ServiceLifecycle
import Testing
import WebSocketHummingbird

@testable import RealtimeClient

/// A hub behind a Hummingbird server on a port of its own.
struct LiveServer: Sendable {
    let hub: Hub
    let port: Int
    private let services: ServiceGroup

    static let path = "/connection/websocket"

    func url(port: Int? = nil) -> String { "ws://127.0.0.1:\(port ?? self.port)\(Self.path)" }

    func shutDown() async { await services.triggerGracefulShutdown() }

    /// Runs a server until the body is over, or shuts it down; and waits until it has ended.
    static func run<Result: Sendable>(
        _ hub: Hub = TestHub.make(), port: Int = 0, _ body: @Sendable (LiveServer) async throws -> Result
    ) async throws -> Result {
        let router = Router()
        router.realtime(RouterPath(path), hub: hub)
        let (ports, found) = AsyncStream<Int>.makeStream()
        let logger = Logger(label: "test", factory: { _ in SwiftLogNoOpLogHandler() })
        let app = Application(
            router: router, server: .webSockets(), configuration: .init(address: .hostname("127.0.0.1", port: port)),
            services: [HubService(hub)],
            onServerRunning: { channel in
                found.yield(channel.localAddress?.port ?? 0)
                found.finish()
            }, logger: logger)
        let services = ServiceGroup(configuration: .init(services: [app], logger: logger))
        return try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { try await services.run() }
            var iterator = ports.makeAsyncIterator()
            let server = LiveServer(hub: hub, port: await iterator.next() ?? 0, services: services)
            do {
                let result = try await body(server)
                await server.shutDown()
                try await group.waitForAll()
                return result
            } catch {
                await server.shutDown()
                throw error
            }
        }
    }

    /// A client that is about to be connected.
    func client(port: Int? = nil, _ change: (inout Client.Configuration) -> Void = { _ in }) -> Client {
        var configuration = Client.Configuration()
        // The machine is loaded.
        configuration.timeout = .seconds(30)
        configuration.minReconnectDelay = .milliseconds(20)
        configuration.maxReconnectDelay = .milliseconds(200)
        change(&configuration)
        let client = Client(url: url(port: port), configuration: configuration)
        client.connect()
        return client
    }
}

/// A hub with everything allowed, in namespaces for each kind of channel.
enum TestHub {
    private static let everybody: Openness = [.clients, .anonymous]

    static func make(
        _ handlers: HubHandlers = HubHandlers(), tokens: (any TokenVerifier)? = nil, _ change: (inout HubConfiguration) -> Void = { _ in }
    ) -> Hub {
        var configuration = HubConfiguration()
        configuration.allowsAnonymousConnections = true
        change(&configuration)
        return Hub(configuration: configuration, namespaces: namespaces, handlers: handlers, tokens: tokens)
    }

    static var open: ChannelSettings {
        var settings = ChannelSettings()
        (settings.allowSubscribe, settings.allowPublish) = (everybody, everybody)
        return settings
    }

    static var history: ChannelSettings {
        var settings = open
        (settings.historySize, settings.historyTTL) = (10_000, .seconds(600))
        (settings.allowHistory, settings.allowRecovery, settings.forceRecovery) = (everybody, true, true)
        (settings.allowsDelta, settings.deltaPublish, settings.allowTagsFilter) = (true, true, true)
        return settings
    }

    static var namespaces: Namespaces {
        var presence = open
        (presence.presence, presence.joinLeave, presence.allowPresence) = (true, true, everybody)
        var short = history
        short.historySize = 3
        var wild = open
        wild.allowWildcards = true
        return Namespaces(named: [
            "open": open, "history": history, "presence": presence, "short": short, "wild": wild, "closed": ChannelSettings(),
        ])
    }
}

/// What a condition gives when it gives something; within half a minute.
func eventually<Value>(_ what: String, _ condition: () async throws -> Value?) async throws -> Value {
    let deadline = ContinuousClock.now + .seconds(30)
    while ContinuousClock.now < deadline {
        if let value = try await condition() { return value }
        try await Task.sleep(for: .milliseconds(5))
    }
    throw Unexpected("never came: \(what)")
}

func eventually(_ what: String, _ condition: () async throws -> Bool) async throws {
    _ = try await eventually(what) { try await condition() ? true : nil }
}
