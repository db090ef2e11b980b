// The whole client over loopback, against our own server: what an application sees.

import NIOCore
import RealtimeClient
import RealtimeHub
import RealtimeProtocol
import Synchronization
import Testing

private let formats = [WireFormat.json, .protobuf]

private struct Quote: Codable, Hashable, Sendable {
    var symbol: String
    var price: Int
}

@Suite("Live", .serialized)
struct LiveTests {
    // MARK: Requests

    @Test("connect, subscribe, publish, history", arguments: formats)
    func basics(format: WireFormat) async throws {
        try await LiveServer.run { server in
            let client = server.client { $0.format = format }
            try await client.ready()
            #expect(client.state == .connected)
            #expect(!client.id.isEmpty)
            let news = try client.subscribe("history:news")
            try await news.ready()
            #expect(news.state == .subscribed)
            try await news.publish(json: ["text": "hello"])
            try await client.publish(ByteBuffer(string: "[1,2]"), to: "history:news")
            var publications = news.publications.makeAsyncIterator()
            let first = try #require(try await publications.next())
            #expect(try first.decode([String: String].self) == ["text": "hello"])
            #expect(first.info?.client == client.id)
            #expect(first.offset == 1)
            #expect(try await publications.next()?.data == ByteBuffer(string: "[1,2]"))
            #expect(news.position?.offset == 2)
            let all = try await news.history(limit: -1)
            #expect(all.publications.map(\.offset) == [1, 2])
            #expect(all.publications.last?.position == all.position)
            #expect(try await client.history(of: "history:news", limit: 1, reverse: true).publications.map(\.offset) == [2])
            #expect(try await client.history(of: "history:news", limit: 5, since: first.position).publications.map(\.offset) == [2])
            #expect(try await client.history(of: "history:news").position.offset == 2)
        }
    }

    @Test("presence, joins and leaves", arguments: formats)
    func presence(format: WireFormat) async throws {
        try await LiveServer.run { server in
            let ada = server.client { $0.format = format }
            var options = Client.SubscriptionOptions()
            options.joinLeave = true
            let room = try ada.subscribe("presence:room", options)
            try await room.ready()
            var changes = room.joinsAndLeaves.makeAsyncIterator()
            #expect(await changes.next() == .reset)
            let bob = server.client { $0.format = format }
            try await bob.subscribe("presence:room").ready()
            #expect(try await room.presenceStats() == (try await bob.presenceStats(in: "presence:room")))
            #expect(try await ada.presence(in: "presence:room").keys.sorted() == [ada.id, bob.id].sorted())
            #expect(try await room.presence().count == 2)
            let id = bob.id
            bob.disconnect()
            var seen: [Client.SubscriptionEvent] = []
            for await event in room.events {
                if case .join(let info) = event, info.client == id { seen.append(event) }
                if case .leave(let info) = event, info.client == id { break }
            }
            #expect(seen.count == 1)
            var ids: [String] = []
            while case .some(let change) = await changes.next() {
                if case .join(let info) = change, info.client == id { ids.append(info.client) }
                if case .leave(let info) = change, info.client == id { room.unsubscribe() }
            }
            #expect(ids == [id])
        }
    }

    @Test("a pattern of channels: each publication says which one it is of", arguments: formats)
    func pattern(format: WireFormat) async throws {
        try await LiveServer.run { server in
            let client = server.client { $0.format = format }
            let all = try client.subscribe("wild:*")
            try await all.ready()
            for name in ["wild:a", "wild:b"] { try await client.publish(json: 1, to: name) }
            var channels: [String] = []
            for try await publication in all.publications {
                channels.append(publication.channel)
                if channels.count == 2 { break }
            }
            #expect(channels == ["wild:a", "wild:b"])
        }
    }

