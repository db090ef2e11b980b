import NIOCore
import PubSub
import RealtimeProtocol

extension Session {
    // MARK: Publish

    func publish(_ request: Wire.PublishRequest, id: UInt32) {
        guard let options = settings(of: request.channel, id: id) else { return }
        let isAllowed = allows(.publish, request.channel, options)
        guard let name = options.asks.publish, let handler = loop.handlers.publish else {
            guard isAllowed else { return reply(id, error: .permissionDenied) }
            return publish(request, options, PublishGrant(), id: id)
        }
        let event = PublishEvent(
            identity: identity, channel: request.channel, data: request.data, isAllowed: isAllowed, handler: name, context: context)
        decide(.publish) { () async throws(HubRefusal) in
            try await handler(event)
        } then: { result in
            switch result {
            case .failure(let refusal): self.refuse(refusal, id: id)
            case .success(let grant): self.publish(request, options, grant, id: id)
            }
        }
    }

    private func publish(_ request: Wire.PublishRequest, _ options: ChannelSettings, _ grant: PublishGrant, id: UInt32) {
        let payload = grant.data ?? request.data
        guard options.dataFormat.permits(payload) else { return reply(id, error: .badRequest) }
        var publish = PublishOptions()
        publish.retention = grant.skipsHistory ? nil : options.retention
        publish.idempotencyKey = grant.idempotencyKey
        publish.usesDelta = grant.usesDelta || options.deltaPublish
        publish.excludedClient = grant.excludesPublisher ? client : nil
        publish.tags = grant.tags
        publish.version = grant.version
        publish.versionEpoch = grant.versionEpoch
        publish.info = ClientInfo(
            user: user, client: client, connectionInfo: connectionInfo, channelInfo: subscriptions[request.channel]?.channelInfo)
        if publish.retention != nil, admission.pressure == .hard { return reply(id, error: .tooManyRequests) }
        let data = Array(payload.readableBytesView)
        let span = core.tracing.publication(to: request.channel, bytes: data.count)
        awaitBroker { completion in
            core.tracing.within(span) { core.broker.publish(data, to: request.channel, publish, completion) }
        } then: { result in
            HubTracing.end(span, result)
            switch result {
            case .success: self.reply(id, .publish(Wire.PublishResult()))
            case .failure(let error): self.failed(error, id: id)
            }
        }
    }

    private func allows(_ operation: Namespaces.Operation, _ channel: String, _ options: ChannelSettings) -> Bool {
        loop.namespaces.allows(operation, in: channel, options, user: user, isSubscribed: subscriptions[channel]?.isLive == true)
            || loop.namespaces.allows(operation, in: channel, by: capabilities)
    }

    private func failed(_ error: BrokerError, id: UInt32) {
        switch error {
        case .wrongEpoch: reply(id, error: .unrecoverablePosition)
        case .unsupported: reply(id, error: .notAvailable)
        case .unavailable, .stopped: reply(id, error: .internal)
        }
    }

    // MARK: History

    func history(_ request: Wire.HistoryRequest, id: UInt32) {
        guard let options = settings(of: request.channel, id: id) else { return }
        guard options.hasHistory else { return reply(id, error: .notAvailable) }
        // What is hidden from the subscriber is not to be had so.
        let isFiltered = subscriptions[request.channel]?.subscriberClass?.key.serverFilter != nil
        guard !isFiltered, allows(.history, request.channel, options) else { return reply(id, error: .permissionDenied) }
        guard admission.pressure < .hard else { return reply(id, error: .tooManyRequests) }
        guard !request.reverse || request.since?.offset != 0 else { return reply(id, error: .badRequest) }
        let most = configuration.maxHistoryPublications
        let query = HistoryQuery(
            since: request.since.map { StreamPosition(offset: $0.offset, epoch: $0.epoch) },
            limit: request.limit == 0 ? .none : .count(request.limit < 0 ? most : min(Int(request.limit), most)),
            isReversed: request.reverse)
        awaitBroker {
            core.broker.history(of: request.channel, query, retention: options.retention, $0)
        } then: { result in
            switch result {
            case .failure(let error): self.failed(error, id: id)
            case .success(let history): self.answer(history, request.channel, options, id: id)
            }
        }
    }

    private func answer(_ history: History, _ channel: String, _ options: ChannelSettings, id: UInt32) {
        let encoder = PublicationEncoder(key: SubscriberClassKey(format: transport.format), channel: channel)
        var result = Wire.HistoryResult()
        result.epoch = history.position.epoch
        result.offset = history.position.offset
        for publication in history.publications {
            guard let wire = encoder.recovered(publication, base: nil) else {
                if options.dataFormat == .binary { return disconnect(.inappropriateProtocol) }
                continue
            }
            result.publications.append(wire)
        }
        reply(id, .history(result))
    }

    // MARK: Presence

    func presence(_ request: Wire.PresenceRequest, id: UInt32) {
        guard allowsPresence(request.channel, id: id) else { return }
        awaitBroker {
            core.presence.members(of: request.channel, limit: .max, $0)
        } then: { result in
            switch result {
            case .failure(let error): self.failed(error, id: id)
            case .success(let members): self.reply(id, .presence(Wire.PresenceResult(presence: members.mapValues(Wire.ClientInfo.init))))
            }
        }
    }

    func presenceStats(_ request: Wire.PresenceStatsRequest, id: UInt32) {
        guard allowsPresence(request.channel, id: id) else { return }
        awaitBroker {
            core.presence.counts(of: request.channel, $0)
        } then: { result in
            switch result {
            case .failure(let error): self.failed(error, id: id)
            case .success(let counts):
                self.reply(
                    id,
                    .presenceStats(
                        Wire.PresenceStatsResult(numClients: UInt32(clamping: counts.clients), numUsers: UInt32(clamping: counts.users))))
            }
        }
    }

    private func allowsPresence(_ channel: String, id: UInt32) -> Bool {
        guard let options = settings(of: channel, id: id) else { return false }
        guard options.presence else {
            reply(id, error: .notAvailable)
            return false
        }
        guard allows(.presence, channel, options) else {
            reply(id, error: .permissionDenied)
            return false
        }
        return true
    }

    // MARK: Calls and messages

    func call(_ request: Wire.RPCRequest, id: UInt32) {
        guard let handler = loop.handlers.call else { return reply(id, error: .notAvailable) }
        let event = CallEvent(identity: identity, method: request.method, data: request.data, context: context)
        decide(.rpc) { () async throws(HubRefusal) in
            try await handler(event)
        } then: { result in
            switch result {
            case .failure(let refusal): self.refuse(refusal, id: id)
            case .success(let data): self.reply(id, .rpc(Wire.RPCResult(data: data)))
            }
        }
    }

    func send(_ request: Wire.SendRequest) {
        guard let handler = loop.handlers.message else { return disconnect(.notAvailable) }
        let identity = identity
        decide(.send) { () async throws(HubRefusal) in
            await handler(identity, request.data)
        } then: { _ in
        }
    }
}
