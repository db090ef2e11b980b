import NIOCore
import RealtimeProtocol
import Synchronization
import Testing

@testable import RealtimeHub

@Suite("Traces")
struct HubTraceTests {
    private func hub() -> Hub {
        var handlers = HubHandlers()
        handlers.connect = { event in ConnectGrant(user: String(buffer: event.data).replacing("\"", with: "")) }
        return TestHub.make(handlers)
    }

    private func client(_ hub: Hub, _ user: String) async throws -> (client: LiveClient, id: String) {
        let client = try await LiveClient(hub)
        let request = Wire.ConnectRequest(token: "", data: ByteBuffer(string: "\"\(user)\""))
        guard case .connect(let result) = try await client.ask(.connect(request)).body else { throw Unexpected("not connected") }
        return (client, result.client)
    }

    /// The events until one that is the last of interest.
    private func events(_ trace: HubTrace, until isLast: @escaping @Sendable (TraceEvent) -> Bool) -> Task<[TraceEvent], any Error> {
        Task {
            var events: [TraceEvent] = []
            for await event in trace {
                events.append(event)
                if isLast(event) { return events }
            }
            throw Unexpected("the trace ended after \(events)")
        }
    }

    @Test("Of a user: a connection comes, says things, is told things, and goes; nothing of others", .timeLimit(.minutes(1)))
    func user() async throws {
        let hub = hub()
        let bob = try await client(hub, "bob")
        let events = events(try await hub.trace(.user("ann"))) { $0.kind == .disconnected }
        let ann = try await client(hub, "ann")
        _ = try await ann.client.ask(.subscribe(Wire.SubscribeRequest(channel: "open:a")))
        _ = try await bob.client.ask(.subscribe(Wire.SubscribeRequest(channel: "open:a")))
        _ = try await bob.client.ask(.publish(Wire.PublishRequest(channel: "open:a", data: ByteBuffer(string: #"{"x":1}"#))))
        try await eventually("the publication") {
            try await ann.client.replies().contains { if case .push = $0.body { true } else { false } } ? true : nil
        }
        _ = try await ann.client.ask(.publish(Wire.PublishRequest(channel: "closed:a", data: ByteBuffer(string: "1"))))
        hub.disconnect(client: ann.id)
        let told = try await events.value
        #expect(told.map(\.number) == Array(1...UInt64(told.count)))
        #expect(told.allSatisfy { $0.client == ann.id && $0.user == "ann" })
        #expect(
            told.map { "\($0.kind) \($0.text)" } == [
                "connected test json 192.0.2.1", "reply 1: ok", "command subscribe open:a", "reply 2: subscribed, 0 publications",
                #"push publication open:a {"x":1}"#, "command publish closed:a 1", "reply 3: error 103 permission denied",
                "disconnected 3503 force disconnect",
            ])
    }

    @Test("Of a connection that is there already, and of a channel: what is published, who subscribes and goes", .timeLimit(.minutes(1)))
    func channel() async throws {
        let hub = hub()
        let ann = try await client(hub, "ann"), bob = try await client(hub, "bob")
        let ofAnn = events(try await hub.trace(.client(ann.id))) { $0.kind == .reply }
        let ofChannel = events(try await hub.trace(.channel("history:a"))) { $0.kind == .unsubscribed }
        _ = try await ann.client.ask(.subscribe(Wire.SubscribeRequest(channel: "history:a")))
        _ = try await bob.client.ask(.subscribe(Wire.SubscribeRequest(channel: "open:b")))
        _ = try await bob.client.ask(.publish(Wire.PublishRequest(channel: "history:a", data: ByteBuffer(string: "7"))))
        try await hub.publish(Array("8".utf8), to: "history:a")
        try await ann.client.lose()
        #expect(try await ofAnn.value.map(\.text) == ["subscribe history:a", "2: subscribed, 0 publications"])
        let told = try await ofChannel.value
        #expect(told.map(\.kind) == [.subscribed, .publication, .publication, .unsubscribed])
        #expect(told.map(\.text) == ["", "#1 7", "#2 8", ""])
        #expect(told.map(\.user) == ["ann", "bob", "", "ann"])
        #expect(told.map(\.bytes) == [0, 1, 1, 0])
        try await eventually("the end") { hub.channels()["history:a"] == nil ? true : nil }
    }

    @Test("Of more than somebody could read, the rest is left out, and numbered")
    func flood() async throws {
        let (stream, continuation) = AsyncStream<TraceEvent>.makeStream(bufferingPolicy: .bufferingNewest(Tracer.bufferSize))
        let tracer = Tracer(.user("ann"), continuation, now: { 5_000 })
        for number in 0..<1_000 { tracer.record(.command, client: "c", user: "ann", "\(number)") }
        tracer.finish()
        var events: [TraceEvent] = []
        for await event in stream { events.append(event) }
        #expect(events.count == 200)
        #expect(events.last?.number == 200)
        let (later, next) = AsyncStream<TraceEvent>.makeStream()
        let second = Tracer(.user("ann"), next, now: { 7_000 })
        second.record(.command, client: "c", user: "ann", "again")
        second.finish()
        for await event in later { #expect(event.number == 1) }
    }

    @Test("Numbers come in their order, from however many threads")
    func order() async {
        let (stream, continuation) = AsyncStream<TraceEvent>.makeStream()
        let time = Atomic<Int64>(0)
        let tracer = Tracer(.channel("a"), continuation, now: { time.wrappingAdd(1_000, ordering: .relaxed).newValue })
        await withTaskGroup(of: Void.self) { group in
            for _ in 0..<4 {
                group.addTask {
                    for _ in 0..<2_000 { tracer.record(.push, client: "c", user: "ann", "") }
                }
            }
        }
        tracer.finish()
        var numbers: [UInt64] = []
        for await event in stream { numbers.append(event.number) }
        #expect(numbers == Array(1...8_000))
    }

    @Test("Tokens are never in it, and payloads are cut")
    func secrets() {
        let token = "header.claims.signature"
        let commands: [Wire.Command.Body] = [
            .connect(Wire.ConnectRequest(token: token)), .refresh(Wire.RefreshRequest(token: token)),
            .subscribe(Wire.SubscribeRequest(channel: "a", token: token)), .subRefresh(Wire.SubRefreshRequest(channel: "a", token: token)),
        ]
        for command in commands { #expect(!TraceText.of(Wire.Command(id: 1, body: command)).contains("signature")) }
        var result = Wire.ConnectResult(client: "c")
        result.session = "secret"
        #expect(TraceText.of(Wire.Reply(id: 1, body: .connect(result))) == "1: ok")
        #expect(TraceText.of(Array(repeating: UInt8(ascii: "a"), count: 1_000)).utf8.count < 310)
        #expect(TraceText.of(Array(("x" + String(repeating: "é", count: 500)).utf8)).hasSuffix("é…"))
        #expect(TraceText.of([0xff, 0xfe, 0x00]) == "3 bytes")
    }

    @Test("There are sixteen at a time; one that ends makes room, and all end with the hub", .timeLimit(.minutes(1)))
    func limits() async throws {
        let hub = hub()
        var traces: [HubTrace?] = []
        for number in 0..<16 { traces.append(try await hub.trace(.user("\(number)"))) }
        await #expect(throws: HubRefusal.error(.limitExceeded)) { _ = try await hub.trace(.user("one more")) }
        await #expect(throws: HubRefusal.error(.unknownChannel)) { _ = try await hub.trace(.channel("nowhere:a")) }
        traces[3] = nil
        let last = try await eventually("room") { try? await hub.trace(.user("one more")) }
        hub.shutDown()
        for await _ in last {}
    }
}
