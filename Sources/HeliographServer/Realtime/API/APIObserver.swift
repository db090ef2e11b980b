import CoreMetrics
import HTTPTypes
import Instrumentation
import Tracing

/// Counts and times calls of the API, and makes a span of each, which goes on with the caller's trace (W3C Trace Context, if the tracer speaks that).
struct APIObserver: Sendable {
    private let timers: [String: CoreMetrics.Timer]
    private let factory: any MetricsFactory
    private let tracer: (any Tracing.Tracer)?

    /// - Parameters:
    ///   - methods: the names of all.
    ///   - factory: who is told.
    ///   - tracer: nil: the process's, if it has one by now.
    init(methods: some Sequence<String>, factory: any MetricsFactory = MetricsSystem.factory, tracer: (any Tracing.Tracer)? = nil) {
        let pairs = methods.map { ($0, Timer(label: "api_duration_seconds", dimensions: [("method", $0)], factory: factory)) }
        timers = Dictionary(pairs, uniquingKeysWith: { first, _ in first })
        self.factory = factory
        let own = tracer ?? InstrumentationSystem.tracer
        self.tracer = own is NoOpTracer ? nil : own
    }

    func call<Answer>(
        _ method: String, _ headers: HTTPFields, _ body: () async -> (Answer, APIError?)
    ) async -> (Answer, APIError?) {
        let start = ContinuousClock.now
        let result = await traced(method, headers, body)
        count(method, since: start, result.1)
        return result
    }

    /// Whether calls have spans.
    var isTracing: Bool { tracer != nil }

    /// The same for what is done at once, which has no span.
    ///
    /// - Returns: nil if `body` does: it was not a call then.
    func callAtOnce<Answer>(_ method: String, _ body: () -> (Answer, APIError?)?) -> (Answer, APIError?)? {
        let start = ContinuousClock.now
        guard let result = body() else { return nil }
        count(method, since: start, result.1)
        return result
    }

    private func count(_ method: String, since start: ContinuousClock.Instant, _ error: APIError?) {
        timers[method]?.recordNanoseconds(Int64(start.duration(to: .now) / .nanoseconds(1)))
        guard let error else { return }
        let code = (100..<400).contains(error.code) ? "\(error.code)" : "application"
        Counter(label: "api_errors_total", dimensions: [("code", code)], factory: factory).increment()
    }

    private func traced<Answer>(
        _ method: String, _ headers: HTTPFields, _ body: () async -> (Answer, APIError?)
    ) async -> (Answer, APIError?) {
        guard let tracer else { return await body() }
        var context = ServiceContext.current ?? .topLevel
        tracer.extract(headers, into: &context, using: FieldExtractor())
        return await tracer.withAnySpan("api.\(method)", context: context, ofKind: .server) { span in
            let result = await body()
            if let error = result.1 { span.recordError(error) }
            return result
        }
    }
}

/// Looks for the fields of a trace, such as `traceparent`.
private struct FieldExtractor: Extractor {
    func extract(key: String, from carrier: HTTPFields) -> String? {
        HTTPField.Name(key).flatMap { carrier[$0] }
    }
}
