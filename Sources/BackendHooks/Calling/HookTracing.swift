import NIOHTTP1
import Tracing

/// Spans of requests to backends, `hook.NAME`, which carry the trace on in the request's fields as the tracer writes it (`traceparent`, W3C Trace Context). Without a tracer they cost a
/// comparison for each request.
///
/// The HTTP client's own spans are off: they have the address with its query, where secrets may be.
struct HookTracing: Sendable {
    private let tracer: (any Tracer)?

    /// - Parameter tracer: nil: the process's, if it has one by now.
    init(_ tracer: (any Tracer)?) {
        let own = tracer ?? InstrumentationSystem.tracer
        self.tracer = own is NoOpTracer ? nil : own
    }

    /// - Parameters:
    ///   - name: what is asked, or told.
    ///   - endpoint: what the backend is called.
    ///   - fields: of the request; what a client sent of another trace is replaced.
    func calling(
        _ name: String, _ endpoint: String, _ fields: HTTPHeaders, _ body: (HTTPHeaders) async throws(HookFailure) -> HTTPAnswer
    ) async throws(HookFailure) -> HTTPAnswer {
        guard let tracer else { return try await body(fields) }
        let span = tracer.startAnySpan("hook.\(name)", context: ServiceContext.current ?? .topLevel, ofKind: .client)
        defer { span.end() }
        span.attributes["hook.endpoint"] = endpoint
        var fields = fields
        tracer.inject(span.context, into: &fields, using: FieldInjector())
        do throws(HookFailure) {
            let answer = try await body(fields)
            span.attributes["http.response.status_code"] = answer.status
            if answer.status >= 400 { span.setStatus(SpanStatus(code: .error)) }
            return answer
        } catch {
            span.recordError(error)
            span.setStatus(SpanStatus(code: .error, message: error.outcome))
            throw error
        }
    }
}

private struct FieldInjector: Injector {
    func inject(_ value: String, forKey key: String, into fields: inout HTTPHeaders) { fields.replaceOrAdd(name: key, value: value) }
}
