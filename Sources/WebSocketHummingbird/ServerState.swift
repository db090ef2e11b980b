import Logging
import NIOCore
import Synchronization

/// What all connections of one server share.
final class ServerState: Sendable {
    let configuration: WebSocketServerConfiguration
    private let settings: AdjustableServerSettings
    let gate: ConnectionGate
    let liveSockets = LiveSockets()
    let work = ServerWork()
    let namedClients = NamedClients()
    private let loops = Mutex<[ObjectIdentifier: LoopState]>([:])
    private let isGuardingAccepts = Atomic(false)
    private let hasKeeper = Atomic(false)

    init(_ configuration: WebSocketServerConfiguration) {
        self.configuration = configuration
        let settings = configuration.adjustable
        self.settings = settings ?? AdjustableServerSettings(limits: configuration.limits, trustedProxies: configuration.trustedProxies)
        self.gate = ConnectionGate(self.settings, countsAddresses: settings != nil)
    }

    /// Whose word is taken.
    var trustedProxies: TrustedProxies { settings.trustedProxies }

    /// What the connections of one event loop share.
    func loop(_ eventLoop: any EventLoop) -> LoopState {
        loops.withLock { loops in
            if let known = loops[ObjectIdentifier(eventLoop)] { return known }
            let new = LoopState(eventLoop: eventLoop, configuration: configuration)
            loops[ObjectIdentifier(eventLoop)] = new
            return new
        }
    }

    /// Takes a place for a new connection and gives it back when the connection is closed.
    func admit(_ channel: any Channel, logger: Logger) -> Bool {
        guardAccepts(of: channel.parent, logger: logger)
        // Who is behind a proxy is not known before its header.
        let peer = configuration.proxyProtocol ? .unknown : gate.peer(of: channel)
        guard gate.enter(peer) else { return false }
        guard work.connectionOpened() else {
            gate.leave(peer)
            return false
        }
        channel.closeFuture.whenComplete { [self] _ in
            gate.leave(peer)
            liveSockets.remove(channel)
            work.connectionClosed()
        }
        return true
    }

    /// Has the PROXY header read that every connection begins with, if that is so.
    ///
    /// - Returns: false if the peer may not say who its clients are.
    func expectProxyHeader(on channel: any Channel, logger: Logger) throws -> Bool {
        guard configuration.proxyProtocol else { return true }
        guard let peer = IPAddress(channel.remoteAddress), trustedProxies.contains(peer) else {
            logger.debug("a connection that is not a proxy's", metadata: ["peer": "\(channel.remoteAddress?.ipAddress ?? "?")"])
            return false
        }
        let admit: (IPAddress?) -> Bool = { [self] client in
            guard let client else { return true }
            let place = PeerAddress(client)
            guard gate.enterAddress(place) else { return false }
            namedClients.add(client, channel)
            channel.closeFuture.whenComplete { [self] _ in gate.leaveAddress(place) }
            return true
        }
        try channel.pipeline.syncOperations.addHandler(ProxyHeaderHandler(logger: logger, admit: admit), position: .first)
        return true
    }

    /// The server socket is first seen as the parent of its first connection.
    private func guardAccepts(of serverChannel: (any Channel)?, logger: Logger) {
        guard let serverChannel, !isGuardingAccepts.exchange(true, ordering: .relaxed) else { return }
        serverChannel.closeFuture.whenComplete { [self] _ in
            for loop in loops.withLock({ Array($0.values) }) { loop.eventLoop.execute { loop.writers.close() } }
        }
        let loop = serverChannel.eventLoop
        let install: @Sendable () -> Void = {
            // In a rush, what each turn of the loop costs is shared by more connections than the default 4.
            try? serverChannel.syncOptions?.setOption(.maxMessagesPerRead, value: 32)
            try? serverChannel.pipeline.syncOperations.addHandler(AcceptGuard(logger: logger), position: .first)
        }
        if loop.inEventLoop { install() } else { loop.execute(install) }
    }

    /// True once: for the task that becomes the server's keeper.
    func becomeKeeper() -> Bool {
        !hasKeeper.load(ordering: .relaxed) && !hasKeeper.exchange(true, ordering: .relaxed)
    }
}

/// What all connections of one event loop of a server share.
///
/// `@unchecked Sendable`: what can change is only used on the loop (by channel handlers of that loop), the rest is immutable.
final class LoopState: @unchecked Sendable {
    let eventLoop: any EventLoop
    let deadlines: ConnectionDeadlines
    /// Of connections from whose peers the next byte of a request is awaited. Nil: as long as they like.
    let idleDeadlines: ConnectionDeadlines?
    /// Nil: handlers run on Swift's thread pool.
    let executor: EventLoopTaskExecutor?
    let maxRefusalBytes: Int
    var writers = AnswerWriterPool()

    init(eventLoop: any EventLoop, configuration: WebSocketServerConfiguration) {
        self.eventLoop = eventLoop
        self.deadlines = ConnectionDeadlines(eventLoop: eventLoop, length: configuration.handshakeTimeout)
        self.idleDeadlines = configuration.idleTimeout.map { ConnectionDeadlines(eventLoop: eventLoop, length: $0) }
        self.executor = configuration.dangerouslyRunsHandlersOnEventLoop ? EventLoopTaskExecutor(eventLoop) : nil
        self.maxRefusalBytes = configuration.maxRefusalBytes
    }
}
