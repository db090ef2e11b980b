// Who comes in, how many at once, and what happens when memory is short.

import NIOCore
import NIOEmbedded
import NIOPosix
import PubSub
import RealtimeProtocol
import ServerTestSupport
import Synchronization
import Testing

@testable import RealtimeHub

@Suite("Admission", .serialized)
struct AdmissionTests {
    let loop = EmbeddedEventLoop()

    private func client(_ hub: Hub) throws -> TestClient {
        let client = TestClient(hub, on: loop)
        try client.connect()
        return client
    }

    private static func users(_ change: (inout HubConfiguration) -> Void = { _ in }) -> Hub {
        var handlers = HubHandlers()
        handlers.connect = { event async throws(HubRefusal) in ConnectGrant(user: event.name) }
        return TestHub.make(handlers, change: change)
    }

    @Test("One connection more than the process may have is refused, with a time to come back")
    func connections() throws {
        let hub = TestHub.make { $0.limits.connections = 2 }
        let first = try client(hub)
        #expect(hub.refusal(ofConnectionFrom: nil) == nil)
        let second = TestClient(hub, on: loop)
        let refusal = try #require(hub.refusal(ofConnectionFrom: nil))
        #expect(refusal.reason == .connections && !refusal.isAboutAddress)
        #expect((.seconds(10)...Duration.seconds(20)).contains(refusal.retryAfter))
        first.session.closed()
        #expect(hub.refusal(ofConnectionFrom: nil) == nil)
        second.session.closed()
        #expect(hub.core.admission.openSessions == 0)
    }

    @Test("New connections have a rate, of the process and of an address")
    func rates() {
        let hub = TestHub.make {
            $0.limits.connectionRate = BucketRate(5, per: .seconds(3_600))
            $0.limits.connectionRatePerAddress = BucketRate(2, per: .seconds(3_600))
        }
        let reasons = ["a", "a", "a", "b", "b", "c", "d"].map { hub.refusal(ofConnectionFrom: $0)?.reason }
        #expect(reasons == [nil, nil, .addressRate, nil, nil, nil, .rate])
    }

    @Test("An address has so many connections")
    func addresses() throws {
        let hub = TestHub.make { $0.limits.connectionsPerAddress = 2 }
        let first = try client(hub)
        _ = try client(hub)
        #expect(hub.refusal(ofConnectionFrom: "192.0.2.1")?.reason == .addressConnections)
        #expect(hub.refusal(ofConnectionFrom: "192.0.2.2") == nil)
        first.session.closed()
        #expect(hub.refusal(ofConnectionFrom: "192.0.2.1") == nil)
    }

