import Logging
import NIOCore
import PubSub
import RealtimeProtocol

extension Session {
    // MARK: Subscribe

    /// The rules in the order of the protocol.
    func subscribe(_ request: Wire.SubscribeRequest, id: UInt32) {
        guard !request.channel.isEmpty, request.delta.isEmpty || request.delta == "fossil" else { return disconnect(.badRequest) }
        if subscriptions[request.channel] != nil { return reply(id, error: .alreadySubscribed) }
        if subscriptions.count >= configuration.maxChannelsPerClient { return reply(id, error: .limitExceeded) }
        guard let (options, pattern) = subscribable(request.channel, id: id) else { return }
        let filter = request.tagsFilter.flatMap { try? TagsFilter($0) }
        guard request.tagsFilter == nil || (filter != nil && options.allowTagsFilter) else { return reply(id, error: .badRequest) }
        grant(request, options) { result in
            switch result {
            case .failure(let refusal):
                self.refuse(refusal, id: id)
                if refusal == .error(.badToken) { self.tokenFailed() }
            case .success(let grant):
                let options = (grant.options ?? options).overridden(by: grant.override)
                self.subscribe(request, pattern == nil ? options : options.ofWildcard, grant, filter, pattern, id: id)
            }
        }
    }

    private func subscribe(
        _ request: Wire.SubscribeRequest, _ options: ChannelSettings, _ grant: SubscribeGrant, _ filter: TagsFilter?,
        _ pattern: ChannelPattern?, id: UInt32
    ) {
        guard mayHaveSubscription(to: request.channel) else { return reply(id, error: .limitExceeded) }
        begin(request, options, grant, filter: filter, pattern: pattern, isServerSide: false) { result in
            switch result {
            case .failure(let refusal): self.refuse(refusal, id: id)
            case .success(let result):
                self.reply(id, .subscribe(result))
                self.subscriptions[request.channel].map(self.goLive)
            }
        }
    }

    /// The options of what can be subscribed to: a channel, or a pattern of channels where they are allowed. Nil: there is no such thing, and the
    /// command is answered.
    private func subscribable(_ channel: String, id: UInt32) -> (options: ChannelSettings, pattern: ChannelPattern?)? {
        do throws(Namespaces.NameError) {
            if let (pattern, options) = try loop.namespaces.wildcard(channel) { return (options, pattern) }
        } catch {
            reply(id, error: .badRequest)
            return nil
        }
        return settings(of: channel, id: id).map { ($0, nil) }
    }

    /// Who may subscribe: the token's word, the application's, or the options'.
    private func grant(
        _ request: Wire.SubscribeRequest, _ options: ChannelSettings, then: @escaping @Sendable (Result<SubscribeGrant, HubRefusal>) -> Void
    ) {
        let isOpenToUser =
            loop.namespaces.allows(.subscribe, in: request.channel, options, user: user, isSubscribed: false)
            || loop.namespaces.allows(.subscribe, in: request.channel, by: capabilities)
        let handler = options.asks.subscribe == nil ? nil : loop.handlers.subscribe
        guard request.token.isEmpty, handler == nil else {
            var event = SubscribeEvent(identity: identity, channel: request.channel, data: request.data, isAllowed: isOpenToUser)
            if handler != nil { complete(&event, options) }
            return decide(
                .subscribe,
                { [core, event] () async throws(HubRefusal) in
                    try await Self.grant(event, token: request.token, core, asking: handler)
                }, then: then)
        }
        then(isOpenToUser ? .success(SubscribeGrant()) : .failure(.error(.permissionDenied)))
    }

    /// What the application is told beside that somebody wants to subscribe.
    private func complete(_ event: inout SubscribeEvent, _ options: ChannelSettings) {
        event.decision = loop.namespaces.decision(.subscribe, in: event.channel, options, user: user)
        if !event.decision.isAllowed, event.isAllowed { event.decision = .allowed(.capability) }
        event.handler = options.asks.subscribe ?? ""
        event.context = context
    }

