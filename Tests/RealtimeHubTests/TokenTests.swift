import NIOCore
import RealtimeProtocol
import Synchronization
import Testing

@testable import RealtimeHub

/// What tokens do, whoever checks their signatures.
@Suite("Tokens, their end and their refresh")
struct TokenTests {
    /// A token here is "user" or "user|channel", with "expired", "bad" and what the clock says.
    private final class Verifier: TokenVerifier {
        let expiresAt = Mutex<Int64>(0)

        func connection(_ token: String) async throws(TokenError) -> ConnectionClaims {
            if token == "bad" { throw .invalid("signature") }
            if token == "expired" { throw .expired }
            var claims = ConnectionClaims(user: token, expiresAt: expiresAt.withLock { $0 })
            if token == "subscribed" || token == "overridden" { claims.channels = ["open:mine"] }
            if token == "lost" { claims.channels = ["open:mine", "nowhere:mine"] }
            if token == "overridden" {
                let override = ChannelOverride(forceRecovery: true)
                claims.subscriptions = ["history:a": SubscribeGrant(data: ByteBuffer(string: "7"), override: override)]
            }
            return claims
        }

        func subscription(_ token: String) async throws(TokenError) -> SubscriptionClaims {
            if token == "bad" { throw .invalid("signature") }
            if token == "expired" { throw .expired }
            let parts = token.split(separator: "|").map(String.init)
            return SubscriptionClaims(user: parts[0], channel: parts[1], expiresAt: expiresAt.withLock { $0 })
        }
    }

    private final class Clock: Sendable {
        let time = Mutex<Int64>(1_000_000)
        var now: Int64 { time.withLock { $0 } }
        func advance(seconds: Int64) { time.withLock { $0 += seconds * 1_000 } }
    }

    private let verifier = Verifier()
    private let clock = Clock()

    private func client() async throws -> LiveClient {
        let clock = clock
        return try await LiveClient(TestHub.make(tokens: verifier) { $0.now = { clock.now } })
    }

    @Test("A good token connects its user; with channels, they are there at once")
    func good() async throws {
        let result = try await client().connect(token: "subscribed")
        #expect(!result.expires)
        #expect(Set(result.subs.keys) == ["open:mine"])
    }

    @Test("A bad one ends the connection with 3500, an expired one is answered with 109")
    func bad() async throws {
        let bad = try await client()
        try await bad.send(.connect(Wire.ConnectRequest(token: "bad")))
        #expect(try await bad.waitForClose() == 3_500)
        #expect(try await client().ask(.connect(Wire.ConnectRequest(token: "expired"))).error?.code == 109)
        verifier.expiresAt.withLock { $0 = clock.now - 1 }
        #expect(try await client().ask(.connect(Wire.ConnectRequest(token: "ada"))).error?.code == 109, "whatever the verifier says")
    }

    @Test("A token without a verifier is no token")
    func noVerifier() async throws {
        let client = try await LiveClient(TestHub.make())
        try await client.send(.connect(Wire.ConnectRequest(token: "ada")))
        #expect(try await client.waitForClose() == 3_500)
    }

    @Test("A connection outlives its token by 25 seconds, and ends with 3005")
    func expiry() async throws {
        verifier.expiresAt.withLock { $0 = clock.now + 60_000 }
        let client = try await client()
        let result = try await client.connect(token: "ada")
        #expect(result.expires)
        #expect(result.ttl == 60)
        clock.advance(seconds: 84)
        try await Task.sleep(for: .milliseconds(1_200))
        #expect(try await client.closeCode == nil)
        clock.advance(seconds: 2)
        #expect(try await client.waitForClose() == 3_005)
    }

    @Test("A refresh moves the end; somebody else's token ends the connection, an expired one too")
    func refresh() async throws {
        verifier.expiresAt.withLock { $0 = clock.now + 60_000 }
        let client = try await client()
        _ = try await client.connect(token: "ada")
        verifier.expiresAt.withLock { $0 = clock.now + 600_000 }
        guard case .refresh(let result) = try await client.ask(.refresh(Wire.RefreshRequest(token: "ada"))).body else {
            throw Unexpected("not refreshed")
        }
        #expect(result.ttl == 600)
        clock.advance(seconds: 100)
        try await Task.sleep(for: .milliseconds(1_200))
        #expect(try await client.closeCode == nil)
        try await client.send(.refresh(Wire.RefreshRequest(token: "eve")))
        #expect(try await client.waitForClose() == 3_500)
        for (token, code) in [("expired", UInt16(3_005)), ("bad", 3_500), ("", 3_501)] {
            let other = try await self.client()
            _ = try await other.connect(token: "ada")
            try await other.send(.refresh(Wire.RefreshRequest(token: token)))
            #expect(try await other.waitForClose() == code)
        }
    }

