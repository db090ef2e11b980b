import Logging
import NIOCore
import PubSub
import RealtimeProtocol

/// The last steps of a subscription: presence, position, what was missed.
///
/// `@unchecked Sendable`: on the session's loop only.
final class Recovery: @unchecked Sendable {
    private let session: Session
    private let subscription: Subscription
    private let request: Wire.SubscribeRequest
    private let grant: SubscribeGrant
    private let key: SubscriberClassKey
    private let then: @Sendable (Result<Wire.SubscribeResult, HubRefusal>) -> Void

    init(
        session: Session, subscription: Subscription, request: Wire.SubscribeRequest, grant: SubscribeGrant, key: SubscriberClassKey,
        then: @escaping @Sendable (Result<Wire.SubscribeResult, HubRefusal>) -> Void
    ) {
        self.session = session
        self.subscription = subscription
        self.request = request
        self.grant = grant
        self.key = key
        self.then = then
    }

    private var core: HubCore { session.core }
    /// Whether it was given up meanwhile.
    private var isOver: Bool { !session.isOpen || session.subscriptions[subscription.channel] !== subscription }

    func fail(_ error: BrokerError) {
        // As a broker may that knows no patterns.
        if case .unsupported = error { return giveUp(.error(.notAvailable)) }
        core.logger.error("a subscription failed", metadata: ["channel": "\(subscription.channel)", "error": "\(error)"])
        giveUp(.error(.internal))
    }

    private func giveUp(_ refusal: HubRefusal) {
        guard session.isOpen else { return }
        if !isOver {
            session.subscriptions[subscription.channel] = nil
            session.leave(subscription, .server)
        }
        then(.failure(refusal))
    }

    /// Somebody has ended the subscription before it began. The command is still answered, as the client waits for that.
    private func isGivenUp() -> Bool {
        guard isOver else { return false }
        giveUp(.error(.permissionDenied))
        return true
    }

    func run() {
        if isGivenUp() { return }
        guard subscription.keepsPresence else { return readHistory() }
        session.awaitBroker {
            core.presence.add(subscription.info, to: subscription.channel, timeToLive: session.configuration.presenceTimeToLive, $0)
        } then: { result in
            if case .failure(let error) = result { return self.fail(error) }
            if !self.isGivenUp() { self.readHistory() }
        }
    }

    // MARK: What was missed

    private var isRecovering: Bool { subscription.isRecoverable && request.recover }
    private var isCacheRecovery: Bool {
        subscription.isRecoverable && subscription.options.recoveryMode == .cache
            && (request.recover || subscription.options.autoCacheRecover)
    }

    private func readHistory() {
        guard subscription.isPositioned else { return finish(Wire.SubscribeResult()) }
        guard isRecovering || isCacheRecovery else {
            return session.awaitBroker {
                core.broker.history(of: subscription.channel, query, retention: subscription.options.retention, $0)
            } then: {
                self.read($0)
            }
        }
        session.awaitBroker {
            readInTurn($0)
        } then: {
            self.read($0)
        }
    }

    /// What was missed may be much, and many come back at the same time.
    private func readInTurn(_ done: @escaping @Sendable (Result<History, BrokerError>) -> Void) {
        let loop = session.loop
        _ = loop.recoveries.enter {
            guard !self.isOver else {
                loop.recoveries.leave()
                return done(.failure(.unavailable("nobody waits for it any more")))
            }
            self.core.broker.history(of: self.subscription.channel, self.query, retention: self.subscription.options.retention) { result in
                loop.perform {
                    loop.recoveries.leave()
                    done(result)
                }
            }
        }
    }

    private var query: HistoryQuery {
        if isCacheRecovery { return HistoryQuery(limit: .count(1), isReversed: true) }
        guard isRecovering else { return HistoryQuery() }
        // An empty epoch is any epoch. One more than the limit shows that there is more.
        let limit = session.configuration.maxRecoveredPublications
        return HistoryQuery(since: StreamPosition(offset: request.offset, epoch: request.epoch), limit: .count(limit + 1))
    }

    private func read(_ result: Result<History, BrokerError>) {
        if isGivenUp() { return }
        switch result {
        case .success(let history): positioned(history.position, recovered: recovered(history))
        case .failure(.wrongEpoch(let current)): positioned(current, recovered: nil)
        case .failure(let error): fail(error)
        }
    }

    /// What the client gets of what it missed; nil if that is not all.
    private func recovered(_ history: History) -> [Publication]? {
        let top = history.position
        if isCacheRecovery {
            if history.publications.isEmpty { session.tellCacheEmpty(subscription) }
            guard let latest = history.publications.first, latest.offset == top.offset else { return nil }
            let hasIt = request.recover && request.offset == top.offset && (request.epoch.isEmpty || request.epoch == top.epoch)
            return hasIt ? [] : [latest]
        }
        guard isRecovering else { return nil }
        guard request.epoch.isEmpty || request.epoch == top.epoch else { return nil }
        if top.offset == request.offset { return [] }
        let missed = history.publications
        guard missed.count <= session.configuration.maxRecoveredPublications, let first = missed.first, let last = missed.last else {
            return nil
        }
        guard first.offset == request.offset &+ 1, last.offset == top.offset, UInt64(missed.count) == top.offset &- request.offset else {
            return nil
        }
        return missed
    }

    private func positioned(_ top: StreamPosition, recovered: [Publication]?) {
        let wasRecovering = isRecovering || isCacheRecovery
        if wasRecovering { session.loop.statistics.recovered(recovered != nil) }
        if isRecovering, recovered == nil, request.flag & 2 != 0 { return giveUp(.error(.unrecoverablePosition)) }
        subscription.position = top
        var result = Wire.SubscribeResult()
        result.positioned = true
        result.recoverable = subscription.isRecoverable
        result.epoch = top.epoch
        result.offset = top.offset
        result.wasRecovering = wasRecovering
        if let recovered, wasRecovering {
            result.recovered = true
            // The SDK goes on from here while it replays.
            if !isCacheRecovery { result.offset = request.offset }
            guard let publications = encode(recovered) else { return giveUp(.disconnect(.inappropriateProtocol)) }
            result.publications = publications
            subscription.subscriberClass?.noteRecovered(subscription, last: recovered.last)
        }
        finish(result)
    }

    /// With deltas, each is the difference to the one before it, and the first is whole.
    private func encode(_ publications: [Publication]) -> [Wire.Publication]? {
        let encoder = PublicationEncoder(key: key, channel: subscription.channel)
        var base: Publication?
        var encoded: [Wire.Publication] = []
        for publication in publications where key.admits(publication.tags) {
            guard let wire = encoder.recovered(publication, base: base) else {
                if subscription.options.dataFormat == .binary { return nil }
                continue
            }
            encoded.append(wire)
            base = publication
        }
        return encoded
    }

    // MARK: The answer

    private func finish(_ result: Wire.SubscribeResult) {
        var result = result
        if subscription.expiresAt > 0, !subscription.isRefreshedByApplication {
            result.expires = true
            result.ttl = session.secondsLeft(until: subscription.expiresAt)
        }
        result.data = grant.data ?? ByteBuffer()
        result.delta = key.usesDelta
        result.id = key.compactID
        then(.success(result))
    }
}
