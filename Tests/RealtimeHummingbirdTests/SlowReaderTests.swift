import HTTPTypes
import NIOCore
import NIOEmbedded
import PubSub
import RealtimeHub
import RealtimeProtocol
import Synchronization
import Testing

@testable import RealtimeHummingbird

@Suite("Clients that do not read (A14)", .serialized, .timeLimit(.minutes(3)))
struct SlowReaderTests {
    private static func settings(_ http: StreamClient.HTTP) -> RealtimeServer.Settings {
        .init {
            $0.http = http
            $0.hub.maxBufferedBytes = 200_000
            $0.options.closeTimeout = .milliseconds(300)
        }
    }

    @Test(
        "cost what the hub allows and are cut off; the others lose nothing", arguments: EmulatedClient.Kind.allCases,
        [StreamClient.HTTP.plain, .http2])
    func cutOff(kind: EmulatedClient.Kind, http: StreamClient.HTTP) async throws {
        try await RealtimeServer.run(Self.settings(http)) { (server) async throws in
            let subscribe = Wire.Command.Body.subscribe(Wire.SubscribeRequest(channel: "open:tea"))
            let slow = try await EmulatedClient.connect(server, kind, token: "slow", subscribe, reads: false)
            let other = try await EmulatedClient.connect(server, kind, token: "other")
            try await other.subscribe("open:tea")
            try await eventually("it is there") { server.hub.channels()["open:tea"] == 2 }
            var published = 0
            // What the kernel takes comes on top.
            while !server.hub.clients(of: "slow").isEmpty {
                guard published < 2_000 else { throw Unexpected("it is not cut off") }
                try await server.publishText(to: "open:tea")
                published += 1
                #expect(try await other.publication().text.utf8.count == 20_002)
            }
            #expect(server.hub.clients(of: "other").count == 1)
            // The connection itself is gone soon after.
            try await slow.stream.channel.setOption(.autoRead, value: true).get()
            try await slow.stream.waitForClose()
        }
    }

    @Test(
        "are none that read, however long the answers are and however much is published in one turn",
        arguments: EmulatedClient.Kind.allCases)
    func readers(kind: EmulatedClient.Kind) async throws {
        try await RealtimeServer.run(Self.settings(.plain)) { (server) async throws in
            for _ in 0..<60 { try await server.publishText(to: "recover:a") }
            let epoch = try await server.hub.history(of: "recover:a", HistoryQuery()).position.epoch
            let client = try await EmulatedClient.connect(server, kind, token: "ada")
            // Ten times what may wait, all of it in one answer.
            let result = try await client.subscribe("recover:a") { ($0.recoverable, $0.recover, $0.epoch) = (true, true, epoch) }
            #expect(result.recovered && result.publications.count == 60)
            try await client.subscribe("open:tea")
            let text = Array("\"\(String(repeating: "x", count: 20_000))\"".utf8)
            for _ in 0..<60 { _ = try await server.hub.publish(text, to: "open:tea") }
            for _ in 0..<60 { #expect(try await client.publication().text.utf8.count == 20_002) }
        }
    }

    @Test("which only listen and missed much get all of it with their first push")
    func unidirectional() async throws {
        try await RealtimeServer.run(Self.settings(.plain)) { (server) async throws in
            let first = try await server.events("?token=ada%2Frecover:a")
            let id = try #require(try await first.event().id)
            await first.close()
            for _ in 0..<60 { try await server.publishText(to: "recover:a") }
            let second = try await server.events("?token=ada%2Frecover:a", lastEventID: id)
            let connect = try #require(try Wire.Push(json: try await second.event().data).connect)
            #expect(connect.subs["recover:a"]?.publications.count == 60)
            try await server.publish(1, to: "recover:a")
            #expect(try await second.event().data.contains("\"data\":1"))
            await second.close()
        }
    }

    @Test("are told by the last push, if they read after all", arguments: [EmulatedClient.Kind.httpStreamJSON, .events])
    func told(kind: EmulatedClient.Kind) async throws {
        var settings = Self.settings(.plain)
        settings.options.closeTimeout = .seconds(30)
        try await RealtimeServer.run(settings) { (server) async throws in
            let subscribe = Wire.Command.Body.subscribe(Wire.SubscribeRequest(channel: "open:tea"))
            let slow = try await EmulatedClient.connect(server, kind, token: "slow", subscribe, reads: false)
            try await eventually("it is there") { server.hub.channels()["open:tea"] == 1 }
            while !server.hub.clients(of: "slow").isEmpty { try await server.publishText(to: "open:tea") }
            try await slow.stream.channel.setOption(.autoRead, value: true).get()
            #expect(try await slow.disconnect() == 3_008)
        }
    }

    @Test("may get the latest in place of all, where the channel says so")
    func keepLatest() async throws {
        try await RealtimeServer.run(Self.settings(.plain)) { (server) async throws in
            let subscribe = Wire.Command.Body.subscribe(Wire.SubscribeRequest(channel: "lossy:tea"))
            let slow = try await EmulatedClient.connect(server, .httpStreamJSON, token: "slow", subscribe, reads: false)
            try await eventually("it is there") { server.hub.channels()["lossy:tea"] == 1 }
            for _ in 0..<400 { try await server.publishText(to: "lossy:tea") }
            try await server.publish(1, to: "lossy:tea")
            try await slow.stream.channel.setOption(.autoRead, value: true).get()
            var count = 0
            while try await slow.publication().text != "1" { count += 1 }
            #expect(count < 400, "some were dropped")
            #expect(server.hub.clients(of: "slow").count == 1)
        }
    }

    @Test("cost no more for long, if they take nothing at all")
    func stuck() async throws {
        var settings = Self.settings(.plain)
        settings.hub.maxBufferedBytes = 1 << 30
        settings.hub.pingInterval = .seconds(1)
        settings.options.writeTimeout = .milliseconds(500)
        try await RealtimeServer.run(settings) { (server) async throws in
            let slow = try await server.send(.get, "/connection/uni_sse?token=slow%2Fopen:tea", reads: false)
            try await eventually("it is there") { server.hub.channels()["open:tea"] == 1 }
            for _ in 0..<300 { try await server.publishText(to: "open:tea") }
            try await eventually("it is cut off") { server.hub.clients(of: "slow").isEmpty }
            await slow.close()
        }
    }
}

@Suite("The queue of a stream", .timeLimit(.minutes(1)))
struct OutgoingQueueTests {
    /// Takes from a queue on an event loop of its own, in which nothing happens by itself.
    private final class Writer: Sendable {
        let loop = NIOAsyncTestingEventLoop()
        let queue: OutgoingQueue