    @Test("A subscription token opens a channel that is closed otherwise, for its user and its channel alone")
    func subscription() async throws {
        let client = try await client()
        _ = try await client.connect(token: "ada")
        func subscribe(_ channel: String, _ token: String) async throws -> Wire.Reply {
            try await client.ask(.subscribe(Wire.SubscribeRequest(channel: channel, token: token)))
        }
        #expect(try await subscribe("$open:private", "").error?.code == 103)
        #expect(try await subscribe("$open:private", "bad").error?.code == 103)
        #expect(try await subscribe("$open:private", "expired").error?.code == 109)
        #expect(try await subscribe("$open:private", "ada|$open:private").error == nil)
        for (channel, token) in [("closed:a", "ada|closed:b"), ("closed:a", "eve|closed:a")] {
            let other = try await self.client()
            _ = try await other.connect(token: "ada")
            try await other.send(.subscribe(Wire.SubscribeRequest(channel: channel, token: token)))
            #expect(try await other.waitForClose() == 3_500)
        }
    }

    @Test("The third bad subscription token ends the connection with 3509; expired ones do not count")
    func badTokens() async throws {
        let client = try await client()
        _ = try await client.connect(token: "ada")
        for (token, code) in [("bad", UInt32(103)), ("expired", 109), ("expired", 109), ("bad", 103)] {
            #expect(try await client.ask(.subscribe(Wire.SubscribeRequest(channel: "closed:a", token: token))).error?.code == code)
        }
        #expect(try await client.closeCode == nil)
        let last = try await client.ask(.subscribe(Wire.SubscribeRequest(channel: "closed:a", token: "bad")))
        #expect(last.error?.code == 103)
        #expect(try await client.waitForClose() == 3_509)
    }

    @Test("A token with a channel that there can't be is answered with 102")
    func unknownChannel() async throws {
        let client = try await client()
        #expect(try await client.ask(.connect(Wire.ConnectRequest(token: "lost"))).error?.code == 102)
    }

    @Test("What a token says of a subscription holds in place of the channel's options")
    func overrides() async throws {
        let client = try await client()
        let result = try await client.connect(token: "overridden")
        #expect(result.subs["history:a"]?.recoverable == true)
        #expect(result.subs["history:a"]?.data == ByteBuffer(string: "7"))
        #expect(result.subs["open:mine"]?.recoverable == false)
    }

    @Test("A user has a personal channel, the anonymous have none, and a name that can't be a channel's gets 102")
    func personal() async throws {
        let hub = TestHub.make(tokens: verifier) { $0.personalChannel = PersonalChannel(namespace: "open") }
        let ada = try await LiveClient(hub)
        #expect(Set(try await ada.connect(token: "ada").subs.keys) == ["open:#ada"])
        #expect(try await LiveClient(hub).connect().subs.isEmpty)
        #expect(try await LiveClient(hub).ask(.connect(Wire.ConnectRequest(token: "a b"))).error?.code == 102)
        try await hub.publish(Array("1".utf8), to: "open:#ada")
        _ = try await eventually("the publication") { try await ada.replies().first { $0.id == 0 && $0.body != nil } }
    }

    @Test("A subscription that is not refreshed ends with 2501, 25 seconds late")
    func subscriptionExpiry() async throws {
        let client = try await client()
        _ = try await client.connect(token: "ada")
        verifier.expiresAt.withLock { $0 = clock.now + 10_000 }
        for channel in ["closed:a", "closed:b"] {
            let reply = try await client.ask(.subscribe(Wire.SubscribeRequest(channel: channel, token: "ada|\(channel)")))
            guard case .subscribe(let result) = reply.body else { throw Unexpected("not subscribed") }
            #expect(result.expires)
            #expect(result.ttl == 10)
        }
        verifier.expiresAt.withLock { $0 = clock.now + 1_000_000 }
        let refreshed = try await client.ask(.subRefresh(Wire.SubRefreshRequest(channel: "closed:b", token: "ada|closed:b")))
        #expect(refreshed.error == nil)
        clock.advance(seconds: 36)
        let push = try await eventually("the end of the subscription") {
            for reply in try await client.replies() { if case .push(let push) = reply.body, case .unsubscribe = push.body { return push } }
            return Wire.Push?.none
        }
        #expect(push == Wire.Push(channel: "closed:a", body: .unsubscribe(Wire.Unsubscribe(.expired))))
        #expect(try await client.closeCode == nil)
    }

    @Test("The refresh of a subscription: not subscribed 103, no token 107, expired 110, bad 3500")
    func subscriptionRefresh() async throws {
        let client = try await client()
        _ = try await client.connect(token: "ada")
        func refresh(_ channel: String, _ token: String) async throws -> UInt32? {
            try await client.ask(.subRefresh(Wire.SubRefreshRequest(channel: channel, token: token))).error?.code
        }
        #expect(try await refresh("open:a", "ada|open:a") == 103)
        _ = try await client.ask(.subscribe(Wire.SubscribeRequest(channel: "open:a")))
        #expect(try await refresh("open:a", "") == 107)
        #expect(try await refresh("open:a", "expired") == 110)
        #expect(try await refresh("open:a", "ada|open:a") == nil)
        try await client.send(.subRefresh(Wire.SubRefreshRequest(channel: "open:a", token: "bad")))
        #expect(try await client.waitForClose() == 3_500)
    }
}