    @Test("A user has so many connections; one more is disconnected with 3504, which clients take for final")
    func users() async throws {
        let hub = Self.users { $0.limits.connectionsPerUser = 2 }
        var clients: [LiveClient] = []
        for name in ["ada", "ada", "bob", "ada"] {
            let client = try await LiveClient(hub)
            try await client.send(.connect(Wire.ConnectRequest(name: name)))
            clients.append(client)
        }
        #expect(try await clients[3].waitForClose() == 3_504)
        try await clients[0].lose()
        let again = try await LiveClient(hub)
        #expect(try await again.ask(.connect(Wire.ConnectRequest(name: "ada"))).error == nil)
        for index in 1...2 { #expect(try await clients[index].closeCode == nil) }
    }

    @Test("Users share their limits of commands over connections, and do not escape them by coming back")
    func userCommands() async throws {
        let hub = Self.users { $0.limits.userCommands.operations[.publish] = [BucketRate(2, per: .seconds(3_600))] }
        let publish = Wire.Command.Body.publish(Wire.PublishRequest(channel: "open:a", data: ByteBuffer(string: "1")))
        var codes: [UInt32?] = []
        for _ in 0..<4 {
            let client = try await LiveClient(hub)
            _ = try await client.ask(.connect(Wire.ConnectRequest(name: "ada")))
            codes.append(try await client.ask(publish).error?.code)
            try await client.lose()
        }
        #expect(codes == [nil, nil, 111, 111])
    }

    @Test("Subscriptions of the process, of a user, and channels have their bounds; what has ended makes room")
    func subscriptions() async throws {
        let subscribe = { (channel: String) in Wire.Command.Body.subscribe(Wire.SubscribeRequest(channel: channel)) }
        let hub = TestHub.make {
            $0.limits.subscriptions = 3
            $0.limits.channels = 2
        }
        let (one, other) = try (client(hub), client(hub))
        #expect(try one.refusal(subscribe("open:a")) == nil)
        #expect(try one.refusal(subscribe("open:b")) == nil)
        #expect(try one.refusal(subscribe("open:c")) == 106, "a third channel")
        #expect(try other.refusal(subscribe("open:a")) == nil)
        #expect(try other.refusal(subscribe("open:b")) == 106, "a fourth subscription")
        #expect(try one.refusal(.unsubscribe(Wire.UnsubscribeRequest(channel: "open:b"))) == nil)
        #expect(try other.refusal(subscribe("closed:b")) == 103, "what fails takes no place")
        #expect(try other.refusal(subscribe("open:b")) == nil)
        one.session.closed()
        #expect(try other.refusal(.unsubscribe(Wire.UnsubscribeRequest(channel: "open:a"))) == nil)
        #expect(try other.refusal(subscribe("open:c")) == nil)

        let users = Self.users { $0.limits.subscriptionsPerUser = 1 }
        let clients = [try await LiveClient(users), try await LiveClient(users)]
        for client in clients { _ = try await client.ask(.connect(Wire.ConnectRequest(name: "ada"))) }
        #expect(try await clients[0].ask(subscribe("open:a")).error == nil)
        #expect(try await clients[1].ask(subscribe("open:a")).error?.code == 106)
        try await clients[0].lose()
        #expect(try await clients[1].ask(subscribe("open:a")).error == nil)
    }

    // MARK: Storms

    @Test("So many connects are decided on at once, in order; the others wait, and all come in")
    func storm() async throws {
        let gate = Gate()
        let most = Mutex((now: 0, most: 0))
        var handlers = HubHandlers()
        handlers.connect = { event async throws(HubRefusal) in
            most.withLock { $0 = ($0.now + 1, max($0.most, $0.now + 1)) }
            await gate.wait()
            most.withLock { $0.now -= 1 }
            return ConnectGrant(user: event.name)
        }
        let hub = TestHub.make(handlers) { $0.limits.connectsAtOnce = 4 }
        var clients: [LiveClient] = []
        for number in 0..<200 {
            let client = try await LiveClient(hub)
            try await client.send(.connect(Wire.ConnectRequest(name: "\(number)")))
            clients.append(client)
        }
        #expect(hub.waitingConnects == 200 - gate.waiting)
        gate.open()
        for client in clients { try await eventually("a place") { try await client.replies().first } }
        #expect(most.withLock { $0.most } <= 4 * hub.allLoops.count)
        #expect(hub.waitingConnects == 0)
        #expect(hub.counts.clients == 200)
        for client in clients { try await client.lose() }
        #expect(hub.core.admission.openSessions == 0)
    }

    @Test(
        "One more than may wait is disconnected with 3013 and comes back later; requests are refused meanwhile; who waits too long goes too"
    )
    func overload() async throws {
        let gate = Gate()
        var handlers = HubHandlers()
        handlers.connect = { _ async throws(HubRefusal) in
            await gate.wait()
            return ConnectGrant(user: "")
        }
        let hub = TestHub.make(handlers) {
            $0.limits.connectsAtOnce = 1
            $0.limits.waitingConnects = 2
            $0.limits.connectWait = .milliseconds(300)
        }
        let loop = MultiThreadedEventLoopGroup.singleton.next()
        var clients: [LiveClient] = []
        for _ in 0..<4 {
            let client = try await LiveClient(hub, on: loop)
            try await client.send(.connect(Wire.ConnectRequest()))
            clients.append(client)
        }
        #expect(try await clients[3].closeCode == 3_013)
        #expect(hub.refusal(ofConnectionFrom: nil)?.reason == .busy)
        for index in 1...2 { #expect(try await clients[index].waitForClose() == 3_013) }
        #expect(try await clients[0].closeCode == nil)
        #expect(hub.refusal(ofConnectionFrom: nil) == nil)
        gate.open()
        try await eventually("the answer") { try await clients[0].replies().first }
        #expect(hub.counts.clients == 1)
    }

    @Test("Who goes away while waiting leaves no trace")
    func abandoned() async throws {
        let gate = Gate()
        var handlers = HubHandlers()
        handlers.connect = { _ async throws(HubRefusal) in
            await gate.wait()
            return ConnectGrant(user: "")
        }
        let hub = TestHub.make(handlers) { $0.limits.connectsAtOnce = 1 }
        let loop = MultiThreadedEventLoopGroup.singleton.next()
        for _ in 0..<3 {
            let client = try await LiveClient(hub, on: loop)
            try await client.send(.connect(Wire.ConnectRequest()))
            try await client.lose()
        }
        #expect(hub.waitingConnects == 0)
        gate.open()
        try await eventually("the end of what was decided") {
            try await loop.submit { hub.loop(loop).connects.underWay }.get() == 0 ? true : nil
        }
    }

    @Test("Many who recover at once have turns, and all get what they missed")
    func recoveries() async throws {
        let hub = TestHub.make { $0.limits.recoveriesAtOnce = 2 }
        let clients = try (0..<20).map { _ in try client(hub) }
        try await hub.publish(Array("1".utf8), to: "history:a")
        let epoch = try await hub.history(of: "history:a", HistoryQuery()).position.epoch
        var request = Wire.SubscribeRequest(channel: "history:a")
        (request.recoverable, request.recover, request.epoch) = (true, true, epoch)
        for client in clients {
            var batch = ByteBuffer()
            try Wire.write(Wire.Command(id: 7, body: .subscribe(request)), as: .json, to: &batch)
            client.session.received(batch)
        }
        #expect(clients.count { !$0.transport.batches.isEmpty } <= 2)
        for client in clients {
            guard case .subscribe(let result) = try #require(try client.received().first).body else { throw Unexpected("no answer") }
            #expect(result.recovered && result.publications.count == 1)
        }
    }

    @Test("Who is unsubscribed while it waits for its turn is answered, and goes on")
    func unsubscribedWhileWaiting() async throws {
        let hub = TestHub.make { $0.limits.recoveriesAtOnce = 1 }
        let clients = try (0..<5).map { _ in try client(hub) }
        try await hub.publish(Array("1".utf8), to: "history:a")
        var request = Wire.SubscribeRequest(channel: "history:a")
        (request.recoverable, request.recover) = (true, true)
        for client in clients {
            var batch = ByteBuffer()
            try Wire.write(Wire.Command(id: 7, body: .subscribe(request)), as: .json, to: &batch)
            client.session.received(batch)
        }
        let last = try #require(clients.last)
        #expect(last.transport.holdsReads)
        hub.unsubscribe(client: last.session.client, from: "history:a")
        #expect(try last.received().first { $0.id == 7 }?.error?.code == 103)
        #expect(!last.transport.holdsReads)
        #expect(try last.subscribe("history:a").positioned == false)
        for client in clients.dropLast() {
            guard case .subscribe(let result) = try #require(try client.received().first).body else { throw Unexpected("no answer") }
            #expect(result.recovered)
        }
    }

    // MARK: Memory

    @Test("When memory is short nobody new comes in; when it is very short nothing is kept, and the slowest reader goes")
    func memory() async throws {
        let hub = TestHub.make()
        let (fast, slow) = try (client(hub), client(hub))
        slow.transport.bufferedBytes = 500_000
        fast.transport.bufferedBytes = 1_000
        let kept = Wire.Command.Body.publish(Wire.PublishRequest(channel: "history:a", data: ByteBuffer(string: "1")))
        let passing = Wire.Command.Body.publish(Wire.PublishRequest(channel: "open:a", data: ByteBuffer(string: "1")))

        hub.memoryPressure = .soft
        #expect(hub.refusal(ofConnectionFrom: nil)?.reason == .memory)
        #expect(try fast.refusal(kept) == nil)

        hub.memoryPressure = .hard
        loop.run()
        #expect(slow.closeCode == 3_008)
        #expect(fast.session.isOpen)
        #expect(try fast.refusal(kept) == 111)
        #expect(try fast.refusal(.history(Wire.HistoryRequest(channel: "history:a"))) == 111)
        #expect(try fast.refusal(passing) == nil)
        await #expect(throws: HubRefusal.error(.tooManyRequests)) { try await hub.publish(Array("1".utf8), to: "history:a") }
        try await hub.publish(Array("1".utf8), to: "open:a")

        hub.memoryPressure = .none
        #expect(hub.refusal(ofConnectionFrom: nil) == nil)
        #expect(try fast.refusal(kept) == nil)
    }

    @Test("While memory is short, histories do not grow: the oldest goes, and its channel begins anew with another epoch")
    func growth() async throws {
        let broker = MemoryBroker()
        broker.holdGrowth(true)
        let retention = Retention(size: 10, timeToLive: .seconds(60))
        var options = PublishOptions()
        options.retention = retention
        for number in 0..<4_000 { try await broker.publish([UInt8](repeating: 65, count: 1_000), to: "c\(number)", options) }
        #expect(broker.counters.streamBytes <= 3 << 19)
        broker.holdGrowth(false)
        for number in 0..<4_000 { try await broker.publish([UInt8](repeating: 65, count: 1_000), to: "c\(number)", options) }
        #expect(broker.counters.streamBytes > 4 << 20)
    }
}
