// Each request to a backend is a span, and the backend can go on with the trace.

import InMemoryTracing
import NIOCore
import RealtimeProtocol
import ServerTestSupport
import Testing
import Tracing

@testable import BackendHooks
@testable import RealtimeHub

@Suite("Traces of hooks", .timeLimit(.minutes(1)))
struct HookTracingTests {
    private let tracer = W3CTracer()
    private let identity = ClientIdentity(client: "c1", user: "42")

    private func handlers(_ backend: TestBackend, _ tracer: (any Tracing.Tracer)?) throws -> HubHandlers {
        var endpoint = HookEndpoint(url: "\(backend.url)/rpc?key=secret", name: "math")
        endpoint.requestFields = ["traceparent"]
        var configuration = BackendHooks.Configuration()
        configuration.calls = ["": endpoint]
        var handlers = HubHandlers()
        try BackendHooks(configuration, logger: quiet, tracer: tracer).add(to: &handlers)
        return handlers
    }

    private func call(_ handlers: HubHandlers, _ fields: [RequestField] = []) async throws {
        var event = CallEvent(identity: identity, method: "m", data: ByteBuffer(string: "1"))
        event.context.requestFields = fields
        let call = try #require(handlers.call)
        _ = try? await call(event)
    }

    @Test("a question is within the span of whoever asks, and the backend is told which it is")
    func question() async throws {
        let backend = try await TestBackend { _ in .json(#"{"result":{"data":1}}"#) }
        let handlers = try handlers(backend, tracer)
        try await tracer.withAnySpan("command") { _ in try await call(handlers, [RequestField(name: "traceparent", value: "the client's")])
        }
        let spans = tracer.kept.popFinishedSpans()
        let command = try #require(spans.first { $0.operationName == "command" })
        let hook = try #require(spans.first { $0.operationName == "hook.rpc" })
        #expect(spans.count == 2, "one for each request, and none with the address and its query")
        #expect(hook.parentSpanID == command.spanID && hook.traceID == command.traceID)
        #expect(hook.kind == .client)
        #expect(hook.attributes.get("hook.endpoint") == .string("math"))
        #expect(hook.attributes.get("http.response.status_code") == .int64(200))
        #expect(hook.status == nil && hook.errors.isEmpty)
        #expect(backend.requests.first?["traceparent"] == "00-\(hook.traceID)-\(hook.spanID)-01")
        try await backend.stop()
    }

    @Test("one that fails says so, with the status or the reason", arguments: [500, 404, 0])
    func failure(status: Int) async throws {
        let backend = try await TestBackend { _ in status == 0 ? .reset : .status(status) }
        try await call(handlers(backend, tracer))
        let hook = try #require(tracer.kept.popFinishedSpans().first)
        #expect(hook.parentSpanID == nil)
        #expect(hook.status?.code == .error)
        #expect(hook.attributes.get("http.response.status_code") == (status == 0 ? nil : .int64(Int64(status))))
        #expect(hook.errors.count == (status == 0 ? 1 : 0))
        try await backend.stop()
    }

    @Test("without a tracer there is no field, and a client's own is passed on as it is")
    func none() async throws {
        let backend = try await TestBackend { _ in .json("{}") }
        let handlers = try handlers(backend, nil)
        try await call(handlers)
        try await call(handlers, [RequestField(name: "traceparent", value: "x")])
        #expect(backend.requests.map { $0["traceparent"] } == [nil, "x"])
        try await backend.stop()
    }

    @Test("a batch of events has one, and says what became of it")
    func events() async throws {
        let backend = try await TestBackend { _ in .status(204) }
        var configuration = EventConfiguration(url: "\(backend.url)/events", secrets: ["a secret of sixteen"])
        configuration.batchDelay = .milliseconds(10)
        let events = try LifecycleEvents(configuration, logger: quiet, tracer: tracer)
        let task = Task { await events.run(node: "n1") }
        try await eventually("it is told") { !backend.requests.isEmpty }
        events.finish()
        await task.value
        let span = try #require(tracer.kept.popFinishedSpans().first)
        #expect((span.operationName, span.parentSpanID) == ("hook.events", nil))
        #expect(span.attributes.get("http.response.status_code") == .int64(204))
        #expect(backend.requests.first?["traceparent"] == "00-\(span.traceID)-\(span.spanID)-01")
        try await backend.stop()
    }
}
