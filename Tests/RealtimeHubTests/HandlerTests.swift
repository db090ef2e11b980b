import NIOCore
import PubSub
import RealtimeProtocol
import ServerTestSupport
import Synchronization
import Testing

@testable import RealtimeHub

/// What the application decides, and how commands wait for it.
@Suite("Handlers of the application")
struct HandlerTests {
    private func hub(_ change: (inout HubHandlers) -> Void) -> Hub {
        var handlers = HubHandlers()
        change(&handlers)
        return TestHub.make(handlers)
    }

    @Test("Connect: who it is, what is sent along, which channels it has from the start")
    func connect() async throws {
        let hub = hub {
            $0.connect = { (event) async throws(HubRefusal) in
                guard event.name == "js" else { throw .error(.unauthorized) }
                return ConnectGrant(
                    user: "ada", info: Array(#"{"name":"Ada"}"#.utf8), data: ByteBuffer(string: "[1]"),
                    subscriptions: ["presence:lobby": SubscribeGrant(), "open:a": SubscribeGrant()])
            }
        }
        let client = try await LiveClient(hub)
        guard case .connect(let result) = try await client.ask(.connect(Wire.ConnectRequest(name: "js"))).body else {
            throw Unexpected("not connected")
        }
        #expect(String(buffer: result.data) == "[1]")
        #expect(Set(result.subs.keys) == ["presence:lobby", "open:a"])
        #expect(hub.counts == (1, 1))
        try await hub.publish(Array("7".utf8), to: "open:a")
        _ = try await eventually("the publication") {
            try await client.replies().first { if case .push(let push) = $0.body, push.channel == "open:a" { true } else { false } }
        }
        let members = try await hub.presence(in: "presence:lobby")
        #expect(members.values.map(\.user) == ["ada"])
        #expect(members.values.first?.connectionInfo == Array(#"{"name":"Ada"}"#.utf8))
        let refused = try await LiveClient(hub)
        #expect(try await refused.ask(.connect(Wire.ConnectRequest(name: "other"))).error?.code == 101)
    }

    @Test("Subscribe: refused, disconnected, or let in with other settings than the channel's")
    func subscribe() async throws {
        let hub = hub {
            $0.subscribe = { (event) async throws(HubRefusal) in
                switch event.channel {
                case "open:refused": throw .error(.permissionDenied)
                case "open:out": throw .disconnect(.forceDisconnect)
                default:
                    #expect(!event.isAllowed)
                    return SubscribeGrant(data: ByteBuffer(string: #""welcome""#), options: TestHub.history)
                }
            }
        }
        let client = try await LiveClient(hub)
        _ = try await client.connect()
        #expect(try await client.ask(.subscribe(Wire.SubscribeRequest(channel: "open:refused"))).error?.code == 103)
        guard
            case .subscribe(let result) = try await client.ask(.subscribe(Wire.SubscribeRequest(channel: "closed:a", recoverable: true)))
                .body
        else {
            throw Unexpected("not subscribed")
        }
        #expect(String(buffer: result.data) == #""welcome""#)
        #expect(result.recoverable)
        try await client.send(.subscribe(Wire.SubscribeRequest(channel: "open:out")))
        #expect(try await client.waitForClose() == 3_503)
    }

    @Test("Publish: changed, tagged, and not given back to its publisher")
    func publish() async throws {
        let hub = hub {
            $0.publish = { (event) async throws(HubRefusal) in
                if String(buffer: event.data) == "0" { throw .error(.badRequest) }
                return PublishGrant(
                    data: ByteBuffer(string: "[\(String(buffer: event.data))]"), tags: ["kind": "wrapped"], excludesPublisher: true)
            }
        }
        let (publisher, subscriber) = (try await LiveClient(hub), try await LiveClient(hub))
        for client in [publisher, subscriber] {
            _ = try await client.connect()
            _ = try await client.ask(.subscribe(Wire.SubscribeRequest(channel: "open:a")))
        }
        #expect(try await publisher.ask(.publish(Wire.PublishRequest(channel: "open:a", data: ByteBuffer(string: "0")))).error?.code == 107)
        _ = try await publisher.ask(.publish(Wire.PublishRequest(channel: "open:a", data: ByteBuffer(string: "1"))))
        let publication = try await eventually("the publication") {
            for reply in try await subscriber.replies() {
                if case .push(let push) = reply.body, case .publication(let publication) = push.body { return publication }
            }
            return Wire.Publication?.none
        }
        #expect(publication.text == "[1]")
        #expect(publication.tags == ["kind": "wrapped"])
        #expect(try await publisher.replies().allSatisfy { if case .push = $0.body { false } else { true } })
    }

    @Test("Channels that do not ask handlers are decided by their settings, without a task")
    func unasked() async throws {
        var open = ChannelSettings()
        open.allowSubscribe = .anonymous
        open.allowPublish = .anonymous
        open.asksHandlers = false
        var shut = ChannelSettings()
        shut.asksHandlers = false
        var handlers = HubHandlers()
        handlers.subscribe = { _ async throws(HubRefusal) in throw .error(.internal) }
        handlers.publish = { _ async throws(HubRefusal) in throw .error(.internal) }
        var asking = open
        asking.asksHandlers = true
        var configuration = HubConfiguration()
        configuration.allowsAnonymousConnections = true
        let hub = Hub(
            configuration: configuration, namespaces: Namespaces(named: ["open": open, "shut": shut, "asking": asking]), handlers: handlers)
        let client = try await LiveClient(hub)
        _ = try await client.connect()
        for (namespace, code) in [("open", nil), ("shut", 103), ("asking", 100)] as [(String, UInt32?)] {
            let channel = "\(namespace):a"
            #expect(try await client.ask(.subscribe(Wire.SubscribeRequest(channel: channel))).error?.code == code)
            let request = Wire.PublishRequest(channel: channel, data: ByteBuffer(string: "1"))
            #expect(try await client.ask(.publish(request)).error?.code == code)
        }
    }

    @Test("A call and its answer; an application's own error")
    func call() async throws {
        let hub = hub {
            $0.call = { (event) async throws(HubRefusal) in
                guard event.method == "twice" else { throw .error(Wire.ErrorReply.Code(1_000, message: "no such method")) }
                return ByteBuffer(string: "[\(String(buffer: event.data)),\(String(buffer: event.data))]")
            }
        }
        let client = try await LiveClient(hub)
        _ = try await client.connect()
        guard case .rpc(let result) = try await client.ask(.rpc(Wire.RPCRequest(data: ByteBuffer(string: "3"), method: "twice"))).body
        else { throw Unexpected("no answer") }
        #expect(String(buffer: result.data) == "[3,3]")
        let error = try await client.ask(.rpc(Wire.RPCRequest(data: ByteBuffer(string: "3"), method: "thrice"))).error
        #expect(error?.code == 1_000)
        #expect(error?.message == "no such method")
    }

    @Test("Commands behind one that is being decided wait, in their order, and so does reading; other sessions don't")
    func order() async throws {
        let gate = Gate()
        let hub = hub {
            $0.call = { (event) async throws(HubRefusal) in
                if event.method == "wait" { await gate.wait() }
                return event.data
            }
        }
        let (slow, quick) = (try await LiveClient(hub), try await LiveClient(hub))
        _ = try await slow.connect()
        _ = try await quick.connect()
        try await slow.send(
            .rpc(Wire.RPCRequest(data: ByteBuffer(string: "1"), method: "wait")), .subscribe(Wire.SubscribeRequest(channel: "open:a")),
            .rpc(Wire.RPCRequest(data: ByteBuffer(string: "2"), method: "quick")))
        try await slow.send(.unsubscribe(Wire.UnsubscribeRequest(channel: "open:a")))
        _ = try await quick.ask(.rpc(Wire.RPCRequest(data: ByteBuffer(string: "3"), method: "quick")))
        #expect(try await slow.holdsReads)
        #expect(try await slow.replies().map(\.id) == [1])
        gate.open()
        _ = try await eventually("all replies") { try await slow.replies().count == 5 ? true : nil }
        #expect(try await slow.replies().map(\.id) == [1, 2, 3, 4, 5])
        #expect(try await !slow.holdsReads)
    }

    @Test("Who sends on and on while a command is being decided is disconnected")
    func bound() async throws {
        let gate = Gate()
        let hub = hub {
            $0.call = { (event) async throws(HubRefusal) in
                await gate.wait(); return event.data
            }
        }
        let client = try await LiveClient(hub)
        _ = try await client.connect()
        let data = ByteBuffer(string: "\"" + String(repeating: "x", count: 10_000) + "\"")
        for _ in 0..<30 { try await client.send(.rpc(Wire.RPCRequest(data: data, method: "wait"))) }
        #expect(try await client.closeCode == 3_008)
        gate.open()
    }

    @Test("Empty batches are not free")
    func emptyBatches() async throws {
        let gate = Gate()
        let hub = hub {
            $0.call = { (event) async throws(HubRefusal) in
                await gate.wait(); return event.data
            }
        }
        let client = try await LiveClient(hub)
        _ = try await client.connect()
        try await client.send(.rpc(Wire.RPCRequest(data: ByteBuffer(string: "1"), method: "wait")))
        for _ in 0..<5_000 { try await client.send() }
        #expect(try await client.closeCode == 3_008)
        gate.open()
    }

    @Test("A client that goes while its command is being decided leaves nothing behind")
    func gone() async throws {
        let gate = Gate()
        let hub = hub {
            $0.subscribe = { (_) async throws(HubRefusal) in
                await gate.wait(); return SubscribeGrant()
            }
        }
        let client = try await LiveClient(hub)
        _ = try await client.connect()
        try await client.send(.subscribe(Wire.SubscribeRequest(channel: "open:a")))
        try await client.lose()
        gate.open()
        try await Task.sleep(for: .milliseconds(50))
        #expect(hub.channels() == [:])
        #expect(hub.counts == (0, 0))
    }

    @Test("Messages without an answer reach the application; so does the end, with its code")
    func messages() async throws {
        let heard = Mutex<[String]>([])
        let hub = hub {
            $0.message = { identity, data in heard.withLock { $0.append(String(buffer: data)) } }
            $0.disconnected = { event in heard.withLock { $0.append("gone \(event.code?.number ?? 0)") } }
        }
        let client = try await LiveClient(hub)
        let result = try await client.connect()
        try await client.send(
            .send(Wire.SendRequest(data: ByteBuffer(string: "1"))), .send(Wire.SendRequest(data: ByteBuffer(string: "2"))))
        _ = try await eventually("two messages") { heard.withLock { $0.count == 2 ? true : nil } }
        hub.disconnect(client: result.client, .forceReconnect)
        _ = try await eventually("the end") { heard.withLock { $0.count == 3 ? true : nil } }
        #expect(heard.withLock { $0 } == ["1", "2", "gone 3011"])
    }
}
