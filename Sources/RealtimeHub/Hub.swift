public import Logging
import NIOCore
public import PubSub
public import RealtimeProtocol
import Synchronization
public import Tracing

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
        logger: Logger = Logger(label: "RealtimeHub", factory: { _ in SwiftLogNoOpLogHandler() }),
        tracer: (any Tracing.Tracer)? = nil
    ) {
        core = HubCore(
            configuration: configuration, namespaces: namespaces, handlers: handlers, tokens: tokens, broker: broker, presence: presence,
            logger: logger, tracing: HubTracing(tracer))
    }

    func loop(_ eventLoop: any EventLoop) -> HubLoop {
        loops.withLock { loops in
            if let loop = loops[ObjectIdentifier(eventLoop)] { return loop }
            let loop = HubLoop(eventLoop: eventLoop, core: core, number: loops.count)
            loops[ObjectIdentifier(eventLoop)] = loop
            return loop
        }
    }

    var allLoops: [HubLoop] { loops.withLock { Array($0.values) } }

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
    ///   - channel: its name.
    ///   - tags: what subscribers' filters look at.
    ///   - idempotencyKey: a second publication with the same key, within five minutes, is not published but answered with the first one's position.
    ///   - usesDelta: whether subscribers who asked for that get the difference to the publication before.
    ///   - skipsHistory: whether the channel's history leaves it out.
    ///   - excludedClient: the id of a client that does not get it.
    ///   - version: of what the channel is about: a publication that is not newer than the channel's is suppressed. 0: none.
    ///   - versionEpoch: the incarnation of the versions.
    /// - Returns: the position of the publication in the channel's history.
    /// - Throws: ``HubRefusal`` with error 102 if there is no such namespace, 107 if the name or the data are not what they must be, 111 if it would be
    ///   kept and memory is short (``memoryPressure``); what the broker throws.
    @discardableResult
    public func publish(
        _ data: [UInt8], to channel: String, tags: [String: String] = [:], idempotencyKey: String? = nil, usesDelta: Bool = false,
        skipsHistory: Bool = false, excluding excludedClient: String? = nil, version: UInt64 = 0, versionEpoch: String = ""
    ) async throws -> PublishResult {
        var publish = PublishOptions(
            idempotencyKey: idempotencyKey, version: version, versionEpoch: versionEpoch, usesDelta: usesDelta,
            excludedClient: excludedClient, tags: tags)
        if let result = try publishAtOnce(data, to: channel, publish, skipsHistory: skipsHistory) { return result }
        try complete(&publish, data, channel, skipsHistory: skipsHistory)
        return try await core.tracing.publishing(to: channel, bytes: data.count) { [core, publish] in
            try await core.broker.publish(data, to: channel, publish)
        }
    }

    /// Whether nobody who publishes has to wait: the broker is in this process's memory, and publications are not traced.
    package var publishesAtOnce: Bool { core.immediateBroker != nil }

    /// As ``publish(_:to:tags:idempotencyKey:usesDelta:skipsHistory:excluding:version:versionEpoch:)``, without a task. Nil, and nothing is done, unless ``publishesAtOnce``.
    ///
    /// - Parameter options: what belongs to the publication; the channel adds its own.
    package func publishAtOnce(
        _ data: [UInt8], to channel: String, _ options: PublishOptions, skipsHistory: Bool
    ) throws -> PublishResult? {
        guard let broker = core.immediateBroker else { return nil }
        var options = options
        try complete(&options, data, channel, skipsHistory: skipsHistory)
        return try broker.publishAtOnce(data, to: channel, options)
    }

    /// Adds what the channel says.
    private func complete(_ publish: inout PublishOptions, _ data: [UInt8], _ channel: String, skipsHistory: Bool) throws(HubRefusal) {
        let options = try settings(of: channel)
        guard options.dataFormat == .unchecked || options.dataFormat.permits(ByteBuffer(bytes: data)) else {
            throw .error(.badRequest)
        }
        if !skipsHistory { publish.retention = options.retention }
        if options.deltaPublish { publish.usesDelta = true }
        if publish.retention != nil, core.admission.pressure == .hard { throw .error(.tooManyRequests) }
    }

    /// What a channel's history has.
    public func history(of channel: String, _ query: HistoryQuery) async throws -> History {
        let options = try settings(of: channel)
        guard options.hasHistory else { throw HubRefusal.error(.notAvailable) }
        return try await core.broker.history(of: channel, query, retention: options.retention)
    }

    /// Forgets a channel's publications, but not its position.
    public func removeHistory(of channel: String) async throws {
        guard try settings(of: channel).hasHistory else { throw HubRefusal.error(.notAvailable) }
        try await core.broker.removeHistory(of: channel)
    }

    /// Who is in a channel, by the ids of their connections: so many at most as the limit says, any of them.
    public func presence(in channel: String, limit: Int = .max) async throws -> [String: ClientInfo] {
        guard try settings(of: channel).presence else { throw HubRefusal.error(.notAvailable) }
        return try await core.presence.members(of: channel, limit: limit)
    }

    /// How many are in a channel.
    public func presenceCounts(in channel: String) async throws -> PresenceCounts {
        guard try settings(of: channel).presence else { throw HubRefusal.error(.notAvailable) }
        return try await core.presence.counts(of: channel)
    }

    func settings(of channel: String) throws(HubRefusal) -> ChannelSettings {
        do throws(Namespaces.NameError) {
            return try core.namespaces.resolve(channel).options
        } catch {
            throw .error(error == .badName ? .badRequest : .unknownChannel)
        }
    }

    // MARK: Clients

    /// Disconnects all connections of a user, on this process, but for some.
    public func disconnect(user: String, except kept: Set<String> = [], _ code: DisconnectCode = .forceDisconnect) {
        for client in core.clients.clients(of: user).subtracting(kept) { disconnect(client: client, code) }
    }

    /// Disconnects one connection.
    public func disconnect(client: String, _ code: DisconnectCode = .forceDisconnect) {
        withSession(client) { $0.disconnect(code) }
    }

    /// Subscribes all connections of a user, on this process, to a channel: the server's subscriptions, which a client can't refuse.
    ///
    /// - Parameters:
    ///   - user: whose connections.
    ///   - channel: any channel that there can be.
    ///   - position: what the clients have of the channel already, to get what they missed; nil: they begin with what comes next.
    ///   - grant: what belongs to the subscription.
    /// - Throws: ``HubRefusal`` with error 102 if there is no such namespace, 107 if the name is not what it must be.
    public func subscribe(
        user: String, to channel: String, since position: StreamPosition? = nil, _ grant: SubscribeGrant = SubscribeGrant()
    ) throws(HubRefusal) {
        for client in core.clients.clients(of: user) { try subscribe(client: client, to: channel, since: position, grant) }
    }

    /// Subscribes one connection to a channel.
    ///
    /// - Throws: as ``subscribe(user:to:since:_:)``.
    public func subscribe(
        client: String, to channel: String, since position: StreamPosition? = nil, _ grant: SubscribeGrant = SubscribeGrant()
    ) throws(HubRefusal) {
        if grant.options == nil { _ = try settings(of: channel) }
        withSession(client) { $0.subscribeServerSide(channel, grant, since: position) }
    }

    /// Ends the subscription of all connections of a user to a channel.
    public func unsubscribe(user: String, from channel: String, _ code: UnsubscribeCode = .server) {
        for client in core.clients.clients(of: user) { unsubscribe(client: client, from: channel, code) }
    }

    /// Ends the subscription of one connection to a channel.
    public func unsubscribe(client: String, from channel: String, _ code: UnsubscribeCode = .server) {
        withSession(client) { $0.unsubscribe(channel, code) }
    }

    /// The ids of a user's connections on this process.
    public func clients(of user: String) -> Set<String> { core.clients.clients(of: user) }

    func withSession(_ client: String, _ body: @escaping @Sendable (Session) -> Void) {
        guard let loop = core.clients.loop(of: client) else { return }
        loop.perform { if let session = loop.session(of: client) { body(session) } }
    }

    /// Connections that have connected, and their users.
    public var counts: (clients: Int, users: Int) { core.clients.counts }

    /// The name of this process among others, made anew each time it starts.
    public var node: String { core.node }

    /// How many channels have subscribers on this process. Cheap.
    public var channelCount: Int { core.directory.count }

    /// How many subscribers they have, all together. Cheap.
    package var subscriptionCount: Int { core.directory.subscriptions }

    /// The channels with subscribers on this process, and how many.
    public func channels() -> [String: Int] { core.directory.channels() }

    /// How many subscribers a channel has on this process: for who makes what is published there, and need not if nobody looks. Cheap.
    public func subscribers(of channel: String) -> Int { core.directory.subscribers(of: channel) }

    // MARK: Life

    /// Lets go of what is over (old publications, presence of clients that vanished) once a second, until the task is cancelled. Without it,
    /// what is over is still never shown, but is kept.
    public func run() async {
        while !Task.isCancelled {
            core.broker.sweep()
            core.presence.sweep()
            core.revocations.sweep(now: core.configuration.now())
            try? await Task.sleep(for: .seconds(1))
        }
    }

    /// Disconnects everybody with 3001, so that they come back elsewhere, stops the broker, and ends the loops over ``HubPublications``:
    /// the end of the hub.
    public func shutDown() {
        for loop in allLoops {
            loop.perform { for session in loop.sessions { session.disconnect(.shutdown) } }
        }
        core.broker.stop()
        core.localSubscriptions.finish()
        core.tracers.finish()
    }
}
