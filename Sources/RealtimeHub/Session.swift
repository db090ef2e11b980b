// Strategy: a session is a queue of commands with one at work. Most commands are done before the next is looked at; one that waits for the
// application or a remote broker (`isBusy`) holds the rest back, and with them the reading of the transport.
//
//   Session+Commands.swift     which command goes where; the rules of their order
//   Session+Connect.swift      connect, refresh
//   Session+Subscribe.swift    subscribe, unsubscribe, sub_refresh
//   Session+ServerSide.swift   subscriptions that the server makes
//   Session+Requests.swift     publish, history, presence, rpc, send
//   Session+Output.swift       replies and pushes, slow readers, disconnecting
//   Session+Timers.swift       pings, expiry, presence
//   Session+Refreshing.swift   the application prolongs connections and subscriptions
//   Session+Emulation.swift    commands by requests of their own
//   Session+Unidirectional.swift   where the server alone speaks

import Logging
public import NIOCore
import PubSub
import RealtimeProtocol

/// A client's connection to the hub.
///
/// `@unchecked Sendable`: everything is touched on its event loop only; it is handed to closures that come back to that loop.
public final class Session: @unchecked Sendable {
    enum State {
        /// Nothing has been said yet.
        case new
        case connected
        /// The connect was refused with an error: there is nothing more to be done with this connection.
        case refused
        case closed
    }

    // A delivery touches these, of a thousand sessions one after the other: they lie together, for the sake of the cache.
    let transport: any SessionTransport
    let core: HubCore
    let loop: HubLoop
    @exclusivity(unchecked) var replies = ByteBuffer()
    @exclusivity(unchecked) var state = State.new
    /// Whether a turn of the loop may have something for it from several channels.
    @exclusivity(unchecked) private(set) var isInManyChannels = false
    @exclusivity(unchecked) var batchesSent = 0
    /// While somebody looks.
    @exclusivity(unchecked) var trace: SessionTrace?

    /// The id of the connection, made by the server.
    public let client: String
    @exclusivity(unchecked) public internal(set) var user = ""
    @exclusivity(unchecked) var connectionInfo: [UInt8]?
    /// What the client says that it is.
    @exclusivity(unchecked) var clientName = ""
    @exclusivity(unchecked) var clientVersion = ""
    /// In milliseconds since 1970.
    @exclusivity(unchecked) var connectedAt: Int64 = 0
    @exclusivity(unchecked) var commandsReceived = 0
    @exclusivity(unchecked) var expiresAt: Int64 = 0
    @exclusivity(unchecked) var capabilities = Capabilities()
    @exclusivity(unchecked) var meta: [UInt8]?
    @exclusivity(unchecked) var keptHeaders: [String: String] = [:]
    /// The application is being asked whether it goes on.
    @exclusivity(unchecked) var isRefreshing = false
    /// The token that the connection was made by.
    @exclusivity(unchecked) var origin: TokenOrigin?
    @exclusivity(unchecked) var subscriptions: [String: Subscription] = [:] {
        didSet { isInManyChannels = subscriptions.count > 1 }
    }
    @exclusivity(unchecked) var loopIndex = -1
    /// Commands that the client may still send in this second.
    @exclusivity(unchecked) var commandAllowance: Int
    /// Nil: there are none.
    @exclusivity(unchecked) var limits: SessionLimits?
    /// While the connect waits for its turn.
    @exclusivity(unchecked) var connectTurn: WorkGate.Waiter?
    /// Subscription tokens that were no good.
    @exclusivity(unchecked) var badTokens = 0

    // Input
    @exclusivity(unchecked) var isBusy = false
    @exclusivity(unchecked) var reader: CommandReader?
    @exclusivity(unchecked) var waitingBatches: [ByteBuffer] = []
    @exclusivity(unchecked) var waitingBytes = 0
    /// What the server wants done between two commands.
    @exclusivity(unchecked) var jobs: [() -> Void] = []
    /// The name of the session for requests of their own, which nobody else is told.
    @exclusivity(unchecked) var secret: String?
    /// Requests whose answer waits until the session can take more.
    @exclusivity(unchecked) var senders: [() -> Void] = []
    @exclusivity(unchecked) var resumption = Resumption.asAsked

    // Output
    @exclusivity(unchecked) var repliesInBatch = 0
    @exclusivity(unchecked) var isHandlingInput = false
    @exclusivity(unchecked) var isFlushScheduled = false

    // Time
    @exclusivity(unchecked) var nextPing: NIODeadline
    @exclusivity(unchecked) var pongDeadline: NIODeadline?
    @exclusivity(unchecked) var nextPresence: NIODeadline = .distantFuture
    let staleDeadline: NIODeadline

    init(transport: any SessionTransport, loop: HubLoop, core: HubCore) {
        self.client = randomID()
        self.transport = transport
        self.loop = loop
        self.core = core
        self.nextPing = .distantFuture
        self.commandAllowance = core.configuration.maxCommandsPerSecond
        self.staleDeadline = loop.eventLoop.now + TimeAmount(core.configuration.staleTimeout)
        core.admission.sessionOpened()
        takeLimits()
    }

