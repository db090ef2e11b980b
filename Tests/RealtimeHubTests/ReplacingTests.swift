// What decides is replaced while clients are connected: what they ask for next is decided by the new, and nobody is disconnected.

import NIOCore
import NIOEmbedded
import NIOPosix
import RealtimeProtocol
import ServerTestSupport
import Synchronization
import Testing

@testable import RealtimeHub

@Suite("Replacing what decides", .serialized)
struct ReplacingTests {
    /// A loop whose time stands still.
    private struct StillLoop {
        let loop = EmbeddedEventLoop()

        func client(_ hub: Hub) throws -> TestClient {
            let client = TestClient(hub, on: loop)
            try client.connect()
            return client
        }

        func limit(_ hub: Hub, _ change: (inout HubLimits) -> Void) {
            ReplacingTests.limit(hub, change)
            loop.run()
        }
    }

    private static func limit(_ hub: Hub, _ change: (inout HubLimits) -> Void) {
        var limits = hub.limits
        change(&limits)
        hub.replace(limits: limits)
    }

    private static func users(_ change: (inout HubConfiguration) -> Void = { _ in }) -> Hub {
        var handlers = HubHandlers()
        handlers.connect = { event async throws(HubRefusal) in ConnectGrant(user: event.name) }
        return TestHub.make(handlers, change: change)
    }

    private static let publish = Wire.Command.Body.publish(Wire.PublishRequest(channel: "open:a", data: ByteBuffer(string: "1")))

    private static func subscribe(_ channel: String) -> Wire.Command.Body { .subscribe(Wire.SubscribeRequest(channel: channel)) }

    @Test("A rate holds for who was connected before there was one, and no longer when it is taken away")
    func rates() throws {
        let (hub, loop) = (TestHub.make(), StillLoop())
        let client = try loop.client(hub)
        #expect(try (0..<10).allSatisfy { _ in try client.refusal(Self.publish) == nil })
        loop.limit(hub) { $0.connectionCommands.operations[.publish] = [BucketRate(2, per: .seconds(3_600))] }
        #expect(try (0..<4).map { _ in try client.refusal(Self.publish) } == [nil, nil, 111, 111])
        loop.limit(hub) { $0.connectionCommands.operations[.publish] = [BucketRate(3, per: .seconds(3_600))] }
        #expect(try (0..<4).map { _ in try client.refusal(Self.publish) } == [nil, nil, nil, 111], "full buckets of the new size")
        loop.limit(hub) { $0.connectionCommands = CommandLimits() }
        #expect(try (0..<10).allSatisfy { _ in try client.refusal(Self.publish) == nil })
        #expect(client.closeCode == nil)
    }

