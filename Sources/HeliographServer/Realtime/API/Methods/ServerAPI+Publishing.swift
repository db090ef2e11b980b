import PubSub
import RealtimeHub
import RealtimeProtocol

extension ServerAPI {
    private struct Outgoing {
        let data: [UInt8]
        let options: PublishOptions
        let skipsHistory: Bool

        init(_ request: APIRequest) throws(APIError) {
            data = try request.data()
            var options = PublishOptions()
            options.tags = try request.tags()
            let key = try request.text("idempotency_key")
            if !key.isEmpty { options.idempotencyKey = key }
            options.usesDelta = try request.flag("delta")
            skipsHistory = try request.flag("skip_history")
            options.version = try request.integer("version")
            options.versionEpoch = try request.text("version_epoch")
            let client = try request.text("exclude")
            if !client.isEmpty { options.excludedClient = client }
            self.options = options
        }
    }

    private func publish(_ outgoing: Outgoing, to channel: String) async throws -> StreamPosition {
        let options = outgoing.options
        return try await hub.publish(
            outgoing.data, to: channel, tags: options.tags, idempotencyKey: options.idempotencyKey, usesDelta: options.usesDelta,
            skipsHistory: outgoing.skipsHistory, excluding: options.excludedClient, version: options.version,
            versionEpoch: options.versionEpoch
        ).position
    }

    private func publish(
        _ outgoing: Outgoing, to channels: [String], _ budget: CallBudget?
    ) async throws -> [Result<StreamPosition, APIError>] {
        try budget?.publish(to: channels.count)
        var outcomes: [Result<StreamPosition, APIError>] = []
        outcomes.reserveCapacity(channels.count)
        for channel in channels {
            if !outcomes.isEmpty, outcomes.count.isMultiple(of: Self.publicationsPerTurn) { try await Self.letOthers() }
            outcomes.append(await outcome(outgoing, channel))
        }
        return outcomes
    }

    private func outcome(_ outgoing: Outgoing, _ channel: String) async -> Result<StreamPosition, APIError> {
        do { return .success(try await publish(outgoing, to: channel)) } catch { return .failure(APIError(error)) }
    }

    func publish(_ request: APIRequest, _ result: inout JSONOutput) async throws {
        let channel = try request.channel()
        let position = try await publish(Outgoing(request), to: channel)
        result.object { $0.position(position) }
    }

    /// The same, where the hub publishes at once.
    func publishAtOnce(_ request: APIRequest, _ result: inout JSONOutput) throws {
        let channel = try request.channel()
        let outgoing = try Outgoing(request)
        let published = try hub.publishAtOnce(outgoing.data, to: channel, outgoing.options, skipsHistory: outgoing.skipsHistory)
        guard let position = published?.position else { throw APIError(.internal) }
        result.object { $0.position(position) }
    }

    func broadcast(_ request: APIRequest, _ result: inout JSONOutput) async throws {
        let channels = try request.channels(atMost: Self.maxChannels)
        let outcomes = try await publish(Outgoing(request), to: channels, request.budget)
        result.object { result in
            result.name("responses")
            result.array { result in
                for outcome in outcomes { result.object { $0.outcome(outcome) } }
            }
        }
        // It is done, and answered however long that is; what comes after may find no room.
        try? request.budget?.answer(result.count)
    }

    func publishToPattern(_ request: APIRequest, _ result: inout JSONOutput) async throws {
        let glob = Glob(try request.required("pattern"))
        let outgoing = try Outgoing(request)
        // Subscriptions to patterns are in the list too; what is published to a channel reaches them.
        let page = await hub.channelsInTurns(matching: { !$0.contains("*") && glob.matches($0) }, limit: Self.maxChannels)
        guard page.next == nil else {
            throw APIError(
                .limitExceeded, "the pattern fits \(page.count) channels; at most \(Self.maxChannels) can be published to at once")
        }
        let outcomes = try await publish(outgoing, to: page.channels.map(\.name), request.budget)
        result.object { result in
            result.name("channels")
            result.object { result in
                for (channel, outcome) in zip(page.channels, outcomes) {
                    result.name(channel.name)
                    result.object { $0.outcome(outcome) }
                }
            }
        }
        try? request.budget?.answer(result.count)
    }
}
