import NIOCore
import PubSub
import RealtimeProtocol

extension Session {
    /// Time has passed. Called about once a second.
    func advance(to now: NIODeadline) {
        commandAllowance = configuration.maxCommandsPerSecond
        if state == .new || state == .refused {
            // Who waits for its turn is told by the gate; who waits for the application's word has done nothing wrong.
            if now >= staleDeadline, connectTurn == nil { disconnect(isBusy ? .serverError : .stale) }
            return
        }
        if let pongDeadline, now >= pongDeadline { return disconnect(.noPong) }
        if now >= nextPing { ping(now) }
        if expiresAt > 0 || !subscriptions.isEmpty { checkExpiry() }
        guard isOpen else { return }
        if now >= nextPresence { renewPresence(now) }
        checkPositions(now)
    }

    // MARK: Pings

    /// The first ping comes at a random moment, so that those of many clients who came together do not.
    func beginPings() {
        let interval = TimeAmount(configuration.pingInterval)
        guard transport.needsPings, interval > .nanoseconds(0) else { return }
        nextPing = loop.eventLoop.now + .nanoseconds(Int64.random(in: interval.nanoseconds / 2...interval.nanoseconds))
    }

    private func ping(_ now: NIODeadline) {
        nextPing = now + TimeAmount(configuration.pingInterval)
        // An empty message.
        if transport.isUnidirectional {
            push("", nil)
        } else {
            write(Wire.Reply())
            pongDeadline = now + TimeAmount(configuration.pongTimeout)
        }
        flushReplies()
    }

    func pongArrived() {
        guard pongDeadline != nil else { return disconnect(.badRequest) }
        pongDeadline = nil
    }

    // MARK: Expiry

    private func checkExpiry() {
        let now = configuration.now()
        if expiresAt > 0, isRefreshedByApplication {
            if now >= expiresAt { askForConnection() }
        } else if expiresAt > 0, now >= expiresAt + milliseconds(configuration.expiredCloseDelay) {
            return disconnect(.connectionExpired)
        }
        let grace = milliseconds(configuration.expiredSubscriptionCloseDelay)
        let over = subscriptions.values.filter { $0.expiresAt > 0 && now >= $0.expiresAt + ($0.isRefreshedByApplication ? 0 : grace) }
        for subscription in over where isOpen {
            if subscription.isRefreshedByApplication { askForSubscription(subscription) } else { expired(subscription) }
        }
    }

    private func milliseconds(_ duration: Duration) -> Int64 {
        duration.components.seconds &* 1_000 &+ duration.components.attoseconds / 1_000_000_000_000_000
    }

    // MARK: Presence and positions

    private func renewPresence(_ now: NIODeadline) {
        nextPresence = now + TimeAmount(configuration.presenceInterval)
        for subscription in subscriptions.values where subscription.keepsPresence && subscription.isLive {
            core.presence.add(subscription.info, to: subscription.channel, timeToLive: configuration.presenceTimeToLive) { _ in }
        }
    }

    /// A quiet channel's position is compared with the broker's: what the broker lost on its way shows then.
    private func checkPositions(_ now: NIODeadline) {
        for subscription in subscriptions.values
        where subscription.isPositioned && subscription.isLive && now >= subscription.nextPositionCheck {
            subscription.nextPositionCheck = now + TimeAmount(configuration.positionCheckInterval)
            let asked = subscription.position
            core.broker.history(of: subscription.channel, HistoryQuery(), retention: subscription.options.retention) { result in
                self.loop.eventLoop.execute {
                    guard self.isOpen, self.subscriptions[subscription.channel] === subscription, !subscription.shard.hasPending else {
                        return
                    }
                    guard case .success(let history) = result, subscription.position == asked, history.position != asked else { return }
                    // What is on its way through the mailbox comes before this.
                    self.lostPosition(subscription)
                }
            }
        }
    }
}