    @Test("Errors are counted from then on")
    func errors() throws {
        let (hub, loop) = (TestHub.make(), StillLoop())
        let client = try loop.client(hub)
        for _ in 0..<5 { _ = try client.refusal(Self.subscribe("closed:a")) }
        loop.limit(hub) { $0.errors = [BucketRate(2, per: .seconds(3_600))] }
        for _ in 0..<2 { #expect(try client.refusal(Self.subscribe("closed:a")) == 103) }
        try client.send(Self.subscribe("closed:a"))
        #expect(client.closeCode == 3_509)
    }

    @Test("Connections of an address and of the process that were there count, and stay where they are too many")
    func connections() throws {
        let (hub, loop) = (TestHub.make(), StillLoop())
        let clients = [try loop.client(hub), try loop.client(hub), try loop.client(hub)]
        loop.limit(hub) { $0.connectionsPerAddress = 2 }
        #expect(hub.refusal(ofConnectionFrom: "192.0.2.1")?.reason == .addressConnections)
        #expect(hub.refusal(ofConnectionFrom: "192.0.2.2") == nil)
        #expect(clients.allSatisfy { $0.closeCode == nil })
        for client in clients.dropFirst() { client.session.closed() }
        #expect(hub.refusal(ofConnectionFrom: "192.0.2.1") == nil)
        loop.limit(hub) { ($0.connectionsPerAddress, $0.connections) = (nil, 1) }
        #expect(hub.refusal(ofConnectionFrom: nil)?.reason == .connections)
        clients[0].session.closed()
        #expect(hub.refusal(ofConnectionFrom: nil) == nil)
    }

    @Test("Connections of a user that were there count, on every loop")
    func connectionsOfUsers() async throws {
        let hub = Self.users()
        let connect = Wire.Command.Body.connect(Wire.ConnectRequest(name: "ada"))
        let group = MultiThreadedEventLoopGroup(numberOfThreads: 2)
        var clients: [LiveClient] = []
        for _ in 0..<2 {
            clients.append(try await LiveClient(hub, on: group.next()))
            #expect(try await clients.last?.ask(connect).error == nil)
        }
        Self.limit(hub) { $0.connectionsPerUser = 2 }
        let third = try await LiveClient(hub, on: group.next())
        try await third.send(connect)
        #expect(try await third.waitForClose() == 3_504)
        try await clients[0].lose()
        let fourth = try await LiveClient(hub, on: group.next())
        #expect(try await fourth.ask(connect).error == nil)
        #expect(try await clients[1].closeCode == nil)
        try await group.shutdownGracefully()
    }

    @Test("Subscriptions that were there count, of the process and of a user; each is given back once")
    func subscriptions() async throws {
        let hub = Self.users()
        let client = try await LiveClient(hub)
        _ = try await client.ask(.connect(Wire.ConnectRequest(name: "ada")))
        for channel in ["open:a", "open:b"] { #expect(try await client.ask(Self.subscribe(channel)).error == nil) }
        for _ in 0..<2 {
            Self.limit(hub) { $0.subscriptionsPerUser = 2 }
            #expect(try await client.ask(Self.subscribe("open:c")).error?.code == 106)
            Self.limit(hub) { ($0.subscriptionsPerUser, $0.subscriptions) = (nil, 2) }
            #expect(try await client.ask(Self.subscribe("open:c")).error?.code == 106)
            _ = try await client.ask(.unsubscribe(Wire.UnsubscribeRequest(channel: "open:a")))
            #expect(try await client.ask(Self.subscribe("open:a")).error == nil)
        }
        hub.replace(limits: HubLimits())
        #expect(try await client.ask(Self.subscribe("open:c")).error == nil)
    }

    @Test("Who waits to connect has its turn when more may be decided on at once")
    func turns() async throws {
        let gate = Gate()
        var handlers = HubHandlers()
        handlers.connect = { event async throws(HubRefusal) in
            if event.name == "slow" { await gate.wait() }
            return ConnectGrant(user: event.name)
        }
        let hub = TestHub.make(handlers) { ($0.limits.connectsAtOnce, $0.limits.connectWait) = (1, .seconds(60)) }
        let loop = MultiThreadedEventLoopGroup.singleton.next()
        let (first, second) = (try await LiveClient(hub, on: loop), try await LiveClient(hub, on: loop))
        try await first.send(.connect(Wire.ConnectRequest(name: "slow")))
        let id = try await second.send(.connect(Wire.ConnectRequest(name: "ada")))
        #expect(hub.waitingConnects == 1)
        Self.limit(hub) { $0.connectsAtOnce = 2 }
        _ = try await eventually("the second") { try await second.replies().first { $0.id == id } }
        gate.open()
        #expect(hub.waitingConnects == 0)
    }

    @Test("Handlers are asked from the next command on; one that is gone is not missed")
    func handlers() async throws {
        func answering(_ text: String) -> HubHandlers {
            var handlers = HubHandlers()
            handlers.call = { _ async throws(HubRefusal) in ByteBuffer(string: text) }
            return handlers
        }
        let hub = TestHub.make(answering("1"))
        let client = try await LiveClient(hub)
        _ = try await client.connect()
        let call = Wire.Command.Body.rpc(Wire.RPCRequest(method: "m"))
        func answer() async throws -> String? {
            guard case .rpc(let result) = try await client.ask(call).body else { return nil }
            return String(buffer: result.data)
        }
        #expect(try await answer() == "1")
        hub.replace(handlers: answering("2"))
        #expect(try await answer() == "2")
        #expect(String(buffer: try await hub.call("m", ByteBuffer())) == "2")
        hub.replace(handlers: HubHandlers())
        #expect(try await client.ask(call).error?.code == 108)
        #expect(try await client.closeCode == nil)
    }

    @Test("What is being decided on is decided by who was asked")
    func underWay() async throws {
        let gate = Gate()
        var old = HubHandlers()
        old.call = { event async throws(HubRefusal) in
            await gate.wait()
            return event.data
        }
        let hub = TestHub.make(old)
        let client = try await LiveClient(hub)
        _ = try await client.connect()
        let id = try await client.send(.rpc(Wire.RPCRequest(data: ByteBuffer(string: "1"), method: "m")))
        hub.replace(handlers: HubHandlers())
        gate.open()
        let reply = try await eventually("an answer") { try await client.replies().first { $0.id == id } }
        guard case .rpc(let result) = reply.body else { throw Unexpected("no answer") }
        #expect(String(buffer: result.data) == "1")
    }

    @Test("A subscription that nobody is left to prolong ends when its time is over, and the client can subscribe anew")
    func refreshing() async throws {
        let time = Mutex<Int64>(1_000_000)
        let now = { @Sendable in time.withLock { $0 } }
        var settings = TestHub.open
        settings.asks = AskedHandlers(subscribe: "backend", refresh: "backend")
        var handlers = HubHandlers()
        handlers.subscribe = { _ async throws(HubRefusal) in SubscribeGrant(expiresAt: now() + 1_000) }
        handlers.refreshSubscription = { _ in .prolonged(RefreshGrant(expiresAt: now() + 1_000)) }
        var configuration = HubConfiguration()
        configuration.allowsAnonymousConnections = true
        configuration.now = now
        let hub = Hub(configuration: configuration, namespaces: Namespaces(named: ["news": settings]), handlers: handlers)
        let client = try await LiveClient(hub)
        _ = try await client.connect()
        #expect(try await client.ask(Self.subscribe("news:a")).error == nil)
        handlers.refreshSubscription = nil
        hub.replace(handlers: handlers)
        time.withLock { $0 += 2_000 }
        _ = try await eventually("the end") {
            try await client.replies().first { reply in
                guard case .push(let push) = reply.body, case .unsubscribe(let end) = push.body else { return false }
                return end.code == 2_501
            }
        }
        #expect(try await client.ask(Self.subscribe("news:a")).error == nil)
    }

    @Test("Fields that new handlers want are kept of who connects from then on")
    func fields() async throws {
        let hub = TestHub.make()
        #expect(hub.keptRequestFields == [])
        var handlers = HubHandlers()
        handlers.keptRequestFields = ["cookie"]
        handlers.keptHeaders = ["authorization"]
        handlers.call = { event async throws(HubRefusal) in ByteBuffer(string: "[\(event.context.headers.values.joined())]") }
        hub.replace(handlers: handlers)
        #expect(hub.keptRequestFields == ["cookie"])
        let client = try await LiveClient(hub)
        var request = Wire.ConnectRequest()
        request.headers = ["Authorization": "1", "Other": "2"]
        _ = try await client.ask(.connect(request))
        guard case .rpc(let result) = try await client.ask(.rpc(Wire.RPCRequest(method: "m"))).body else { throw Unexpected("no answer") }
        #expect(String(buffer: result.data) == "[1]")
    }
}
