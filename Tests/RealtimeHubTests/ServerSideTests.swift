import NIOCore
import NIOEmbedded
import PubSub
import RealtimeProtocol
import ServerTestSupport
import Testing

@testable import RealtimeHub

@Suite("Subscriptions that the server makes", .serialized)
struct ServerSideTests {
    let loop = EmbeddedEventLoop()

    private func client(_ hub: Hub, _ format: WireFormat = .json) throws -> TestClient {
        let client = TestClient(hub, on: loop, format)
        try client.connect()
        return client
    }

    private func pushes(_ client: TestClient) throws -> [Wire.Push] {
        try client.received().compactMap { reply in
            if case .push(let push) = reply.body { push } else { nil }
        }
    }

    @Test("A connected client is told of it by a push, before anything of the channel", arguments: [WireFormat.json, .protobuf])
    func push(format: WireFormat) async throws {
        let hub = TestHub.make()
        let client = try client(hub, format)
        try await hub.publish(Array("1".utf8), to: "history:a")
        try hub.subscribe(client: client.session.client, to: "history:a", SubscribeGrant(data: ByteBuffer(string: #"{"n":1}"#)))
        try await hub.publish(Array("2".utf8), to: "history:a")
        let pushes = try pushes(client)
        #expect(pushes.map(\.channel) == ["history:a", "history:a"])
        guard case .subscribe(let subscribe) = pushes[0].body, case .publication(let publication) = pushes[1].body else {
            throw Unexpected("\(pushes)")
        }
        #expect(String(buffer: subscribe.data) == #"{"n":1}"#)
        #expect(publication.text == "2")
    }

    @Test(
        "A connection may come with as many as a client may have, however many that is, and no more",
        arguments: [(20_000, true), (20_001, false)])
    func many(count: Int, isAllowed: Bool) async throws {
        var handlers = HubHandlers()
        handlers.connect = { _ async throws(HubRefusal) in
            var grant = ConnectGrant(user: "ada")
            for number in 0..<count { grant.subscriptions["open:\(number)"] = SubscribeGrant() }
            return grant
        }
        let hub = TestHub.make(handlers) { $0.maxChannelsPerClient = 20_000 }
        let client = try await LiveClient(hub)
        if isAllowed {
            #expect(try await client.connect().subs.count == count)
            #expect(hub.subscribers(of: "open:7") == 1)
        } else {
            try await client.send(.connect(Wire.ConnectRequest()))
            #expect(try await client.waitForClose() == 3_505)
        }
    }

    @Test("With a position the client gets what it missed")
    func recovers() async throws {
        var settings = TestHub.history
        settings.forceRecovery = true
        let hub = Hub(configuration: Self.open, namespaces: Namespaces(named: ["r": settings]))
        let client = try client(hub)
        var positions: [PublishResult] = []
        for number in 1...3 { positions.append(try await hub.publish(Array("\(number)".utf8), to: "r:a")) }
        let first = try #require(positions.first)
        try hub.subscribe(client: client.session.client, to: "r:a", since: first.position)
        let pushes = try pushes(client)
        guard case .subscribe(let subscribe) = pushes.first?.body else { throw Unexpected("\(pushes)") }
        #expect(subscribe.recoverable && subscribe.positioned)
        #expect(subscribe.offset == 1)
        let texts = pushes.dropFirst().map { push in
            if case .publication(let publication) = push.body { "\(publication.offset) \(publication.text)" } else { "?" }
        }
        #expect(texts == ["2 2", "3 3"])
    }

    private static var open: HubConfiguration {
        var configuration = HubConfiguration()
        configuration.allowsAnonymousConnections = true
        return configuration
    }

    @Test("All connections of a user, and nobody else's")
    func user() async throws {
        var handlers = HubHandlers()
        handlers.connect = { event in ConnectGrant(user: event.name) }
        let hub = TestHub.make(handlers)
        var clients: [TestClient] = []
        for name in ["7", "7", "8"] {
            let client = TestClient(hub, on: loop)
            try client.send(.connect(Wire.ConnectRequest(name: name)))
            for _ in 0..<1_000 where client.session.user.isEmpty {
                try await Task.sleep(for: .milliseconds(1))
                loop.run()
            }
            _ = try client.received()
            clients.append(client)
        }
        try hub.subscribe(user: "7", to: "open:a")
        loop.run()
        try await hub.publish(Array("1".utf8), to: "open:a")
        #expect(try clients.map { try $0.publications().count } == [1, 1, 0])
        hub.unsubscribe(user: "7", from: "open:a")
        try await hub.publish(Array("2".utf8), to: "open:a")
        #expect(try clients.map { try $0.publications().count } == [0, 0, 0])
    }

    @Test("Who is subscribed already hears nothing of it; who is not connected yet, or gone, neither")
    func nothing() throws {
        let hub = TestHub.make()
        let client = try client(hub)
        _ = try client.subscribe("open:a")
        try hub.subscribe(client: client.session.client, to: "open:a")
        try hub.subscribe(client: "nobody", to: "open:a")
        #expect(try client.received().isEmpty)
        #expect(hub.channels() == ["open:a": 1])
    }

    @Test("What can't be a channel is refused to the caller", arguments: [("nowhere:a", 102), ("", 107), ("open:\u{7}", 107)])
    func refused(channel: String, code: Int) throws {
        let hub = TestHub.make()
        let client = try client(hub)
        #expect(throws: HubRefusal.error(code == 102 ? .unknownChannel : .badRequest)) {
            try hub.subscribe(client: client.session.client, to: channel)
        }
        #expect(client.session.isOpen)
    }

    @Test("Beyond the number of channels the client is disconnected: it would not know what it has not")
    func limit() throws {
        let hub = TestHub.make { $0.maxChannelsPerClient = 1 }
        let client = try client(hub)
        try hub.subscribe(client: client.session.client, to: "open:a")
        loop.run()
        #expect(client.session.isOpen)
        try hub.subscribe(client: client.session.client, to: "open:b")
        loop.run()
        #expect(client.closeCode == 3_505)
    }

    @Test("It waits for its turn behind a command that is being decided")
    func turn() async throws {
        let gate = Gate()
        var handlers = HubHandlers()
        handlers.call = { _ in
            await gate.wait()
            return ByteBuffer(string: "1")
        }
        let hub = TestHub.make(handlers)
        let client = try client(hub)
        try client.send(.rpc(Wire.RPCRequest(method: "m")))
        try hub.subscribe(client: client.session.client, to: "open:a")
        loop.run()
        #expect(try client.received().isEmpty)
        gate.open()
        var replies: [Wire.Reply] = []
        for _ in 0..<2_000 where replies.count < 2 {
            try await Task.sleep(for: .milliseconds(1))
            replies += try client.received()
        }
        guard case .rpc = replies.first?.body, case .push(let push) = replies.last?.body, case .subscribe = push.body else {
            throw Unexpected("\(replies)")
        }
    }
}
