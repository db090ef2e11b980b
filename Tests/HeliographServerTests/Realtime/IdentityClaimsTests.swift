// caps, jti, sid, iat and another claim for the user, as tokens have them; and keys with an end.

import RealtimeHub
import RealtimeProtocol
import Testing

@testable import HeliographServer

@Suite("Claims of identity")
struct IdentityClaimsTests {
    private func rules(_ change: (inout TokenRules) -> Void = { _ in }) async throws -> TokenRules {
        var rules = TokenRules(keys: [try await TokenKey(.hs256, .secret(TokenMaker.secret))])
        change(&rules)
        return rules
    }

    private func connection(_ claims: String) async throws -> ConnectionClaims {
        try await SignedTokenVerifier(connections: rules(), now: { 1_800_000_000 }).connection(TokenMaker.hmac().sign(claims))
    }

    @Test("jti, sid and iat say which token it is")
    func origin() async throws {
        let claims = try await connection(#"{"sub":"42","jti":"t","sid":"s","iat":1700000000.5}"#)
        #expect(claims.origin == TokenOrigin(user: "42", id: "t", session: "s", issuedAt: 1_700_000_000_500))
        #expect(try await connection(#"{"sub":"42"}"#).origin == TokenOrigin(user: "42"))
    }

    @Test("caps are patterns and what is allowed in the channels that match")
    func capabilities() async throws {
        let claims = try await connection(
            #"{"sub":"42","caps":[{"channels":["a","b:*"],"allow":["sub","pub"]},{"channels":["c"],"allow":["presence","hst","sub"]}]}"#)
        #expect(
            claims.capabilities
                == Capabilities([
                    .init([try ChannelPattern("a"), try ChannelPattern("b:*")], [.subscribe, .publish]),
                    .init([try ChannelPattern("c")], [.presence, .history, .subscribe]),
                ]))
    }

    @Test(
        "caps that are not understood make the token invalid: what is passed over might have been a limit",
        arguments: [
            #"{}"#, #"[1]"#, #"[{}]"#, #"[{"channels":["a"]}]"#, #"[{"allow":["sub"]}]"#, #"[{"channels":"a","allow":["sub"]}]"#,
            #"[{"channels":["a"],"allow":["sub","admin"]}]"#, #"[{"channels":["***"],"allow":["sub"]}]"#,
            #"[{"channels":["a"],"allow":["sub"],"match":"regex"}]"#, #"[{"channels":["a"],"allow":[]}]"#,
            #"[{"channels":[1],"allow":["sub"]}]"#,
            "[{\"channels\":[\(Array(repeating: "\"a\"", count: 257).joined(separator: ","))],\"allow\":[\"sub\"]}]",
        ])
    func misunderstood(caps: String) async throws {
        let error = await #expect(throws: TokenError.self) { try await connection("{\"sub\":\"42\",\"caps\":\(caps)}") }
        guard case .invalid = error else {
            Issue.record("\(String(describing: error))")
            return
        }
    }

    @Test(
        "server_tags_filter says which publications are for the client, in subs and in tokens of subscriptions; one that is none makes the token invalid"
    )
    func filters() async throws {
        let filter = #""server_tags_filter":{"key":"team","cmp":"eq","val":"red"}"#
        let expected = try TagsFilter(Wire.FilterNode(key: "team", comparison: "eq", value: "red"))
        #expect(try await connection("{\"sub\":\"42\",\"subs\":{\"a\":{\(filter)}}}").subscriptions["a"]?.tagsFilter == expected)
        let verifier = SignedTokenVerifier(connections: try await rules(), now: { 1_800_000_000 })
        let token = try await TokenMaker.hmac().sign("{\"sub\":\"42\",\"channel\":\"a\",\(filter)}")
        #expect(try await verifier.subscription(token).tagsFilter == expected)
        for bad in ["7", "{}", #"{"key":"team"}"#, #"{"op":"not","nodes":[]}"#] {
            await #expect(throws: TokenError.self) {
                try await connection("{\"sub\":\"42\",\"subs\":{\"a\":{\"server_tags_filter\":\(bad)}}}")
            }
            let token = try await TokenMaker.hmac().sign("{\"sub\":\"42\",\"channel\":\"a\",\"server_tags_filter\":\(bad)}")
            await #expect(throws: TokenError.self) { try await verifier.subscription(token) }
        }
    }

    @Test("wrong types of jti, sid and iat", arguments: [#""jti":7"#, #""sid":{}"#, #""iat":"now""#, #""iat":-1"#])
    func wrong(claim: String) async throws {
        await #expect(throws: TokenError.self) { try await connection("{\"sub\":\"42\",\(claim)}") }
    }

    @Test("the user can be in another claim, and sub is not one then")
    func userClaim() async throws {
        let verifier = SignedTokenVerifier(connections: try await rules { $0.userClaim = "user_id" })
        #expect(try await verifier.connection(TokenMaker.hmac().sign(#"{"sub":"1","user_id":"2"}"#)).user == "2")
        await #expect(throws: TokenError.self) { try await verifier.connection(TokenMaker.hmac().sign(#"{"sub":"1"}"#)) }
        #expect(try await verifier.subscription(TokenMaker.hmac().sign(#"{"user_id":"2","channel":"a"}"#)).user == "2")
    }

    @Test("a key with an end is none after it")
    func end() async throws {
        let key = try await TokenKey(.hs256, .secret(TokenMaker.secret), validUntil: 1_000)
        let token = try await TokenMaker.hmac().sign(#"{"sub":"42"}"#)
        let before = SignedTokenVerifier(connections: TokenRules(keys: [key]), now: { 999 })
        #expect(try await before.connection(token).user == "42")
        let after = SignedTokenVerifier(connections: TokenRules(keys: [key]), now: { 1_000 })
        await #expect(throws: TokenError.self) { try await after.connection(token) }
    }
}