    var identity: ClientIdentity { ClientIdentity(client: client, user: user) }
    var configuration: HubConfiguration { core.configuration }
    var isOpen: Bool { state != .closed }

    // MARK: Input

    /// The client sent a batch of commands.
    public func received(_ batch: ByteBuffer) {
        guard isOpen else { return }
        loop.statistics.bytesReceived &+= batch.readableBytes
        if let limits, !permits(bytes: batch.readableBytes, limits) { return }
        guard !isBusy, waitingBatches.isEmpty else { return wait(batch) }
        work(on: batch)
    }

    private func wait(_ batch: ByteBuffer) {
        waitingBatches.append(batch)
        waitingBytes += Self.cost(batch)
        if waitingBytes > configuration.maxWaitingBytes { disconnect(.slow) }
    }

    /// An empty batch costs something too.
    private static func cost(_ batch: ByteBuffer) -> Int { batch.readableBytes + 64 }

    private func work(on batch: ByteBuffer) {
        reader = CommandReader(transport.format, batch)
        goOn()
    }

    /// Does something for the server, in its turn among the commands.
    func perform(_ job: @escaping () -> Void) {
        guard isOpen else { return }
        jobs.append(job)
        if !isBusy, !isHandlingInput { goOn() }
    }

    /// Handles commands until there are none, or one has to wait.
    func goOn() {
        isHandlingInput = true
        while isOpen, !isBusy {
            if !jobs.isEmpty {
                jobs.removeFirst()()
                continue
            }
            do {
                if let command = try reader?.next() {
                    handle(command)
                } else if waitingBatches.isEmpty {
                    reader = nil
                    break
                } else {
                    let batch = waitingBatches.removeFirst()
                    waitingBytes -= Self.cost(batch)
                    reader = CommandReader(transport.format, batch)
                }
            } catch {
                core.logger.debug("a command can't be read", metadata: ["client": "\(client)", "error": "\(error)"])
                disconnect(.badRequest)
            }
        }
        isHandlingInput = false
        flushReplies()
    }

    /// Runs something that takes its time; the commands behind it wait.
    ///
    /// - Parameters:
    ///   - command: what the client wants.
    ///   - finally: called on the loop, before `then`.
    ///   - then: called on the loop, unless the session has closed meanwhile.
    func decide<Value: Sendable>(
        _ command: HubOperation, _ decision: @escaping @Sendable () async throws(HubRefusal) -> Value,
        finally: @escaping @Sendable () -> Void = {},
        then: @escaping @Sendable (Result<Value, HubRefusal>) -> Void
    ) {
        beginWaiting()
        let (loop, tracing) = (loop, core.tracing)
        Task {
            let result: Result<Value, HubRefusal>
            do throws(HubRefusal) { result = .success(try await tracing.deciding(command, decision)) } catch { result = .failure(error) }
            loop.eventLoop.execute {
                finally()
                guard self.isOpen else { return }
                self.endWaiting { then(result) }
            }
        }
    }

    /// A completion of the broker, which may come at once or later, from anywhere; the commands behind wait for it.
    func awaitBroker<Value: Sendable>(
        _ start: (@escaping @Sendable (Result<Value, BrokerError>) -> Void) -> Void,
        then: @escaping @Sendable (Result<Value, BrokerError>) -> Void
    ) {
        let call = PendingCall()
        start { result in
            self.loop.perform {
                guard call.hasReturned else {
                    call.isDone = true
                    return then(result)
                }
                guard self.isOpen else { return }
                self.endWaiting { then(result) }
            }
        }
        call.hasReturned = true
        if !call.isDone { beginWaiting() }
    }

    func beginWaiting() {
        isBusy = true
        transport.holdReads(true)
    }

    private func endWaiting(_ then: () -> Void) {
        isBusy = false
        then()
        guard isOpen, !isBusy else { return flushReplies() }
        goOn()
        guard !isBusy, isOpen else { return }
        transport.holdReads(false)
        releaseSenders()
    }

    // MARK: The end

    /// The transport is gone.
    public func closed() {
        end(code: nil)
    }

    func end(code: DisconnectCode?) {
        guard isOpen else { return }
        let wasConnected = state == .connected
        state = .closed
        if let secret { (transport.isEmulated ? core.emulated : core.unidirectional).remove(secret) }
        releaseSenders()
        for subscription in subscriptions.values { leave(subscription, .disconnect) }
        subscriptions = [:]
        leaveLimits()
        reader = nil
        waitingBatches = []
        jobs = []
        loop.statistics.disconnected(code, wasConnected: wasConnected)
        trace?.record(.disconnected, code.map { "\($0.number) \($0.reason)" } ?? "by the client, or the network")
        trace = nil
        loop.remove(self)
        guard wasConnected else { return }
        // Before it is gone from the counts: who waits for the last to go has been told of it then.
        tellDisconnected(code)
        core.clients.remove(client, user: user)
        loop.handlers.disconnected?(DisconnectEvent(identity: identity, code: code))
    }

    /// What was sent has left, after the client was slow.
    public func drained() {
        guard isOpen else { return }
        for subscription in subscriptions.values where !subscription.backlog.isEmpty {
            subscription.subscriberClass?.deliverBacklog(of: subscription)
        }
    }
}