    @Test("calls and messages", arguments: formats)
    func calls(format: WireFormat) async throws {
        var handlers = HubHandlers()
        let messages = Mutex<[String]>([])
        handlers.call = { (event) async throws(HubRefusal) in
            guard event.method == "echo" else { throw .error(Wire.ErrorReply.Code(1_001, message: "sold out", isTemporary: true)) }
            return event.data
        }
        handlers.message = { _, data in messages.withLock { $0.append(String(buffer: data)) } }
        try await LiveServer.run(TestHub.make(handlers)) { server in
            let client = server.client { $0.format = format }
            #expect(try await client.rpc("echo", json: [1, 2], as: [Int].self) == [1, 2])
            await #expect(throws: RealtimeError(code: 1_001, message: "sold out", isTemporary: true)) { try await client.rpc("buy") }
            await #expect(throws: RealtimeError.self) { try await client.rpc("echo", json: "text", as: Int.self) }
            try await client.send(json: "seen")
            client.disconnect()
            try await eventually("the message") { messages.withLock { $0 } == [#""seen""#] }
        }
    }

    @Test("refusals are the server's errors; a subscription that is refused says so in its loop", arguments: formats)
    func refusals(format: WireFormat) async throws {
        try await LiveServer.run { server in
            let client = server.client { $0.format = format }
            await #expect(throws: RealtimeError(.permissionDenied)) { try await client.publish(json: 1, to: "closed:a") }
            await #expect(throws: RealtimeError(.unknownChannel)) { try await client.history(of: "nowhere:a") }
            let closed = try client.subscribe("closed:a")
            await #expect(throws: RealtimeError(.permissionDenied)) { for try await _ in closed.publications {} }
            #expect(closed.state == .unsubscribed)
            await #expect(throws: RealtimeError.unsubscribed) { try await closed.publish(json: 1) }
        }
    }

    @Test("many at once")
    func many() async throws {
        try await LiveServer.run { server in
            let client = server.client()
            let news = try client.subscribe("history:many")
            try await withThrowingTaskGroup(of: Void.self) { group in
                for number in 0..<500 { group.addTask { try await news.publish(json: number) } }
                try await group.waitForAll()
            }
            var numbers = Set<Int>()
            for try await publication in news.publications {
                numbers.insert(try publication.decode(Int.self))
                if publication.offset == 500 { break }
            }
            #expect(numbers.count == 500)
        }
    }

    // MARK: Cancelling, timing out, disconnecting

    @Test("a request that is cancelled, and one that takes too long")
    func cancelled() async throws {
        var handlers = HubHandlers()
        handlers.call = { (event) async throws(HubRefusal) in
            try? await Task.sleep(for: .milliseconds(1_500))
            return event.data
        }
        try await LiveServer.run(TestHub.make(handlers)) { server in
            let client = server.client { $0.timeout = .milliseconds(700) }
            try await client.ready(timeout: .seconds(30))
            let task = Task { try await client.rpc("slow") }
            task.cancel()
            await #expect(throws: RealtimeError.cancelled) { try await task.value }
            await #expect(throws: RealtimeError.timeout) { try await client.rpc("slow") }
            #expect(client.state == .connected)
        }
    }

    @Test("readers that are cancelled, and those who wait when it ends")
    func readers() async throws {
        try await LiveServer.run { server in
            let client = server.client()
            let news = try client.subscribe("open:news")
            try await news.ready()
            let cancelled = Task { for try await _ in news.publications {} }
            let waiting = Task { for try await _ in news.publications {} }
            let events = Task { for await _ in client.events {} }
            cancelled.cancel()
            try await cancelled.value
            client.disconnect()
            try await waiting.value
            await events.value
            await #expect(throws: RealtimeError.disconnected) { try await client.ready() }
        }
    }

    @Test("unsubscribe ends the loop; subscribe again goes on where it was")
    func unsubscribe() async throws {
        try await LiveServer.run { server in
            let client = server.client()
            let news = try client.subscribe("history:news")
            try await news.publish(json: 1)
            var seen: [UInt64] = []
            for try await publication in news.publications {
                seen.append(publication.offset)
                news.unsubscribe()
            }
            try await client.publish(json: 2, to: "history:news")
            news.subscribe()
            for try await publication in news.publications {
                seen.append(publication.offset)
                news.remove()
            }
            #expect(seen == [1, 2])
        }
    }

    @Test("the server ends the connection for good: loops throw its code; connecting again goes on")
    func terminal() async throws {
        try await LiveServer.run { server in
            let client = server.client()
            let news = try client.subscribe("history:news")
            try await news.publish(json: 1)
            server.hub.disconnect(client: client.id, DisconnectCode(4_501, reason: "banned"))
            var seen: [UInt64] = []
            do {
                for try await publication in news.publications { seen.append(publication.offset) }
                throw Unexpected("it ended without an error")
            } catch let error as RealtimeError {
                #expect(error == RealtimeError(code: 4_501, message: "banned"))
            }
            #expect(client.state == .disconnected)
            client.connect()
            try await news.publish(json: 2)
            for try await publication in news.publications {
                seen.append(publication.offset)
                break
            }
            #expect(seen == [1, 2])
        }
    }

    @Test("a client that nobody holds goes away")
    func dropped() async throws {
        try await LiveServer.run { server in
            var client: Client? = server.client()
            try await client?.ready()
            #expect(server.hub.counts.clients == 1)
            let states = client?.states
            client = nil
            try await eventually("the end") { server.hub.counts.clients == 0 }
            var last: Client.State?
            if let states { for await state in states { last = state } }
            #expect(last == .disconnected)
        }
    }

    @Test("nobody listens: it goes on trying; an address that is none: it does not")
    func unreachable() async throws {
        let port = try await LiveServer.run { $0.port }
        var configuration = Client.Configuration()
        configuration.minReconnectDelay = .milliseconds(1)
        let client = Client(url: "ws://127.0.0.1:\(port)/", configuration: configuration)
        client.connect()
        var errors = 0
        for await event in client.events {
            if case .error = event { errors += 1 }
            if errors == 3 { client.disconnect() }
        }
        #expect(errors >= 3)
        let wrong = Client(url: "http://nowhere/")
        wrong.connect()
        var last: Client.Event?
        for await event in wrong.events { last = event }
        guard case .disconnected(let reason) = last else { throw Unexpected("still connecting") }
        #expect(reason.code == 4)
    }

    @Test("states, from the present one on")
    func states() async throws {
        try await LiveServer.run { server in
            let client = Client(url: server.url())
            var states = client.states.makeAsyncIterator()
            #expect(await states.next() == .disconnected)
            client.connect()
            #expect(await states.next() == .connecting)
            #expect(await states.next() == .connected)
            client.disconnect()
            #expect(await states.next() == .disconnected)
        }
    }

    // MARK: Channels of values

    @Test("values in, values out", arguments: formats)
    func values(format: WireFormat) async throws {
        let quotes = Channel<Quote>("history:quotes")
        try await LiveServer.run { server in
            let client = server.client { $0.format = format }
            let subscription = try client.subscribe(to: quotes)
            try await client.publish(Quote(symbol: "AAPL", price: 1), to: quotes)
            try await subscription.publish(Quote(symbol: "AAPL", price: 2))
            try await client.publish(json: "no quote", to: quotes.name)
            try await subscription.publish(Quote(symbol: "AAPL", price: 3))
            var prices: [Int] = []
            do {
                for try await quote in subscription.values { prices.append(quote.price) }
                throw Unexpected("it ended without an error")
            } catch let error as RealtimeError {
                #expect(error.code == 4)
            }
            for try await quote in subscription.values {
                prices.append(quote.price)
                break
            }
            #expect(prices == [1, 2, 3])
            let history = try await client.history(of: quotes, limit: 10)
            #expect(history.publications.map { try? $0.value.price } == [1, 2, nil, 3])
            #expect(try await subscription.history(limit: 1).publications.count == 1)
            subscription.unsubscribe()
        }
    }

    @Test("a publication that is no such value is an element that says so")
    func notValues() async throws {
        let quotes = Channel<Quote>("history:quotes")
        try await LiveServer.run { server in
            let client = server.client()
            let subscription = try client.subscribe(to: quotes)
            try await subscription.subscription.publish(json: 1)
            try await subscription.publish(Quote(symbol: "AAPL", price: 2))
            var results: [Bool] = []
            for try await publication in subscription.publications {
                results.append((try? publication.value) != nil)
                if publication.publication.offset == 2 { break }
            }
            #expect(results == [false, true])
        }
    }

    // MARK: Filters, server-side subscriptions

    @Test("a filter by tags", arguments: formats)
    func filter(format: WireFormat) async throws {
        try await LiveServer.run { server in
            let client = server.client { $0.format = format }
            var options = Client.SubscriptionOptions()
            options.tagsFilter = Wire.FilterNode(key: "symbol", comparison: "eq", value: "AAPL")
            let quotes = try client.subscribe("history:quotes", options)
            try await quotes.ready()
            for (number, symbol) in ["MSFT", "AAPL", "GOOG", "AAPL"].enumerated() {
                try await server.hub.publish(Array("\(number)".utf8), to: "history:quotes", tags: ["symbol": symbol])
            }
            var seen: [UInt64] = []
            for try await publication in quotes.publications {
                #expect(publication.tags == ["symbol": "AAPL"])
                seen.append(publication.offset)
                if seen.count == 2 { break }
            }
            #expect(seen == [2, 4])
        }
    }

    @Test("channels that the server subscribes to", arguments: formats)
    func serverSide(format: WireFormat) async throws {
        var handlers = HubHandlers()
        handlers.connect = { (event) async throws(HubRefusal) in
            ConnectGrant(user: event.name, data: ByteBuffer(string: "7"), subscriptions: ["history:own": SubscribeGrant()])
        }
        try await LiveServer.run(TestHub.make(handlers)) { server in
            let client = server.client { ($0.format, $0.name) = (format, "ada") }
            try await client.ready()
            try await client.publish(json: 1, to: "history:own")
            server.hub.disconnect(user: "ada", .forceReconnect)
            try await eventually("another connection") { server.hub.counts.clients == 0 || !server.hub.clients(of: "ada").isEmpty }
            try await server.hub.publish(Array("2".utf8), to: "history:own")
            var seen: [UInt64] = []
            var connections = 0
            for await event in client.events {
                if case .connected(let connected) = event {
                    connections += 1
                    #expect(connected.data == ByteBuffer(string: "7"))
                }
                guard case .publication(let publication) = event else { continue }
                seen.append(publication.offset)
                if publication.offset == 2 { break }
            }
            #expect(seen == [1, 2])
            #expect(connections >= 1)
        }
    }
}

extension RealtimeError {
    fileprivate init(_ code: Wire.ErrorReply.Code) {
        self.init(code: code.number, message: code.message, isTemporary: code.isTemporary)
    }
}
