import NIOCore
import RealtimeProtocol
import Synchronization
import Testing

@testable import RealtimeHub

/// The application prolongs connections and subscriptions, and the clients do not know.
@Suite("Refreshing by the application")
struct RefreshingTests {
    private final class Clock: Sendable {
        let time = Mutex<Int64>(1_000_000)
        var now: Int64 { time.withLock { $0 } }
        func advance(seconds: Int64) { time.withLock { $0 += seconds * 1_000 } }
    }

    private let clock = Clock()

    private func hub(
        connection: (@Sendable (RefreshEvent) -> RefreshDecision)? = nil,
        subscription: (@Sendable (SubscriptionRefreshEvent) -> RefreshDecision)? = nil
    ) -> Hub {
        let clock = clock
        var handlers = HubHandlers()
        handlers.connect = { _ async throws(HubRefusal) in
            var grant = ConnectGrant(user: "ada", expiresAt: connection == nil ? 0 : clock.now + 60_000)
            grant.meta = [1]
            return grant
        }
        handlers.subscribe = { _ async throws(HubRefusal) in SubscribeGrant(expiresAt: clock.now + 60_000) }
        if let connection { handlers.refresh = { connection($0) } }
        if let subscription { handlers.refreshSubscription = { subscription($0) } }
        return TestHub.make(handlers) { $0.now = { clock.now } }
    }

    @Test("A connection goes on for as long as the application says, and is asked about once each time")
    func connection() async throws {
        let asked = Mutex<[RefreshEvent]>([])
        let client = try await LiveClient(
            hub(connection: { [clock] event in
                let count = asked.withLock { asked -> Int in
                    asked.append(event)
                    return asked.count
                }
                guard count < 3 else { return .expired }
                return .prolonged(RefreshGrant(expiresAt: clock.now + 60_000, meta: [UInt8(count + 1)]))
            }))
        let result = try await client.connect()
        #expect(!result.expires, "the client need not refresh")
        for count in 1...2 {
            clock.advance(seconds: 60)
            try await eventually("it is asked") { asked.withLock { $0.count } == count ? true : nil }
            try await Task.sleep(for: .milliseconds(1_200))
            #expect(asked.withLock { $0.count } == count)
            #expect(try await client.closeCode == nil)
        }
        #expect(asked.withLock { $0.map(\.context.meta) } == [[1], [2]])
        #expect(asked.withLock { $0.map(\.identity.user) } == ["ada", "ada"])
        clock.advance(seconds: 60)
        #expect(try await client.waitForClose() == 3_005)
    }

    @Test("A time that has passed is an end too; 0 is for ever")
    func times() async throws {
        let client = try await LiveClient(hub(connection: { [clock] _ in .prolonged(RefreshGrant(expiresAt: clock.now - 1)) }))
        _ = try await client.connect()
        clock.advance(seconds: 60)
        #expect(try await client.waitForClose() == 3_005)
        let asked = Atomic(0)
        let other = try await LiveClient(
            hub(connection: { _ in
                asked.add(1, ordering: .relaxed)
                return .prolonged(RefreshGrant(expiresAt: 0))
            }))
        _ = try await other.connect()
        clock.advance(seconds: 60)
        try await eventually("it is asked") { asked.load(ordering: .relaxed) == 1 ? true : nil }
        clock.advance(seconds: 1_000_000)
        try await Task.sleep(for: .milliseconds(1_200))
        #expect(asked.load(ordering: .relaxed) == 1)
        #expect(try await other.closeCode == nil)
    }

    @Test("Commands are answered while the application thinks")
    func meanwhile() async throws {
        let clock = clock
        var handlers = HubHandlers()
        handlers.connect = { _ async throws(HubRefusal) in ConnectGrant(user: "ada", expiresAt: clock.now + 1_000) }
        let isAsked = Atomic(false)
        handlers.refresh = { _ in
            isAsked.store(true, ordering: .relaxed)
            try? await Task.sleep(for: .seconds(3))
            return .expired
        }
        let client = try await LiveClient(TestHub.make(handlers) { $0.now = { clock.now } })
        _ = try await client.connect()
        clock.advance(seconds: 10)
        try await eventually("it is asked") { isAsked.load(ordering: .relaxed) ? true : nil }
        #expect(try await client.ask(.subscribe(Wire.SubscribeRequest(channel: "open:a"))).error == nil)
        #expect(try await client.waitForClose() == 3_005)
    }

    @Test("A subscription goes on, or ends with 2501")
    func subscription() async throws {
        let isOver = Atomic(false)
        let client = try await LiveClient(
            hub(subscription: { [clock] event in
                #expect(event.channel == "open:a")
                return isOver.load(ordering: .relaxed) ? .expired : .prolonged(RefreshGrant(expiresAt: clock.now + 60_000, info: [0x31]))
            }))
        _ = try await client.connect()
        guard case .subscribe(let result) = try await client.ask(.subscribe(Wire.SubscribeRequest(channel: "open:a"))).body else {
            throw Unexpected("not subscribed")
        }
        #expect(!result.expires)
        clock.advance(seconds: 61)
        try await Task.sleep(for: .milliseconds(1_200))
        isOver.store(true, ordering: .relaxed)
        #expect(try await unsubscribed(client) == nil)
        clock.advance(seconds: 60)
        try await eventually("the end") { try await unsubscribed(client) == 2_501 ? true : nil }
    }

    private func unsubscribed(_ client: LiveClient) async throws -> UInt32? {
        for reply in try await client.replies() {
            if case .push(let push) = reply.body, case .unsubscribe(let unsubscribe) = push.body { return unsubscribe.code }
        }
        return nil
    }

    @Test("Where the channel does not ask, the client has to refresh as ever")
    func byClient() async throws {
        var handlers = HubHandlers()
        let clock = clock
        handlers.subscribe = { _ async throws(HubRefusal) in SubscribeGrant(expiresAt: clock.now + 60_000) }
        handlers.refreshSubscription = { _ in .expired }
        var options = ChannelSettings()
        options.asks = AskedHandlers(subscribe: "", refresh: nil)
        var configuration = HubConfiguration()
        configuration.allowsAnonymousConnections = true
        configuration.now = { clock.now }
        let client = try await LiveClient(
            Hub(configuration: configuration, namespaces: Namespaces(withoutNamespace: options), handlers: handlers))
        _ = try await client.connect()
        guard case .subscribe(let result) = try await client.ask(.subscribe(Wire.SubscribeRequest(channel: "a"))).body else {
            throw Unexpected("not subscribed")
        }
        #expect(result.expires)
        #expect(result.ttl == 60)
    }
}
