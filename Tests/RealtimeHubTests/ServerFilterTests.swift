// What a subscriber may have of a channel, by tags: the application's word, which the client's own filter can only narrow.

import NIOCore
import NIOEmbedded
import PubSub
import RealtimeProtocol
import ServerTestSupport
import Synchronization
import Testing

@testable import RealtimeHub

@Suite("Filters of the application")
struct ServerFilterTests {
    private static func filter(_ team: String) throws -> TagsFilter {
        try TagsFilter(Wire.FilterNode(key: "team", comparison: "eq", value: team))
    }

    private static func hub(
        _ grant: SubscribeGrant, refresh: RefreshGrant? = nil, now: @escaping @Sendable () -> Int64 = { systemMilliseconds() }
    ) -> Hub {
        var settings = TestHub.history
        settings.asks = AskedHandlers(subscribe: "backend", refresh: "backend")
        settings.forceRecovery = true
        var cache = settings
        cache.recoveryMode = .cache
        var handlers = HubHandlers()
        handlers.subscribe = { _ async throws(HubRefusal) in grant }
        if let refresh { handlers.refreshSubscription = { _ in .prolonged(refresh) } }
        var configuration = HubConfiguration()
        configuration.allowsAnonymousConnections = true
        configuration.now = now
        return Hub(configuration: configuration, namespaces: Namespaces(named: ["news": settings, "state": cache]), handlers: handlers)
    }

    private static func grant(_ team: String) throws -> SubscribeGrant {
        var grant = SubscribeGrant()
        grant.tagsFilter = try filter(team)
        return grant
    }

    private static func publish(_ texts: [(String, team: String)], to hub: Hub, _ channel: String = "news:a") async throws {
        for (text, team) in texts { try await hub.publish(Array(text.utf8), to: channel, tags: ["team": team, "level": text]) }
    }

    private func publications(_ client: LiveClient, _ count: Int) async throws -> [String] {
        try await eventually("publications") {
            let all = try await client.replies().compactMap { reply -> String? in
                guard case .push(let push) = reply.body, case .publication(let publication) = push.body else { return nil }
                return publication.text
            }
            return all.count >= count ? all : nil
        }
    }

    private static func subscribe(
        _ client: LiveClient, _ channel: String = "news:a", _ change: (inout Wire.SubscribeRequest) -> Void = { _ in }
    ) async throws -> Wire.SubscribeResult {
        var request = Wire.SubscribeRequest(channel: channel)
        change(&request)
        guard case .subscribe(let result) = try await client.ask(.subscribe(request)).body else { throw Unexpected("not subscribed") }
        return result
    }

    @Test("Only what matches comes; the client's own filter narrows that, and does not widen it")
    func live() async throws {
        let hub = Self.hub(try Self.grant("red"))
        let (one, other) = (try await LiveClient(hub), try await LiveClient(hub))
        for client in [one, other] { _ = try await client.connect() }
        _ = try await Self.subscribe(one)
        let blue = Wire.FilterNode(key: "team", comparison: "eq", value: "blue")
        let any = Wire.FilterNode(op: "or", nodes: [Wire.FilterNode(key: "level", comparison: "gte", value: "3"), blue])
        _ = try await Self.subscribe(other) { $0.tagsFilter = any }
        try await Self.publish([("1", "red"), ("2", "blue"), ("3", "red"), ("4", "blue"), ("5", "red")], to: hub)
        #expect(try await publications(one, 3) == ["1", "3", "5"])
        #expect(try await publications(other, 2) == ["3", "5"])
    }

    @Test("What was missed is filtered too, and the position goes on; the latest is not for whom it does not match")
    func recovery() async throws {
        let hub = Self.hub(try Self.grant("red"))
        try await Self.publish((1...6).map { ("\($0)", $0 % 2 == 1 ? "red" : "blue") }, to: hub)
        let client = try await LiveClient(hub)
        _ = try await client.connect()
        let epoch = try await hub.history(of: "news:a", HistoryQuery()).position.epoch
        let result = try await Self.subscribe(client) { ($0.recover, $0.epoch) = (true, epoch) }
        #expect(result.recovered)
        #expect(result.publications.map(\.text) == ["1", "3", "5"])
        try await Self.publish([("7", "red")], to: hub)
        #expect(try await publications(client, 1) == ["7"], "it has not lost its position")
        let cached = try await LiveClient(hub)
        _ = try await cached.connect()
        try await Self.publish([("1", "red"), ("2", "blue")], to: hub, "state:a")
        #expect(try await Self.subscribe(cached, "state:a") { $0.recover = true }.publications.isEmpty)
    }

