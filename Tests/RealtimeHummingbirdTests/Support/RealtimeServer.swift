import HTTPTypes
import Hummingbird
import HummingbirdCore
import Logging
import NIOCore
import NIOPosix
import PubSub
import RealtimeHub
import RealtimeHummingbird
import RealtimeProtocol
import ServerTestSupport
import ServiceLifecycle
import WebSocketHummingbird

/// A hub with all its transports on a port of its own.
struct RealtimeServer: Sendable {
    let port: Int
    let hub: Hub
    let http: StreamClient.HTTP
    private let services: ServiceGroup

    struct Settings: Sendable {
        var http = StreamClient.HTTP.plain
        var options = RealtimeOptions()
        var handlers = HubHandlers()
        var hub = HubConfiguration()
        /// Routes beside the transports.
        var more: @Sendable (Router<BasicRequestContext>, Hub) -> Void = { _, _ in }

        init(_ change: (inout Settings) -> Void = { _ in }) {
            hub.allowsAnonymousConnections = true
            change(&self)
        }
    }

    /// Runs a server, then shuts it down and waits until it has ended.
    static func run(_ settings: Settings = Settings(), _ body: @Sendable (RealtimeServer) async throws -> Void) async throws {
        try await result(settings, body)
    }

    /// The same, with a result.
    static func result<Result: Sendable>(
        _ settings: Settings = Settings(), _ body: @Sendable (RealtimeServer) async throws -> Result
    ) async throws -> Result {
        let logger = Logger(label: "test", factory: { _ in SwiftLogNoOpLogHandler() })
        let hub = Hub(configuration: settings.hub, namespaces: namespaces, handlers: settings.handlers, tokens: TestTokens())
        let router = Router()
        router.realtime(under: "connection", hub: hub, options: settings.options)
        settings.more(router, hub)
        let (ports, found) = AsyncStream<Int>.makeStream()
        let app = Application(
            router: router, server: try server(settings.http), configuration: .init(address: .hostname("127.0.0.1", port: 0)),
            services: [HubService(hub)],
            onServerRunning: { channel in
                found.yield(channel.localAddress?.port ?? 0)
                found.finish()
            },
            eventLoopGroupProvider: .shared(.singletonMultiThreadedEventLoopGroup), logger: logger)
        let services = ServiceGroup(configuration: .init(services: [app], logger: logger))
        return try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { try await services.run() }
            var iterator = ports.makeAsyncIterator()
            let server = RealtimeServer(port: await iterator.next() ?? 0, hub: hub, http: settings.http, services: services)
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

    private static func server(_ http: StreamClient.HTTP) throws -> HTTPServerBuilder {
        http == .plain ? .webSockets() : try .webSocketsHTTP2(tlsConfiguration: TestCertificate.names.server())
    }

    func shutDown() async {
        await services.triggerGracefulShutdown()
    }

    private static let everybody: Openness = [.clients, .anonymous]

    private static var open: ChannelSettings {
        var settings = ChannelSettings()
        settings.allowSubscribe = everybody
        settings.allowPublish = everybody
        settings.presence = true
        settings.allowPresence = everybody
        return settings
    }

    private static var recoverable: ChannelSettings {
        var settings = open
        settings.historySize = 100
        settings.historyTTL = .seconds(300)
        settings.allowRecovery = true
        settings.allowHistory = everybody
        return settings
    }

    private static var lossy: ChannelSettings {
        var settings = open
        settings.slowReaders = .keepLatest
        return settings
    }

    private static let namespaces = Namespaces(named: ["open": open, "recover": recoverable, "lossy": lossy])

    // MARK: Requests

    func send(
        _ method: HTTPRequest.Method, _ path: String, _ fields: HTTPFields = [:], _ body: String = "", reads: Bool = true
    ) async throws -> StreamClient {
        try await StreamClient.send(http, port: port, method, path, fields, ByteBuffer(string: body), reads: reads)
    }

    /// The status of an answer whose body does not matter.
    func status(_ method: HTTPRequest.Method, _ path: String, _ fields: HTTPFields = [:], _ body: String = "") async throws -> Int {
        try await send(method, path, fields, body).status()
    }

    /// A stream for a client that only listens, of `uni_sse`.
    func events(_ query: String = "", lastEventID: String? = nil) async throws -> StreamClient {
        var fields = HTTPFields()
        if let lastEventID, let name = HTTPField.Name("Last-Event-ID") { fields[name] = lastEventID }
        return try await send(.get, "/connection/uni_sse" + query, fields)
    }

    /// Publishes a long text, and waits until every event loop has had it: a publisher is not slowed down by slow loops.
    func publishText(_ length: Int = 20_000, to channel: String) async throws {
        _ = try await hub.publish(Array("\"\(String(repeating: "x", count: length))\"".utf8), to: channel)
        for loop in MultiThreadedEventLoopGroup.singleton.makeIterator() { try await loop.submit {}.get() }
    }

    /// Publishes a number.
    func publish(_ number: Int, to channel: String) async throws {
        _ = try await hub.publish(Array("\(number)".utf8), to: channel)
    }
}

/// Tokens that say what they say: `ada`, or `ada/CHANNEL/CHANNEL`; `bad` and `old` are what they are called.
struct TestTokens: TokenVerifier {
    func connection(_ token: String) async throws(TokenError) -> ConnectionClaims {
        if token == "bad" { throw .invalid("it is bad") }
        if token == "old" { throw .expired }
        let parts = token.split(separator: "/").map(String.init)
        return ConnectionClaims(user: parts.first ?? "", channels: Array(parts.dropFirst()))
    }

    func subscription(_ token: String) async throws(TokenError) -> SubscriptionClaims {
        throw .invalid("there are none")
    }
}
