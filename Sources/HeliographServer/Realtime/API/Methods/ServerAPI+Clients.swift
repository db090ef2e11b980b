import NIOCore
import RealtimeHub
import RealtimeProtocol

extension ServerAPI {
    /// The connections of `user`, or the one that is `client` or `session`, which then must be the user's if there is one too.
    private func clients(_ request: APIRequest) throws(APIError) -> Set<String> {
        let user = try request.text("user")
        let client = try request.text("client")
        let session = try request.text("session")
        guard !user.isEmpty || !client.isEmpty || !session.isEmpty else {
            throw APIError(.badRequest, "user, client or session is missing")
        }
        guard !client.isEmpty || !session.isEmpty else { return hub.clients(of: user) }
        var found: Set<String> = client.isEmpty ? [] : [client]
        if !session.isEmpty {
            guard let named = hub.client(session: session), client.isEmpty || client == named else { return [] }
            found = [named]
        }
        return user.isEmpty ? found : found.intersection(hub.clients(of: user))
    }

    func subscribe(_ request: APIRequest, _ result: inout JSONOutput) async throws {
        let channel = try request.channel()
        var grant = SubscribeGrant(info: try request.payload("info"), expiresAt: try request.time("expire_at"))
        grant.data = try request.payload("data").map { ByteBuffer(bytes: $0) }
        grant.override = try request.override()
        let position = try request.position("recover_since")
        for client in try clients(request) { try hub.subscribe(client: client, to: channel, since: position, grant) }
        result.object { _ in }
    }

    func unsubscribe(_ request: APIRequest, _ result: inout JSONOutput) throws {
        let channel = try request.channel()
        for client in try clients(request) { hub.unsubscribe(client: client, from: channel) }
        result.object { _ in }
    }

    func disconnect(_ request: APIRequest, _ result: inout JSONOutput) throws {
        let kept = Set(try request.texts("whitelist"))
        var code = DisconnectCode.forceDisconnect
        if let own = try request.object("disconnect", known: ["code", "reason"]) {
            guard let number = try own.integer("code", 3_000...4_999) else { throw APIError(.badRequest, "disconnect.code is missing") }
            code = DisconnectCode(UInt16(clamping: number), reason: Self.closeReason(try own.text("reason")))
        }
        for client in try clients(request).subtracting(kept) { hub.disconnect(client: client, code) }
        result.object { _ in }
    }

    func refresh(_ request: APIRequest, _ result: inout JSONOutput) throws {
        let isOver = try request.flag("expired")
        let expiry = try request.time("expire_at")
        let info = try request.payload("info")
        for client in try clients(request) {
            if isOver {
                hub.disconnect(client: client, .connectionExpired)
            } else {
                hub.refresh(client: client, expiresAt: expiry, info: info)
            }
        }
        result.object { _ in }
    }

    /// What a close frame has room for (RFC 6455 §5.5), in whole characters.
    private static func closeReason(_ text: String) -> String {
        guard text.utf8.count > 123 else { return text }
        var reason = ""
        var count = 0
        for character in text {
            count += character.utf8.count
            guard count <= 123 else { break }
            reason.append(character)
        }
        return reason
    }
}

extension APIRequest {
    /// `{"presence": {"value": true}, …}`
    fileprivate func override() throws(APIError) -> ChannelOverride {
        let names = ["presence", "join_leave", "force_recovery", "force_positioning", "force_push_join_leave"]
        var override = ChannelOverride()
        guard let options = try object("override", known: Set(names)) else { return override }
        override.presence = try options.value(of: "presence")
        override.joinLeave = try options.value(of: "join_leave")
        override.forceRecovery = try options.value(of: "force_recovery")
        override.forcePositioning = try options.value(of: "force_positioning")
        override.forcePushJoinLeave = try options.value(of: "force_push_join_leave")
        return override
    }

    private func value(of name: String) throws(APIError) -> Bool? {
        guard let option = try object(name, known: ["value"]) else { return nil }
        guard option.has("value") else { throw APIError(.badRequest, "override.\(name).value is missing") }
        return try option.flag("value")
    }
}