        init() { queue = OutgoingQueue(eventLoop: loop) }

        func onLoop<Value: Sendable>(_ body: @escaping @Sendable (OutgoingQueue) -> Value) async throws -> Value {
            try await loop.executeInContext { [queue] in body(queue) }
        }

        func next() async throws -> String? {
            let task = Task { [queue] in
                let bytes = await queue.next()
                return bytes.map { String(buffer: $0) }
            }
            let running = Task { [loop] in
                while !Task.isCancelled {
                    await loop.run()
                    await Task.yield()
                }
            }
            defer { running.cancel() }
            return await task.value
        }
    }

    @Test("gives what gathered in one piece, and counts until it is taken")
    func gathers() async throws {
        let writer = Writer()
        let counted = try await writer.onLoop { queue in
            for text in ["a", "bc", "", "def"] { queue.add(ByteBuffer(string: text)) }
            return queue.bufferedBytes
        }
        #expect(counted == 6)
        #expect(try await writer.next() == "abcdef")
        #expect(try await writer.onLoop(\.bufferedBytes) == 6, "the connection has not taken it yet")
        try await writer.onLoop { $0.add(ByteBuffer(string: "g")) }
        #expect(try await writer.onLoop(\.bufferedBytes) == 7)
        #expect(try await writer.next() == "g")
    }

    @Test("gives no more at once than a connection should have, but one long message whole")
    func chunks() async throws {
        let writer = Writer()
        try await writer.onLoop { queue in
            for _ in 0..<3 { queue.add(ByteBuffer(repeating: 0x61, count: 30_000)) }
            queue.add(ByteBuffer(repeating: 0x62, count: 200_000))
            queue.add(ByteBuffer(repeating: 0x63, count: 1))
        }
        var lengths: [Int] = []
        for _ in 0..<4 { lengths.append(try await writer.next()?.utf8.count ?? -1) }
        #expect(lengths == [60_000, 30_000, 200_000, 1])
    }

    @Test("ends after the last, and takes nothing more")
    func ends() async throws {
        let writer = Writer()
        try await writer.onLoop { queue in
            queue.add(ByteBuffer(string: "last"))
            queue.end()
            queue.end()
            queue.add(ByteBuffer(string: "late"))
        }
        #expect(try await writer.next() == "last")
        #expect(try await writer.next() == nil)
        #expect(try await writer.next() == nil)
    }

    @Test("tells when all has left, also of what did not have to wait: it may be long")
    func drained() async throws {
        let writer = Writer()
        let count = Mutex(0)
        try await writer.onLoop { $0.drained = { count.withLock { $0 += 1 } } }
        for number in 1...2 {
            let waiting = Task { try await writer.next() }
            try await eventually("it is told") {
                await writer.loop.run()
                return count.withLock { $0 } == number - 1
            }
            try await writer.onLoop { $0.add(ByteBuffer(string: "\(number)")) }
            #expect(try await waiting.value == "\(number)")
        }
        let waiting = Task { await writer.queue.next() }
        try await eventually("it is told") {
            await writer.loop.run()
            return count.withLock { $0 } == 2
        }
        try await writer.onLoop { $0.end() }
        #expect(await waiting.value == nil)
        #expect(count.withLock { $0 } == 2)
    }
}
