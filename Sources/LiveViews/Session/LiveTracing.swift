import Tracing

/// Spans of what views do, with the view's name: `live.mount`, `live.event` (what its effects do is within it), `live.render`. Without a tracer they cost a comparison.
struct LiveTracing: Sendable {
    let tracer: (any Tracer)?

    /// - Parameter tracer: nil: the process's, if it has one by now.
    init(_ tracer: (any Tracer)?) {
        let own = tracer ?? InstrumentationSystem.tracer
        self.tracer = own is NoOpTracer ? nil : own
    }

    func span<Result>(_ name: String, of view: @autoclosure () -> String, _ body: () throws -> Result) rethrows -> Result {
        guard let tracer else { return try body() }
        return try tracer.withAnySpan(name) { span in
            span.attributes["live.view"] = view()
            return try body()
        }
    }

    func span<Result>(_ name: String, of view: @autoclosure () -> String, _ body: () async throws -> Result) async rethrows -> Result {
        guard let tracer else { return try await body() }
        return try await tracer.withAnySpan(name) { span in
            span.attributes["live.view"] = view()
            return try await body()
        }
    }
}
