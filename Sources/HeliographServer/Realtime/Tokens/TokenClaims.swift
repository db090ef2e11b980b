import NIOCore
import RealtimeHub
import RealtimeProtocol

/// What a token says, after its signature was checked. A claim of another type than it should have makes the token invalid: to pass over it
/// might pass over what it forbids.
struct TokenClaims {
    let members: [String: JSONValue]

    init(_ members: [String: JSONValue]) {
        // RFC 7519 has no null: as if it were not there.
        self.members = members.filter { !$0.value.isNull }
    }

    subscript(name: String) -> JSONValue? { members[name] }

    // MARK: Times, audience, issuer (RFC 7519 §4.1)

    func check(_ rules: TokenRules, at now: Double) throws(TokenError) {
        let expiry = try time("exp")
        let beginning = try time("nbf")
        if let issuer = rules.issuer {
            guard try string("iss") == issuer else { throw .invalid("another iss than \(issuer)") }
        }
        if let audience = rules.audience {
            guard try audiences().contains(audience) else { throw .invalid("\(audience) is not among its aud") }
        }
        if let pattern = rules.issuerPattern {
            guard let issuer = try string("iss"), pattern.matches(issuer) else {
                throw .invalid("its iss does not match \(pattern.pattern)")
            }
        }
        if let pattern = rules.audiencePattern {
            guard try audiences().contains(where: { pattern.matches($0) }) else {
                throw .invalid("none of its aud matches \(pattern.pattern)")
            }
        }
        if let expiry, now >= expiry { throw .expired }
        // The clock of whoever made it is ahead. A client that asks for another token, as for an expired one, soon has a good one.
        if let beginning, now < beginning { throw .expired }
    }

    /// When what the token allows is over, in milliseconds since 1970: `expire_at`, where 0 means never, or `exp`.
    func expiry() throws(TokenError) -> Int64 {
        let own = try time("expire_at")
        let token = try time("exp")
        return Int64((own ?? token ?? 0) * 1_000)
    }

    /// A NumericDate (RFC 7519 §2): seconds since 1970, which may have a fraction.
    func time(_ name: String) throws(TokenError) -> Double? {
        guard let value = members[name] else { return nil }
        // Beyond 10000 years it is no date but milliseconds, or worse.
        guard let seconds = Double(String(buffer: value.text)), seconds >= 0, seconds < 253_402_300_800 else {
            throw .invalid("\(name) is no time in seconds")
        }
        return seconds
    }

    private func audiences() throws(TokenError) -> [String] {
        guard let value = members["aud"], !value.isArray else { return try strings("aud") }
        return try string("aud").map { [$0] } ?? []
    }

    // MARK: Values

    func string(_ name: String) throws(TokenError) -> String? {
        guard let value = members[name] else { return nil }
        guard let string = try? value.string() else { throw .invalid("\(name) is not text") }
        return string
    }

    func required(_ name: String) throws(TokenError) -> String {
        guard let string = try string(name) else { throw .invalid("it has no \(name)") }
        return string
    }

    func strings(_ name: String) throws(TokenError) -> [String] {
        guard let value = members[name] else { return [] }
        guard let elements = try? value.elements(), let strings = try? elements.map({ try $0.string() }) else {
            throw .invalid("\(name) is no list of texts")
        }
        return strings
    }

    /// JSON as it stands in the token, or bytes in base64.
    func payload(_ name: String, _ base64Name: String) throws(TokenError) -> [UInt8]? {
        guard let text = try string(base64Name) else { return members[name].map { Array($0.text.readableBytesView) } }
        guard let bytes = Base64.decode(Array(text.utf8), .standard) else { throw .invalid("\(base64Name) is not base64") }
        return bytes
    }

    func object(_ name: String) throws(TokenError) -> TokenClaims? {
        guard let value = members[name] else { return nil }
        guard let members = try? value.members() else { throw .invalid("\(name) is no object") }
        return TokenClaims(members)
    }

    /// An object as it is.
    func objectText(_ name: String) throws(TokenError) -> [UInt8]? {
        guard try object(name) != nil else { return nil }
        return members[name].map { Array($0.text.readableBytesView) }
    }

    // MARK: Subscriptions

    /// `subs`: channels that the client is subscribed to at once, each with what belongs to it.
    func subscriptions() throws(TokenError) -> [String: SubscribeGrant] {
        guard let channels = try object("subs") else { return [:] }
        var grants: [String: SubscribeGrant] = [:]
        for channel in channels.members.keys {
            guard let claims = try channels.object(channel) else { continue }
            var grant = SubscribeGrant(info: try claims.payload("info", "b64info"))
            grant.data = try claims.payload("data", "b64data").map { ByteBuffer(bytes: $0) }
            grant.override = try claims.override("override")
            grant.tagsFilter = try claims.tagsFilter()
            grants[channel] = grant
        }
        return grants
    }

    /// `server_tags_filter`: which publications of the subscription are for the client.
    func tagsFilter() throws(TokenError) -> TagsFilter? {
        guard let value = members["server_tags_filter"] else { return nil }
        guard let node = try? Wire.filterNode(json: value.text), let filter = try? TagsFilter(node) else {
            throw .invalid("server_tags_filter is no filter")
        }
        return filter
    }

    /// `{"presence": {"value": true}, …}`: options in place of the channel's own.
    func override(_ name: String) throws(TokenError) -> ChannelOverride {
        var override = ChannelOverride()
        guard let options = try object(name) else { return override }
        override.presence = try options.flag("presence")
        override.joinLeave = try options.flag("join_leave")
        override.forcePushJoinLeave = try options.flag("force_push_join_leave")
        override.forceRecovery = try options.flag("force_recovery")
        override.forcePositioning = try options.flag("force_positioning")
        return override
    }

    private func flag(_ name: String) throws(TokenError) -> Bool? {
        guard let value = try object(name)?.members["value"] else { return nil }
        guard let flag = try? value.bool() else { throw .invalid("\(name) is neither true nor false") }
        return flag
    }
}
