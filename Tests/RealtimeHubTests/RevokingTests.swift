// Tokens that are taken back: what ends, what is refused, and for how long (A11).

import NIOCore
import RealtimeProtocol
import Synchronization
import Testing

@testable import RealtimeHub

@Suite("Revoking", .timeLimit(.minutes(1)))
struct RevokingTests {
    /// A token is "user id session seconds", or with a channel at the end a subscription's.
    private struct Verifier: TokenVerifier {
        private func origin(_ parts: [String]) -> TokenOrigin {
            TokenOrigin(user: parts[0], id: parts[1], session: parts[2], issuedAt: (Int64(parts[3]) ?? 0) * 1_000)
        }

        func connection(_ token: String) async throws(TokenError) -> ConnectionClaims {
            let parts = token.split(separator: " ").map(String.init)
            if parts[0] == "away" { throw .unavailable("the keys are away") }
            var claims = ConnectionClaims(user: parts[0])
            claims.origin = origin(parts)
            return claims
        }

        func subscription(_ token: String) async throws(TokenError) -> SubscriptionClaims {
            let parts = token.split(separator: " ").map(String.init)
            if parts[0] == "away" { throw .unavailable("the keys are away") }
            var claims = SubscriptionClaims(user: parts[0], channel: parts[4])
            claims.origin = origin(parts)
            return claims
        }
    }

    private final class Clock: Sendable {
        let time = Mutex<Int64>(100_000)
    }

    private let clock = Clock()
    private let hub: Hub

    init() {
        let clock = clock
        hub = TestHub.make(tokens: Verifier()) {
            $0.now = { clock.time.withLock { $0 } }
            $0.maxRevocations = 3
        }
    }

    private func connected(_ token: String) async throws -> LiveClient {
        let client = try await LiveClient(hub)
        _ = try await client.connect(token: token)
        return client
    }

    private func isRefused(_ token: String) async throws -> Bool {
        let client = try await LiveClient(hub)
        try await client.send(.connect(Wire.ConnectRequest(token: token)))
        return try await client.waitForClose() == 3_500
    }

    @Test(
        "a token, a login or a user: its connections end with 3500 within a second, and it does not come back",
        arguments: [Revocation.token("t1"), .session("s1"), .user("ada")])
    func ends(revocation: Revocation) async throws {
        let gone = try await connected("ada t1 s1 50")
        let other = try await connected("bob t2 s2 50")
        let start = ContinuousClock.now
        try hub.revoke(revocation)
        #expect(try await gone.waitForClose() == 3_500)
        #expect(start.duration(to: .now) < .seconds(1))
        #expect(try await isRefused("ada t1 s1 50"))
        #expect(try await other.ask(.subscribe(Wire.SubscribeRequest(channel: "open:a"))).error == nil)
    }

    @Test("several at once: each ends what it is about, and nothing else")
    func several() async throws {
        var gone: [LiveClient] = []
        for token in ["ada t1 s1 50", "bob t2 s2 50", "cid t3 s3 50"] { gone.append(try await connected(token)) }
        let later = try await connected("cid t4 s4 101")
        for revocation in [Revocation.token("t1"), .session("s2"), .user("cid")] { try hub.revoke(revocation) }
        for client in gone { #expect(try await client.waitForClose() == 3_500) }
        #expect(try await later.ask(.subscribe(Wire.SubscribeRequest(channel: "open:a"))).error == nil)
        for token in ["ada t1 s1 50", "bob t2 s2 50", "cid t3 s3 50"] { #expect(try await isRefused(token)) }
    }

    @Test("what is revoked while others are being looked for is found too")
    func meanwhile() async throws {
        var clients: [LiveClient] = []
        for number in 0..<3 { clients.append(try await connected("user\(number) t\(number) s 50")) }
        for number in 0..<3 {
            try hub.revoke(.token("t\(number)"))
            await Task.yield()
        }
        for client in clients { #expect(try await client.waitForClose() == 3_500) }
    }

    @Test("of a user, tokens that were made later are good; those that do not say when are not")
    func later() async throws {
        try hub.revoke(.user("ada"))
        #expect(try await isRefused("ada t s 100"))
        #expect(try await isRefused("ada t s 0"))
        _ = try await connected("ada t s 101")
    }

    @Test("of a user, connections without a token end too")
    func withoutToken() async throws {
        var handlers = HubHandlers()
        handlers.connect = { _ async throws(HubRefusal) in ConnectGrant(user: "ada") }
        let hub = TestHub.make(handlers)
        let client = try await LiveClient(hub)
        _ = try await client.connect(token: "")
        try hub.revoke(.user("ada"))
        #expect(try await client.waitForClose() == 3_500)
    }

    @Test("a subscription ends with the token that it was made by, the connection goes on")
    func subscription() async throws {
        let client = try await connected("ada t1 s1 50")
        let request = Wire.SubscribeRequest(channel: "closed:a", token: "ada t2 s1 50 closed:a")
        #expect(try await client.ask(.subscribe(request)).error == nil)
        try hub.revoke(.token("t2"))
        #expect(try await client.ask(.subscribe(request)).error?.code == 103)
        #expect(try await client.ask(.subscribe(Wire.SubscribeRequest(channel: "open:a"))).error == nil)
    }

    @Test("a refresh with a revoked token ends the connection")
    func refresh() async throws {
        let client = try await connected("ada t1 s1 50")
        try hub.revoke(.token("t2"))
        try await client.send(.refresh(Wire.RefreshRequest(token: "ada t2 s1 50")))
        #expect(try await client.waitForClose() == 3_500)
    }

    @Test("what is revoked is forgotten when no such token can be good any more")
    func expiry() async throws {
        try hub.revoke(.token("t1"), until: 200_000)
        #expect(try await isRefused("ada t1 s1 50"))
        clock.time.withLock { $0 = 200_000 }
        _ = try await connected("ada t1 s1 50")
    }

    @Test("there are so many at most, then 106; what is over makes room")
    func bounds() throws {
        for id in 1...3 { try hub.revoke(.token("\(id)"), until: 150_000) }
        #expect(throws: HubRefusal.error(.limitExceeded)) { try hub.revoke(.user("ada")) }
        clock.time.withLock { $0 = 150_000 }
        try hub.revoke(.user("ada"))
        for name in ["", String(repeating: "a", count: 256)] {
            #expect(throws: HubRefusal.error(.badRequest)) { try hub.revoke(.token(name)) }
        }
    }

    @Test("a token that can't be checked now is answered with 100, and the client comes back")
    func unavailable() async throws {
        let client = try await LiveClient(hub)
        #expect(try await client.ask(.connect(Wire.ConnectRequest(token: "away"))).error?.code == 100)
        let other = try await connected("ada t1 s1 50")
        #expect(try await other.ask(.subscribe(Wire.SubscribeRequest(channel: "open:a", token: "away"))).error?.code == 100)
    }
}
