import InMemoryTracing
import NIOCore
import NIOEmbedded
import PubSub
import RealtimeProtocol
import ServerTestSupport
import Testing
import Tracing

@testable import RealtimeHub

@Suite("Traces of publications")
struct HubTracingTests {
    let loop = EmbeddedEventLoop()
    let tracer = InMemoryTracer()

    private func hub(_ tracer: (any Tracing.Tracer)?) -> Hub {
        var configuration = HubConfiguration()
        configuration.allowsAnonymousConnections = true
        return Hub(configuration: configuration, namespaces: Namespaces(named: ["open": TestHub.open]), tracer: tracer)
    }

    private func subscribers(_ count: Int, of hub: Hub) throws -> [TestClient] {
        try (0..<count).map { _ in
            let client = TestClient(hub, on: loop)
            try client.connect()
            _ = try client.subscribe("open:a")
            return client
        }
    }

    private func isWhole(_ span: FinishedInMemorySpan?, _ name: String, _ number: Int64) -> Bool {
        span?.attributes.get(name) == .int64(number)
    }

    @Test("one that the application publishes has a span, and within it one for all who get it")
    func application() async throws {
        let hub = hub(tracer)
        _ = try subscribers(3, of: hub)
        try await tracer.withSpan("caller") { _ in _ = try await hub.publish([0x31], to: "open:a") }
        loop.run()
        let spans = tracer.popFinishedSpans()
        let publish = try #require(spans.first { $0.operationName == "hub.publish" })
        let deliver = try #require(spans.filter { $0.operationName == "hub.deliver" }.first)
        let caller = try #require(spans.first { $0.operationName == "caller" })
        #expect(spans.count == 3, "not one for each subscriber")
        #expect(publish.parentSpanID == caller.spanID)
        #expect(deliver.parentSpanID == publish.spanID)
        #expect(deliver.traceID == caller.traceID)
        #expect(publish.attributes.get("hub.channel") == .string("open:a"))
        #expect(isWhole(publish, "hub.bytes", 1))
        #expect(isWhole(deliver, "hub.deliveries", 3))
        #expect(isWhole(deliver, "hub.sinks", 1))
    }

    @Test("a command that is decided on has one, and what is started meanwhile belongs to it; one that is refused says why")
    func commands() async throws {
        let tracer = tracer
        var handlers = HubHandlers()
        handlers.connect = { _ async throws(HubRefusal) in
            tracer.startSpan("asking").end()
            return ConnectGrant(user: "ada")
        }
        handlers.call = { _ async throws(HubRefusal) in throw .error(.permissionDenied) }
        let hub = Hub(namespaces: Namespaces(named: ["open": TestHub.open]), handlers: handlers, tracer: tracer)
        let client = try await LiveClient(hub)
        _ = try await client.connect()
        #expect(try await client.ask(.rpc(Wire.RPCRequest(method: "m"))).error?.code == 103)
        let spans = tracer.popFinishedSpans()
        let commands = spans.filter { $0.operationName == "hub.command" }
        #expect(commands.map { $0.attributes.get("hub.command") } == [.string("connect"), .string("rpc")])
        #expect(commands.map(\.errors.count) == [0, 1])
        #expect(commands.allSatisfy { $0.parentSpanID == nil && $0.kind == .server })
        #expect(spans.first { $0.operationName == "asking" }?.parentSpanID == commands.first?.spanID)
    }

    @Test("one that a client publishes has the same")
    func client() throws {
        let clients = try subscribers(2, of: hub(tracer))
        try clients[0].send(.publish(Wire.PublishRequest(channel: "open:a", data: ByteBuffer(string: "1"))))
        loop.run()
        let spans = tracer.popFinishedSpans()
        #expect(spans.map(\.operationName).sorted() == ["hub.deliver", "hub.publish"])
        #expect(isWhole(spans.first { $0.operationName == "hub.deliver" }, "hub.deliveries", 2))
    }

    @Test("one that nobody gets ends too, and one that fails says so")
    func nobody() async throws {
        let hub = hub(tracer)
        _ = try await hub.publish([0x31], to: "open:a")
        #expect(tracer.popFinishedSpans().map(\.operationName).sorted() == ["hub.deliver", "hub.publish"])
        await #expect(throws: (any Error).self) {
            try await hub.core.tracing.publishing(to: "open:a", bytes: 1) { throw Unexpected("the broker is down") }
        }
        #expect(tracer.popFinishedSpans().first?.errors.count == 1)
    }

    @Test("readers within the process are counted")
    func local() async throws {
        let hub = hub(tracer)
        let publications = try await hub.publications(in: "open:a")
        _ = try await hub.publish([0x31], to: "open:a")
        var iterator = publications.makeAsyncIterator()
        _ = try await iterator.next()
        #expect(isWhole(tracer.popFinishedSpans().first { $0.operationName == "hub.deliver" }, "hub.deliveries", 1))
    }

    @Test("without a tracer there is nothing")
    func none() async throws {
        let hub = hub(nil)
        #expect(hub.core.tracing.tracer == nil)
        #expect(hub.core.tracing.publication(to: "open:a", bytes: 1) == nil)
        #expect(hub.core.tracing.delivery(on: "open:a") == nil)
    }
}