    private static func grant(
        _ asked: SubscribeEvent, token: String, _ core: HubCore,
        asking handler: (@Sendable (SubscribeEvent) async throws(HubRefusal) -> SubscribeGrant)?
    ) async throws(HubRefusal) -> SubscribeGrant {
        var grant = SubscribeGrant()
        var event = asked
        if !token.isEmpty {
            let claims = try await claims(token, of: event.identity, for: event.channel, core, expired: .tokenExpired)
            grant.info = claims.info
            grant.expiresAt = claims.expiresAt
            grant.override = claims.override
            grant.origin = claims.origin
            grant.tagsFilter = claims.tagsFilter
            event.isAllowed = true
            event.decision = .allowed(.token)
        }
        if let handler {
            let own = try await handler(event)
            grant.info = own.info ?? grant.info
            grant.data = own.data
            grant.options = own.options
            if own.override != ChannelOverride() { grant.override = own.override }
            if own.expiresAt > 0 { grant.expiresAt = own.expiresAt }
            grant.tagsFilter = own.tagsFilter ?? grant.tagsFilter
        } else if !event.isAllowed {
            throw .error(.permissionDenied)
        }
        return grant
    }

    /// Each costs the checking of a signature (A12).
    private func tokenFailed() {
        badTokens += 1
        if badTokens >= configuration.maxBadTokens { disconnect(.tooManyErrors) }
    }

    private static func claims(
        _ token: String, of identity: ClientIdentity, for channel: String, _ core: HubCore, expired: Wire.ErrorReply.Code
    ) async throws(HubRefusal) -> SubscriptionClaims {
        guard let tokens = core.tokens else { throw .error(.permissionDenied) }
        let claims: SubscriptionClaims
        do throws(TokenError) {
            claims = try await tokens.subscription(token)
            if claims.expiresAt > 0, claims.expiresAt <= core.configuration.now() { throw TokenError.expired }
            if core.hasRevoked(claims.origin) { throw TokenError.invalid("it is revoked") }
        } catch {
            switch error {
            case .expired: throw .error(expired)
            case .invalid(let why):
                core.logger.debug("invalid subscription token", metadata: ["why": "\(why)"])
                throw .error(.badToken)
            case .unavailable(let why):
                core.cannotCheckToken(why)
                throw .error(.internal)
            }
        }
        guard claims.channel == channel, claims.user == identity.user, claims.client ?? identity.client == identity.client else {
            throw .disconnect(.invalidToken)
        }
        return claims
    }

    // MARK: The work of a subscription

    /// Joins the channel, keeps back what comes, reads what was missed, and tells the result: the caller writes the answer, and then lets
    /// the subscription ``goLive(_:)``.
    func begin(
        _ request: Wire.SubscribeRequest, _ options: ChannelSettings, _ grant: SubscribeGrant, filter: TagsFilter?,
        pattern: ChannelPattern? = nil, isServerSide: Bool,
        then: @escaping @Sendable (Result<Wire.SubscribeResult, HubRefusal>) -> Void
    ) {
        let channel = request.channel
        if let pattern, !core.wildcards.add(channel, pattern, loop.namespaces) {
            if !isServerSide { admission.unsubscribe(limits?.user) }
            return then(.failure(.error(.limitExceeded)))
        }
        let shard = loop.shard(of: channel)
        let subscription = Subscription(
            channel: channel, session: self, options: options, shard: shard, isWildcard: pattern != nil, isServerSide: isServerSide)
        let isRecoverable =
            options.hasHistory && (options.forceRecovery || (options.allowRecovery && (request.recoverable || request.recover)))
        subscription.isPositioned =
            isRecoverable || (options.hasHistory && (options.forcePositioning || (options.allowPositioning && request.positioned)))
        subscription.isRecoverable = isRecoverable
        subscription.channelInfo = grant.info
        subscription.expiresAt = grant.expiresAt
        subscription.origin = grant.origin
        subscription.isRefreshedByApplication = options.asks.refresh != nil && loop.handlers.refreshSubscription != nil
        subscription.keepsPresence = options.presence
        subscription.announcesJoinsAndLeaves = options.joinLeave
        subscription.wantsJoinsAndLeaves = options.joinLeave && (request.joinLeave || options.forcePushJoinLeave)
        subscriptions[channel] = subscription

        var key = SubscriberClassKey(format: transport.format)
        key.isBare = transport.isUnidirectional
        key.usesDelta = request.delta == "fossil" && options.allowsDelta
        key.filter = filter
        key.serverFilter = grant.tagsFilter
        if request.flag & 1 != 0, options.allowsCompaction, !isServerSide {
            key.compactID = core.compactIDs.take(channel)
            subscription.usesCompactID = true
        }
        shard.add(subscription, key)
        loop.statistics.subscribed()
        loop.trace(.subscribed, channel, self)
        let recovery = Recovery(session: self, subscription: subscription, request: request, grant: grant, key: key, then: then)
        awaitBroker { done in
            core.join(channel, isPattern: subscription.isWildcard, loop, done)
        } then: { result in
            if case .failure(let error) = result { return recovery.fail(error) }
            recovery.run()
        }
    }

