import NIOCore
import RealtimeProtocol
import Testing

@testable import RealtimeHub

@Suite("Looking at connections")
struct ConnectionsTests {
    private func hub(_ change: (inout HubConfiguration) -> Void = { _ in }) -> Hub {
        var handlers = HubHandlers()
        handlers.connect = { event in
            ConnectGrant(user: String(buffer: event.data).replacing("\"", with: ""), info: Array(#"{"name":"Ann"}"#.utf8))
        }
        return TestHub.make(handlers, change: change)
    }

    private func client(_ hub: Hub, _ user: String, name: String = "") async throws -> (client: LiveClient, id: String) {
        let client = try await LiveClient(hub)
        guard
            case .connect(let result) = try await client.ask(
                .connect(Wire.ConnectRequest(data: ByteBuffer(string: "\"\(user)\""), name: name))
            ).body
        else { throw Unexpected("not connected") }
        return (client, result.client)
    }

    @Test("One says who it is, since when, over what, where it is subscribed, and what it has said and been told")
    func one() async throws {
        let hub = hub { $0.now = { 1_700_000_000_000 } }
        let (client, id) = try await client(hub, "ann", name: "js")
        for channel in ["open:b", "open:a"] { _ = try await client.ask(.subscribe(Wire.SubscribeRequest(channel: channel))) }
        let connection = try #require(await hub.connections().connections.first)
        #expect(connection.client == id)
        #expect(connection.user == "ann")
        #expect(connection.name == "js")
        #expect(connection.transport == "test")
        #expect(connection.format == .json)
        #expect(connection.address == "192.0.2.1")
        #expect(connection.connectedAt == 1_700_000_000_000)
        #expect(connection.channels == ["open:a", "open:b"])
        #expect(connection.commandsReceived == 3)
        #expect(connection.batchesSent == 3)
        #expect(connection.queuedBytes == 0)
        #expect(!connection.isSlow)
    }

    @Test("In all detail: its subscriptions, positions, what others see of it; nothing of one that is gone")
    func details() async throws {
        let hub = hub()
        let (client, id) = try await client(hub, "ann")
        var request = Wire.SubscribeRequest(channel: "history:a", recoverable: true)
        request.delta = "fossil"
        _ = try await client.ask(.subscribe(request))
        _ = try await client.ask(.subscribe(Wire.SubscribeRequest(channel: "open:a")))
        try await hub.publish(Array("1".utf8), to: "history:a")
        let details = try await eventually("the position") {
            let details = await hub.connection(id)
            return details?.subscriptions.first?.offset == 1 ? details : nil
        }
        #expect(details.info == Array(#"{"name":"Ann"}"#.utf8))
        #expect(details.subscriptions.map(\.channel) == ["history:a", "open:a"])
        #expect(details.subscriptions.map(\.isRecoverable) == [true, false])
        #expect(details.subscriptions.map(\.usesDelta) == [true, false])
        #expect(details.subscriptions.allSatisfy { !$0.isServerSide && !$0.isWildcard && $0.kept == 0 })
        hub.disconnect(client: id)
        #expect(try await client.waitForClose() == 3503)
        #expect(await hub.connection(id) == nil)
        #expect(await hub.connections().connections.isEmpty)
    }

    @Test("Connections that have not connected are none")
    func unconnected() async throws {
        let hub = hub()
        _ = try await LiveClient(hub)
        #expect(await hub.connections() == ConnectionPage(connections: [], count: 0, next: nil))
    }

    @Test("They come in pages, the newest first; all of them once, on whatever loop they are, also when others come meanwhile")
    func pages() async throws {
        let hub = hub()
        var ids: Set<String> = []
        var clients: [LiveClient] = []
        for _ in 0..<23 {
            let (client, id) = try await client(hub, "ann")
            clients.append(client)
            ids.insert(id)
        }
        var query = ConnectionQuery(limit: 5)
        var seen: [ConnectionInfo] = []
        repeat {
            let page = await hub.connections(query)
            #expect(page.count >= 23)
            seen += page.connections
            query.after = page.next
            if query.after != nil { clients.append(try await client(hub, "late").client) }
        } while query.after != nil
        let early = seen.filter { $0.user == "ann" }.map(\.client)
        #expect(early.count == 23)
        #expect(Set(early) == ids)
        #expect(zip(seen, seen.dropFirst()).allSatisfy { $0.connectedAt >= $1.connectedAt })
        withExtendedLifetime(clients) {}
    }

    @Test("They are found by user, by channel, and by part of what they are called")
    func search() async throws {
        let hub = hub()
        let ann = try await client(hub, "ann", name: "swift"), bob = try await client(hub, "bob", name: "js")
        let anonymous = try await client(hub, "")
        _ = try await bob.client.ask(.subscribe(Wire.SubscribeRequest(channel: "open:a")))
        func found(_ query: ConnectionQuery) async -> Set<String> { Set(await hub.connections(query).connections.map(\.client)) }
        #expect(await found(ConnectionQuery(user: "ann")) == [ann.id])
        #expect(await found(ConnectionQuery(user: "")) == [anonymous.id])
        #expect(await found(ConnectionQuery(user: "nobody")) == [])
        #expect(await found(ConnectionQuery(channel: "open:a")) == [bob.id])
        #expect(await found(ConnectionQuery(user: "ann", channel: "open:a")) == [])
        #expect(await found(ConnectionQuery(text: "o")).isSuperset(of: [bob.id]))
        #expect(await found(ConnectionQuery(text: "swif")) == [ann.id])
        #expect(await found(ConnectionQuery(text: String(ann.id.dropFirst(10)))) == [ann.id])
        #expect(await found(ConnectionQuery(text: "192.0.2.")).count == 3)
        #expect(await hub.connections(ConnectionQuery(text: "no such thing")).count == 0)
    }

    @Test(
        "A page's beginning that nobody has given gives the first page, and a limit is kept within bounds",
        arguments: ["", "x", "-", "1", "x-y"])
    func nonsense(_ after: String) async throws {
        let hub = hub()
        let clients = [try await client(hub, "ann"), try await client(hub, "bob")]
        #expect(await hub.connections(ConnectionQuery(after: after, limit: -3)).connections.count == 1)
        withExtendedLifetime(clients) {}
    }

    @Test("Those for which most waits come first, and those for which nothing does not at all")
    func slow() async throws {
        let hub = hub { $0.maxBufferedBytes = 1_000 }
        let clients = [try await client(hub, "a"), try await client(hub, "b"), try await client(hub, "c")]
        try await clients[0].client.setBufferedBytes(10)
        try await clients[2].client.setBufferedBytes(2_000)
        let slow = await hub.slowReaders()
        #expect(slow.map(\.user) == ["c", "a"])
        #expect(slow.map(\.isSlow) == [true, false])
        #expect(await hub.slowReaders(waiting: 100).map(\.user) == ["c"])
        #expect(await hub.slowReaders(limit: 1).map(\.queuedBytes) == [2_000])
    }

    @Test("More sessions than are looked at in one turn are all found, while some of them go", .timeLimit(.minutes(1)))
    func many() async throws {
        let hub = hub()
        let loop = try await LiveClient(hub).loop
        let staying = try await loop.submit {
            (0..<3_000).map { number in
                let transport = TestTransport(loop, .json)
                let session = hub.open(transport)
                session.received(ByteBuffer(string: #"{"id":1,"connect":{}}"#))
                return session
            }
        }.get()
        try await eventually("all connect") { hub.counts.clients == 3_000 ? true : nil }
        let count = LoopCount(loop)
        async let found = hub.loop(loop).scan(Set<String>()) { found, session in
            found.insert(session.client)
            // Those at the beginning go while the end is looked at.
            count.value += 1
            if count.value == 600 { for session in staying.prefix(700) { session.closed() } }
        }
        let stayed = Set(staying.dropFirst(700).map(\.client))
        #expect(await found.isSuperset(of: stayed))
    }

    /// On one loop.
    private final class LoopCount: @unchecked Sendable {
        private let loop: any EventLoop
        private var count = 0

        init(_ loop: any EventLoop) { self.loop = loop }

        var value: Int {
            get {
                loop.preconditionInEventLoop()
                return count
            }
            set {
                loop.preconditionInEventLoop()
                count = newValue
            }
        }
    }
}
