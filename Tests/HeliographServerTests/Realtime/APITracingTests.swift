import CoreMetrics
import HTTPTypes
import InMemoryTracing
import RealtimeProtocol
import ServerTestSupport
import Testing
import Tracing

@testable import HeliographServer

@Suite("Traces of API calls")
struct APITracingTests {
    private static let parent: HTTPFields = {
        var fields = HTTPFields()
        if let name = HTTPField.Name("traceparent") { fields[name] = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01" }
        return fields
    }()

    @Test("a call goes on with its caller's trace, and what it starts belongs to it")
    func continues() async {
        let tracer = W3CTracer()
        let observer = APIObserver(methods: ["publish"], tracer: tracer)
        _ = await observer.call("publish", Self.parent) {
            tracer.kept.startSpan("inner").end()
            return ("", nil)
        }
        let spans = tracer.kept.popFinishedSpans()
        let call = spans.first { $0.operationName == "api.publish" }
        #expect(call?.traceID == "0af7651916cd43dd8448eb211c80319c")
        #expect(call?.parentSpanID == "b7ad6b7169203331")
        #expect(spans.first { $0.operationName == "inner" }?.parentSpanID == call?.spanID)
    }

    @Test("one without a trace begins one, and one that is refused says why")
    func begins() async {
        let tracer = W3CTracer()
        let observer = APIObserver(methods: ["publish"], tracer: tracer)
        _ = await observer.call("publish", [:]) { ("", APIError(.permissionDenied)) }
        let span = tracer.kept.popFinishedSpans().first
        #expect(span?.parentSpanID == nil)
        #expect(span?.errors.count == 1)
    }

    @Test("calls are timed and their errors counted, by labels from tables of ours")
    func counts() async {
        let metrics = ServerMetrics()
        let observer = APIObserver(methods: ["publish"], factory: metrics)
        _ = await observer.call("publish", [:]) { ("", APIError(.permissionDenied)) }
        _ = await observer.call("publish", [:]) { ("", nil) }
        _ = await observer.call("nothing-of-ours", [:]) { ("", nil) }
        let text = metrics.text().text
        #expect(text.contains(#"api_errors_total{code="103"} 1"#))
        #expect(text.contains(#"api_duration_seconds_count{method="publish"} 2"#))
        #expect(!text.contains("nothing-of-ours"))
    }
}
