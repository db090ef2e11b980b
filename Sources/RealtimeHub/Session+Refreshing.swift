import NIOCore
import RealtimeProtocol

// Strategy: where the application refreshes, the client is not told of any expiry. The session asks when the time has come, and goes on meanwhile: no
// command waits for the answer, and nothing ends before it.

extension Session {
    var isRefreshedByApplication: Bool { loop.handlers.refresh != nil }

    /// The connection's time is over, unless the application has more for it.
    func askForConnection() {
        guard let handler = loop.handlers.refresh, !isRefreshing else { return }
        isRefreshing = true
        let event = RefreshEvent(identity: identity, context: context)
        let loop = loop
        Task {
            let decision = await handler(event)
            loop.eventLoop.execute {
                self.isRefreshing = false
                guard self.state == .connected else { return }
                self.decided(decision)
            }
        }
    }

    private func decided(_ decision: RefreshDecision) {
        guard case .prolonged(let grant) = decision, grant.expiresAt == 0 || grant.expiresAt > configuration.now() else {
            return disconnect(.connectionExpired)
        }
        expiresAt = grant.expiresAt
        if let info = grant.info { connectionInfo = info }
        if let meta = grant.meta { self.meta = meta }
        if let capabilities = grant.capabilities { self.capabilities = capabilities }
    }

    /// The same of a subscription.
    func askForSubscription(_ subscription: Subscription) {
        // Whoever was to be asked is gone: the client subscribes anew, as it is decided now.
        guard let handler = loop.handlers.refreshSubscription else { return expired(subscription) }
        guard !subscription.isRefreshing else { return }
        subscription.isRefreshing = true
        let event = SubscriptionRefreshEvent(
            identity: identity, channel: subscription.channel, handler: subscription.options.asks.refresh ?? "", context: context)
        let loop = loop
        Task {
            let decision = await handler(event)
            loop.eventLoop.execute {
                subscription.isRefreshing = false
                guard self.isOpen, self.subscriptions[subscription.channel] === subscription else { return }
                self.decided(decision, subscription)
            }
        }
    }

    private func decided(_ decision: RefreshDecision, _ subscription: Subscription) {
        guard case .prolonged(let grant) = decision, grant.expiresAt == 0 || grant.expiresAt > configuration.now() else {
            return expired(subscription)
        }
        subscription.expiresAt = grant.expiresAt
        if let info = grant.info { subscription.channelInfo = info }
        if let filter = grant.tagsFilter { subscription.narrow(to: filter) }
    }

    func expired(_ subscription: Subscription) {
        if subscription.isServerSide { disconnect(.subscriptionExpired) } else { unsubscribe(subscription.channel, .expired) }
    }
}
