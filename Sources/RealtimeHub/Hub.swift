public import Logging
import NIOCore
public import PubSub
public import RealtimeProtocol
import Synchronization

/// Real-time channels: sessions, subscriptions, presence, history and recovery, over any transport and any broker.
///
/// ```swift
/// var options = ChannelSettings()
/// options.allowSubscribe = .clients
/// options.historySize = 100
/// options.historyTTL = .seconds(300)
/// options.forceRecovery = true
/// let hub = Hub(namespaces: Namespaces(named: ["news": options]))
/// try await hub.publish(Array(#"{"title":"Hello"}"#.utf8), to: "news:today")
/// ```
public final class Hub: Sendable {
    let core: HubCore
    private let loops = Mutex<[ObjectIdentifier: HubLoop]>([:])

    public init(
        configuration: HubConfiguration = HubConfiguration(),
        namespaces: Namespaces,
        handlers: HubHandlers = HubHandlers(),
        tokens: (any TokenVerifier)? = nil,
        broker: any Broker = MemoryBroker(),
        presence: any PresenceStore = MemoryPresenceStore(),
        logger: Logger = Logger(label: "RealtimeHub", factory: { _ in SwiftLogNoOpLogHandler() })
    ) {
        core = HubCore(
            configuration: configuration, namespaces: namespaces, handlers: handlers, tokens: tokens, broker: broker, presence: presence,
            logger: logger)
    }

    func loop(_ eventLoop: any EventLoop) -> HubLoop {
        loops.withLock { loops in
            if let loop = loops[ObjectIdentifier(eventLoop)] { return loop }
            let loop = HubLoop(eventLoop: eventLoop, core: core)
            loops[ObjectIdentifier(eventLoop)] = loop
            return loop
        }
    }

    /// A session over a transport, on the transport's event loop. The hub holds it until ``Session/closed()``.
    public func open(_ transport: any SessionTransport) -> Session {
        transport.eventLoop.preconditionInEventLoop()
        let loop = loop(transport.eventLoop)
        let session = Session(transport: transport, loop: loop, core: core)
        loop.add(session)
        return session
    }

    // MARK: Publishing

    /// Publishes to a channel, with the history that the channel's options say.
    ///
    /// - Parameters:
    ///   - data: JSON, unless all subscribers use Protobuf.
    ///   - excludedClient: the id of a client that does not get it.
    /// - Returns: the position of the publication in the channel's history.
    /// - Throws: ``HubRefusal`` with error 102 if there is no such namespace; what the broker throws.
    @discardableResult
    public func publish(
        _ data: [UInt8], to channel: String, tags: [String: String] = [:], idempotencyKey: String? = nil, usesDelta: Bool = false,
        skipsHistory: Bool = false, excluding excludedClient: String? = nil
    ) async throws -> PublishResult {
        guard let options = core.namespaces.options(of: channel) else { throw HubRefusal.error(.unknownChannel) }
        var publish = PublishOptions()
        publish.retention = skipsHistory ? nil : options.retention
        publish.idempotencyKey = idempotencyKey
        publish.usesDelta = usesDelta || options.deltaPublish
        publish.excludedClient = excludedClient
        publish.tags = tags
        return try await core.broker.publish(data, to: channel, publish)
    }

    /// What a channel's history has.
    public func history(of channel: String, _ query: HistoryQuery) async throws -> History {
        guard let options = core.namespaces.options(of: channel) else { throw HubRefusal.error(.unknownChannel) }
        guard options.hasHistory else { throw HubRefusal.error(.notAvailable) }
        return try await core.broker.history(of: channel, query, retention: options.retention)
    }

    /// Who is in a channel, by the ids of their connections.
    public func presence(in channel: String) async throws -> [String: ClientInfo] {
        guard let options = core.namespaces.options(of: channel) else { throw HubRefusal.error(.unknownChannel) }
        guard options.presence else { throw HubRefusal.error(.notAvailable) }
        return try await core.presence.members(of: channel)
    }

    // MARK: Clients

    /// Disconnects all connections of a user, on this process.
    public func disconnect(user: String, _ code: DisconnectCode = .forceDisconnect) {
        for client in core.clients.clients(of: user) { disconnect(client: client, code) }
    }

    /// Disconnects one connection.
    public func disconnect(client: String, _ code: DisconnectCode = .forceDisconnect) {
        withSession(client) { $0.disconnect(code) }
    }

    /// Ends the subscription of all connections of a user to a channel.
    public func unsubscribe(user: String, from channel: String, _ code: UnsubscribeCode = .server) {
        for client in core.clients.clients(of: user) {
            withSession(client) { $0.unsubscribe(channel, code) }
        }
    }

    private func withSession(_ client: String, _ body: @escaping @Sendable (Session) -> Void) {
        guard let loop = core.clients.loop(of: client) else { return }
        loop.perform { if let session = loop.session(of: client) { body(session) } }
    }

    /// Connections that have connected, and their users.
    public var counts: (clients: Int, users: Int) { core.clients.counts }

    /// The channels with subscribers on this process, and how many.
    public func channels() -> [String: Int] { core.directory.channels() }

    // MARK: Life

    /// Lets go of what is over (old publications, presence of clients that vanished) once a second, until the task is cancelled. Without it,
    /// what is over is still never shown, but is kept.
    public func run() async {
        while !Task.isCancelled {
            core.broker.sweep()
            core.presence.sweep()
            try? await Task.sleep(for: .seconds(1))
        }
    }

    /// Disconnects everybody with 3001, so that they come back elsewhere, and stops the broker: the end of the hub.
    public func shutDown() {
        for loop in loops.withLock({ Array($0.values) }) {
            loop.perform { for session in loop.sessions { session.disconnect(.shutdown) } }
        }
        core.broker.stop()
    }
}