    @Test("The history is not to be had by a subscriber who may not have all of it")
    func history() async throws {
        let hub = Self.hub(try Self.grant("red"))
        let client = try await LiveClient(hub)
        _ = try await client.connect()
        let ask = Wire.Command.Body.history(Wire.HistoryRequest(channel: "news:a", limit: 10))
        #expect(try await client.ask(ask).error == nil)
        _ = try await Self.subscribe(client)
        #expect(try await client.ask(ask).error?.code == 103)
        _ = try await client.ask(.unsubscribe(Wire.UnsubscribeRequest(channel: "news:a")))
        #expect(try await client.ask(ask).error == nil)
    }

    @Test("A refresh may give another one; without one it stays")
    func refresh() async throws {
        let time = Mutex<Int64>(1_000_000)
        let now = { @Sendable in time.withLock { $0 } }
        var grant = try Self.grant("red")
        grant.expiresAt = 1_001_000
        var refresh = RefreshGrant(expiresAt: 0)
        refresh.tagsFilter = try Self.filter("blue")
        let hub = Self.hub(grant, refresh: refresh, now: now)
        let client = try await LiveClient(hub)
        _ = try await client.connect()
        _ = try await Self.subscribe(client)
        try await Self.publish([("1", "red"), ("2", "blue")], to: hub)
        #expect(try await publications(client, 1) == ["1"])
        time.withLock { $0 += 2_000 }
        try await eventually("the other filter") {
            try await Self.publish([("3", "blue")], to: hub)
            return try await publications(client, 1).contains("3") ? true : nil
        }
        try await Self.publish([("4", "red"), ("5", "blue")], to: hub)
        try await eventually("the last") { try await publications(client, 1).contains("5") ? true : nil }
        #expect(try await !publications(client, 1).contains("4"))
        #expect(try await client.closeCode == nil)
    }

    @Test("A token says it of its subscription, and the server of one that it makes; that may come with the latest")
    func others() async throws {
        struct Verifier: TokenVerifier {
            let filter: TagsFilter
            func connection(_ token: String) async throws(TokenError) -> ConnectionClaims {
                var claims = ConnectionClaims(user: token)
                for (channel, isCached) in [("news:b", false), ("state:b", true)] {
                    var grant = SubscribeGrant()
                    grant.tagsFilter = filter
                    grant.recoversCache = isCached
                    claims.subscriptions[channel] = grant
                }
                return claims
            }
            func subscription(_ token: String) async throws(TokenError) -> SubscriptionClaims {
                var claims = SubscriptionClaims(user: "ada", channel: "news:a")
                claims.tagsFilter = filter
                return claims
            }
        }
        var state = TestHub.history
        (state.forceRecovery, state.recoveryMode) = (true, .cache)
        let hub = Hub(
            namespaces: Namespaces(named: ["news": TestHub.history, "state": state]), tokens: Verifier(filter: try Self.filter("red")))
        try await Self.publish([("1", "blue"), ("2", "red")], to: hub, "state:b")
        let client = try await LiveClient(hub)
        let connected = try await client.connect(token: "ada")
        #expect(connected.subs["state:b"]?.publications.map(\.text) == ["2"], "although nobody asked for it")
        _ = try await Self.subscribe(client) { $0.token = "t" }
        for channel in ["news:a", "news:b", "state:b"] {
            try await Self.publish(
                [("blue " + channel, "blue"), ("red " + channel, "red")].map { ("\"\($0.0)\"", $0.1) }, to: hub, channel)
        }
        #expect(try await publications(client, 3).allSatisfy { $0.hasPrefix("\"red ") })
    }

    @Test("A connection that only listens is closed with the code that an error has been given, or with the usual one")
    func refusals() async throws {
        for (error, code) in [(404, 4_404), (405, 3_004), (103, 3_507)] as [(UInt32, UInt16)] {
            var handlers = HubHandlers()
            handlers.connect = { _ async throws(HubRefusal) in throw .error(.init(error, message: "no")) }
            let hub = TestHub.make(handlers) { $0.unidirectionalRefusals = [404: DisconnectCode(4_404, reason: "gone")] }
            let client = try await LiveClient(hub, isUnidirectional: true)
            try await client.listen()
            #expect(try await client.waitForClose() == code)
        }
    }
}
