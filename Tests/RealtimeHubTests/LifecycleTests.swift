import NIOCore
import PubSub
import RealtimeProtocol
import Synchronization
import Testing

@testable import RealtimeHub

/// What the application is told of clients and channels.
@Suite("Lifecycle events")
struct LifecycleTests {
    private final class Log: Sendable {
        private let events = Mutex<[LifecycleEvent]>([])

        func add(_ event: LifecycleEvent) { events.withLock { $0.append(event) } }

        /// In words, without the clients.
        var words: [String] {
            events.withLock { $0 }.map { event in
                switch event {
                case .connected(let who, let connection): "connected \(who.user) \(connection.transport) \(connection.name)"
                case .disconnected(let who, let code, _): "disconnected \(who.user) \(code?.number ?? 0)"
                case .subscribed(_, let channel): "subscribed \(channel)"
                case .unsubscribed(_, let channel, let code): "unsubscribed \(channel) \(code.number)"
                case .joined(let info, let channel): "joined \(channel) \(info.user)"
                case .left(let info, let channel): "left \(channel) \(info.user)"
                case .cacheEmpty(let channel): "empty \(channel)"
                }
            }
        }
    }

    private let log = Log()

    private func hub(_ change: (inout Namespaces) -> Void = { _ in }) -> Hub {
        var handlers = HubHandlers()
        handlers.lifecycle = { [log] in log.add($0) }
        handlers.connect = { _ async throws(HubRefusal) in ConnectGrant(user: "ada") }
        var open = ChannelSettings()
        open.allowSubscribe = .clients
        var joins = open
        joins.joinLeave = true
        var cache = open
        (cache.historySize, cache.historyTTL, cache.forceRecovery, cache.recoveryMode, cache.autoCacheRecover) = (
            1, .seconds(60), true, .cache, true
        )
        var silent = joins
        silent.tellsLifecycle = false
        var namespaces = Namespaces(named: ["open": open, "joins": joins, "cache": cache, "silent": silent])
        change(&namespaces)
        return Hub(namespaces: namespaces, handlers: handlers)
    }

    @Test("A client comes, subscribes, unsubscribes and goes")
    func all() async throws {
        let client = try await LiveClient(hub())
        _ = try await client.ask(.connect(Wire.ConnectRequest(name: "js")))
        for channel in ["open:a", "joins:a"] { _ = try await client.ask(.subscribe(Wire.SubscribeRequest(channel: channel))) }
        _ = try await client.ask(.unsubscribe(Wire.UnsubscribeRequest(channel: "joins:a")))
        try await client.lose()
        #expect(
            log.words == [
                "connected ada test js", "subscribed open:a", "subscribed joins:a", "joined joins:a ada", "left joins:a ada",
                "unsubscribed joins:a 0", "unsubscribed open:a 1", "disconnected ada 0",
            ])
    }

    @Test("The server ends a subscription, and a connection")
    func byServer() async throws {
        let hub = hub()
        let client = try await LiveClient(hub)
        _ = try await client.connect()
        for channel in ["open:a", "open:b"] { _ = try await client.ask(.subscribe(Wire.SubscribeRequest(channel: channel))) }
        hub.unsubscribe(user: "ada", from: "open:a")
        hub.disconnect(user: "ada")
        #expect(try await client.waitForClose() == 3_503)
        #expect(log.words.suffix(3) == ["unsubscribed open:a 2000", "unsubscribed open:b 1", "disconnected ada 3503"])
    }

    @Test("Who is refused, or never says anything, is not told of")
    func refused() async throws {
        let hub = hub()
        let silent = try await LiveClient(hub)
        try await silent.lose()
        let client = try await LiveClient(hub)
        _ = try await client.connect()
        #expect(try await client.ask(.subscribe(Wire.SubscribeRequest(channel: "nowhere:a"))).error?.code == 102)
        #expect(log.words == ["connected ada test "])
    }

    @Test("Where a namespace is silent, nothing in it is told")
    func silent() async throws {
        let client = try await LiveClient(hub())
        _ = try await client.connect()
        _ = try await client.ask(.subscribe(Wire.SubscribeRequest(channel: "silent:a")))
        try await client.lose()
        #expect(log.words == ["connected ada test ", "disconnected ada 0"])
    }

    @Test("A channel that should have a latest publication has none")
    func empty() async throws {
        let hub = hub()
        let client = try await LiveClient(hub)
        _ = try await client.connect()
        _ = try await client.ask(.subscribe(Wire.SubscribeRequest(channel: "cache:a")))
        try await hub.publish(Array("1".utf8), to: "cache:b")
        _ = try await client.ask(.subscribe(Wire.SubscribeRequest(channel: "cache:b")))
        #expect(log.words.filter { $0.hasPrefix("empty") } == ["empty cache:a"])
    }
}
