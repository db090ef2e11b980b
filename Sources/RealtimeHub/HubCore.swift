import Logging
import NIOCore
import PubSub
import RealtimeProtocol
import Synchronization

/// What sessions and loops share.
final class HubCore: Sendable {
    let configuration: HubConfiguration
    let currentNamespaces: Replaceable<Namespaces>
    let currentHandlers: Replaceable<HubHandlers>
    let tokens: (any TokenVerifier)?
    let broker: any Broker
    /// The same if it has at once what is published; nil if it has not, or publications are traced: then they take their time.
    let immediateBroker: (any ImmediateBroker)?
    let presence: any PresenceStore
    let directory = ChannelDirectory()
    let wildcards: WildcardDirectory
    let clients = ClientDirectory()
    let localSubscriptions = LocalSubscriptions()
    let emulated = EmulatedSessions()
    /// Those whose clients can say nothing, for who names them.
    let unidirectional = EmulatedSessions()
    let tracers = Tracers()
    let compactIDs = CompactIDs()
    let revocations: Revocations
    let admission: Admission
    let logger: Logger
    private let uncheckedTokens = Mutex(SparingLog())
    let tracing: HubTracing
    /// Of this process, for clients whose requests may reach another one.
    let node: String

    init(
        configuration: HubConfiguration, namespaces: Namespaces, handlers: HubHandlers, tokens: (any TokenVerifier)?, broker: any Broker,
        presence: any PresenceStore, logger: Logger, tracing: HubTracing
    ) {
        self.configuration = configuration
        self.currentNamespaces = Replaceable(namespaces)
        self.currentHandlers = Replaceable(handlers)
        self.tokens = tokens
        self.broker = broker
        self.immediateBroker = tracing.tracer == nil ? broker as? any ImmediateBroker : nil
        self.presence = presence
        self.logger = logger
        self.tracing = tracing
        self.wildcards = WildcardDirectory(maxPatterns: configuration.maxWildcardPatterns)
        self.revocations = Revocations(limit: configuration.maxRevocations)
        self.admission = Admission(configuration.limits)
        self.node = randomID()
        broker.start(self)
    }

    /// Sessions have their loop's copy.
    var namespaces: Namespaces { currentNamespaces.value }
    /// The same.
    var handlers: HubHandlers { currentHandlers.value }

    /// A subscriber more of a channel or a pattern; completes when the broker sends it to this process.
    func join(_ channel: String, isPattern: Bool, _ sink: any DeliverySink, _ completion: @escaping ChannelDirectory.Completion) {
        let ask = { [broker] (done: @escaping ChannelDirectory.Completion) in
            if isPattern { broker.subscribe(matching: channel, done) } else { broker.subscribe(channel, done) }
        }
        directory.join(channel, sink, ask: ask, completion)
    }

    /// A subscriber less.
    func leave(_ channel: String, isPattern: Bool, _ sink: any DeliverySink) {
        directory.leave(channel, sink) {
            if isPattern { broker.unsubscribe(matching: channel) } else { broker.unsubscribe(channel) }
        }
    }

    /// Whether a token is no longer good although it has not expired.
    func hasRevoked(_ origin: TokenOrigin) -> Bool { revocations.hasRevoked(origin, now: configuration.now()) }

    /// Anybody can show a token, as often as they like.
    func cannotCheckToken(_ why: String) {
        guard let untold = uncheckedTokens.withLock({ $0.next() }) else { return }
        logger.warning("a token can't be checked", metadata: ["why": "\(why)", "before": "\(untold)"])
    }

    /// The channel that is the user's own; nil if there is none, or nobody in particular asks.
    func personalChannel(of user: String) -> String? {
        guard let personal = configuration.personalChannel, !user.isEmpty else { return nil }
        return namespaces.syntax.personalChannel(of: user, in: personal.namespace)
    }
}

extension HubCore: BrokerReceiver {
    func published(_ publication: Publication, on channel: String, delta base: Publication?, excluding client: String?) {
        let event = Delivery.Event.publication(publication, usesDelta: base != nil, excluded: client)
        let (time, span) = (NIODeadline.now(), tracing.delivery(on: channel))
        post(Delivery(channel: channel, event: event, time: time, span: span))
        for pattern in wildcards.matching(channel, namespaces) {
            post(Delivery(channel: pattern, event: event, origin: channel, time: time, span: span))
        }
        span?.handedOut(to: 0)
    }

    func joined(_ info: ClientInfo, on channel: String) {
        post(Delivery(channel: channel, event: .joined(info)))
    }

    func left(_ info: ClientInfo, on channel: String) {
        post(Delivery(channel: channel, event: .left(info)))
    }

    private func post(_ delivery: Delivery) {
        directory.forEachSink(of: delivery.channel) { sink in
            delivery.span?.expectOne()
            sink.post(delivery)
        }
    }
}

/// Which clients there are, by id and by user; for what is asked of them from other threads.
final class ClientDirectory: Sendable {
    private struct State {
        var loops: [String: HubLoop] = [:]
        var clients: [String: Set<String>] = [:]
    }

    private let state = Mutex(State())

    func add(_ client: String, user: String, on loop: HubLoop) {
        state.withLock { state in
            state.loops[client] = loop
            state.clients[user, default: []].insert(client)
        }
    }

    func remove(_ client: String, user: String) {
        state.withLock { state in
            state.loops[client] = nil
            state.clients[user]?.remove(client)
            if state.clients[user]?.isEmpty == true { state.clients[user] = nil }
        }
    }

    func loop(of client: String) -> HubLoop? {
        state.withLock { $0.loops[client] }
    }

    func clients(of user: String) -> Set<String> {
        state.withLock { $0.clients[user] ?? [] }
    }

    var counts: (clients: Int, users: Int) {
        state.withLock { ($0.loops.count, $0.clients.count) }
    }
}

/// Numbers in place of channels' names: one for each channel of this process, so that the bytes of a push are the same for all who use it.
final class CompactIDs: Sendable {
    private struct State {
        var ids: [String: (id: Int64, users: Int)] = [:]
        var last: Int64 = 0
    }

    private let state = Mutex(State())

    func take(_ channel: String) -> Int64 {
        state.withLock { state in
            if let known = state.ids[channel] {
                state.ids[channel] = (known.id, known.users + 1)
                return known.id
            }
            state.last += 1
            state.ids[channel] = (state.last, 1)
            return state.last
        }
    }

    func giveBack(_ channel: String) {
        state.withLock { state in
            guard let known = state.ids[channel] else { return }
            state.ids[channel] = known.users > 1 ? (known.id, known.users - 1) : nil
        }
    }
}

private let digits = Array("0123456789abcdef".utf8)

/// 128 random bits from the system, as 32 hexadecimal digits: not to be guessed.
func randomID() -> String {
    var generator = SystemRandomNumberGenerator()
    let words: [UInt64] = [generator.next(), generator.next()]
    return String(unsafeUninitializedCapacity: 32) { text in
        for index in 0..<32 {
            let digit = Int((words[index / 16] >> UInt64((15 - index % 16) * 4)) & 15)
            text[index] = digits[digit]
        }
        return 32
    }
}