    /// The answer is written: from here on publications go out.
    func goLive(_ subscription: Subscription) {
        guard isOpen, subscriptions[subscription.channel] === subscription, let waiting = subscription.waiting else { return }
        subscription.waiting = nil
        // Revoked while it was being made.
        if let origin = subscription.origin, core.hasRevoked(origin) { return unsubscribe(subscription.channel, .server) }
        subscription.nextPositionCheck = loop.eventLoop.now + TimeAmount(configuration.positionCheckInterval)
        tellSubscribed(subscription)
        subscription.subscriberClass?.catchUp(subscription, waiting)
        if subscription.announcesJoinsAndLeaves, isOpen { announceJoin(subscription) }
    }

    // MARK: Unsubscribe

    func unsubscribe(_ request: Wire.UnsubscribeRequest, id: UInt32) {
        guard !request.channel.isEmpty else { return disconnect(.badRequest) }
        if let subscription = subscriptions.removeValue(forKey: request.channel) { leave(subscription, .client) }
        reply(id, .unsubscribe(Wire.UnsubscribeResult()))
    }

    /// Ends a subscription from our side.
    func unsubscribe(_ channel: String, _ code: UnsubscribeCode) {
        guard isOpen, let subscription = subscriptions.removeValue(forKey: channel) else { return }
        leave(subscription, code)
        push(channel, .unsubscribe(Wire.Unsubscribe(code)))
    }

    /// Takes a subscription out of its channel.
    func leave(_ subscription: Subscription, _ code: UnsubscribeCode) {
        let channel = subscription.channel
        let wasLive = subscription.isLive
        subscription.shard.remove(subscription)
        loop.removeIfEmpty(subscription.shard)
        if subscription.usesCompactID { core.compactIDs.giveBack(channel) }
        if subscription.keepsPresence { core.presence.remove(client, from: channel) { _ in } }
        if subscription.announcesJoinsAndLeaves, wasLive { announceLeave(subscription) }
        tellUnsubscribed(subscription, code)
        core.leave(channel, isPattern: subscription.isWildcard, loop)
        if subscription.isWildcard { core.wildcards.remove(channel) }
        if !subscription.isServerSide { admission.unsubscribe(limits?.user) }
        loop.statistics.unsubscribed()
        loop.trace(.unsubscribed, channel, self)
    }

    // MARK: Refresh of a subscription

    func refreshSubscription(_ request: Wire.SubRefreshRequest, id: UInt32) {
        guard !request.channel.isEmpty else { return disconnect(.badRequest) }
        guard subscriptions[request.channel] != nil else { return reply(id, error: .permissionDenied) }
        guard !request.token.isEmpty else { return reply(id, error: .badRequest) }
        let identity = identity
        decide(.subRefresh) { [core] () async throws(HubRefusal) in
            try await Self.claims(request.token, of: identity, for: request.channel, core, expired: .expired)
        } then: { result in
            switch result {
            case .failure(.error(let error)) where error == .badToken || error == .permissionDenied: self.disconnect(.invalidToken)
            case .failure(let refusal): self.refuse(refusal, id: id)
            case .success(let claims): self.refreshed(request.channel, claims, id: id)
            }
        }
    }

    private func refreshed(_ channel: String, _ claims: SubscriptionClaims, id: UInt32) {
        guard let subscription = subscriptions[channel] else { return reply(id, error: .permissionDenied) }
        subscription.expiresAt = claims.expiresAt
        subscription.origin = claims.origin
        if let info = claims.info { subscription.channelInfo = info }
        if let filter = claims.tagsFilter { subscription.narrow(to: filter) }
        var result = Wire.SubRefreshResult()
        if claims.expiresAt > 0 {
            result.expires = true
            result.ttl = secondsLeft(until: claims.expiresAt)
        }
        reply(id, .subRefresh(result))
    }
}

extension Wire.ErrorReply.Code {
    /// As ``permissionDenied``, for a token that is no good. Which of its faults it was, the log says.
    fileprivate static var badToken: Self { Self(permissionDenied.number, message: "permission denied: bad token") }
}
