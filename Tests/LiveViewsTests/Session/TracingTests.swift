import InMemoryTracing
import LiveViews
import Testing
import Tracing

@Suite("Traces of a view")
struct TracingTests {
    private let tracer = InMemoryTracer()

    private func wire() async throws -> Wire<Counter> {
        var configuration = LiveConfiguration()
        configuration.renderInterval = .zero
        let wire = try await Wire(LiveRoute(Counter.self, runtime: LiveRuntime(configuration: configuration, tracer: tracer))) { _ in
            Counter()
        }
        try await wire.join()
        return wire
    }

    @Test("mounts, events and renders are spans with the view's name")
    func spans() async throws {
        let wire = try await wire()
        _ = tracer.popFinishedSpans()
        try await wire.say(#"[1,0,"up"]"#)
        let spans = tracer.popFinishedSpans()
        #expect(spans.map(\.operationName) == ["live.event", "live.render"])
        for span in spans { #expect(span.attributes.get("live.view")?.isText(with: "Counter") == true) }
    }

    @Test("a view is mounted in a span")
    func mount() async throws {
        _ = try await wire()
        #expect(tracer.popFinishedSpans().map(\.operationName).contains("live.mount"))
    }

    @Test("an event that is refused is an error of its span")
    func refused() async throws {
        let wire = try await wire()
        _ = tracer.popFinishedSpans()
        try await wire.say(#"[1,0,"sideways"]"#)
        #expect(tracer.popFinishedSpans().first?.errors.count == 1)
    }
}

extension SpanAttribute {
    fileprivate func isText(with part: String) -> Bool {
        if case .string(let text) = self { text.contains(part) } else { false }
    }
}
