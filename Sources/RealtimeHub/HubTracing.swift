import Synchronization
import Tracing

/// Spans of commands that are decided on, `hub.command`, and of publications: `hub.publish`, from whoever publishes to the broker's answer, and within it `hub.deliver`, until the last subscriber has it. Without a tracer they
/// cost a comparison for each publication.
struct HubTracing: Sendable {
    let tracer: (any Tracing.Tracer)?

    /// - Parameter tracer: nil: the process's, if it has one by now.
    init(_ tracer: (any Tracing.Tracer)?) {
        let own = tracer ?? InstrumentationSystem.tracer
        self.tracer = own is NoOpTracer ? nil : own
    }

    /// A command of a client that somebody has to decide on, until that is done: what is asked meanwhile belongs to it.
    func deciding<Value>(
        _ command: HubOperation, _ decision: () async throws(HubRefusal) -> Value
    ) async throws(HubRefusal) -> Value {
        guard let tracer else { return try await decision() }
        let span = tracer.startAnySpan("hub.command", context: .topLevel, ofKind: .server)
        defer { span.end() }
        span.attributes["hub.command"] = command.rawValue
        let result = await ServiceContext.$current.withValue(span.context) { () async -> Result<Value, HubRefusal> in
            do throws(HubRefusal) { return .success(try await decision()) } catch { return .failure(error) }
        }
        if case .failure(let refusal) = result { span.recordError(refusal) }
        return try result.get()
    }

    func publishing<Result>(to channel: String, bytes: Int, _ body: () async throws -> Result) async rethrows -> Result {
        guard let span = publication(to: channel, bytes: bytes) else { return try await body() }
        defer { span.end() }
        do {
            return try await ServiceContext.$current.withValue(span.context) { try await body() }
        } catch {
            span.recordError(error)
            throw error
        }
    }

    /// A span that whoever asks for it ends.
    func publication(to channel: String, bytes: Int) -> (any Span)? {
        guard let tracer else { return nil }
        let span = tracer.startAnySpan("hub.publish", context: ServiceContext.current ?? .topLevel, ofKind: .producer)
        span.attributes["hub.channel"] = channel
        span.attributes["hub.bytes"] = bytes
        return span
    }

    /// What is started meanwhile belongs to the span.
    func within(_ span: (any Span)?, _ body: () -> Void) {
        guard let span else { return body() }
        ServiceContext.$current.withValue(span.context, operation: body)
    }

    static func end(_ span: (any Span)?, _ result: Result<some Any, some Error>) {
        guard let span else { return }
        if case .failure(let error) = result { span.recordError(error) }
        span.end()
    }

    /// For a publication that is part of a trace on this process.
    func delivery(on channel: String) -> DeliverySpan? {
        guard let tracer, let context = ServiceContext.current else { return nil }
        let span = tracer.startAnySpan("hub.deliver", context: context, ofKind: .consumer)
        span.attributes["hub.channel"] = channel
        return DeliverySpan(span)
    }
}

/// The span of one publication's way to all its subscribers on this process: one, however many they are.
final class DeliverySpan: Sendable {
    private struct State {
        /// Who has yet to hand it out; whoever posts it counts until all have it.
        var open = 1
        var sinks = 0
        var deliveries = 0
    }

    private let span: any Span
    private let state = Mutex(State())

    init(_ span: any Span) {
        self.span = span
    }

    /// One more will call ``handedOut(to:)``.
    func expectOne() {
        state.withLock { state in
            state.open += 1
            state.sinks += 1
        }
    }

    /// - Parameter subscribers: how many got it.
    func handedOut(to subscribers: Int) {
        let last = state.withLock { state -> State? in
            state.open -= 1
            state.deliveries += subscribers
            return state.open == 0 ? state : nil
        }
        guard let last else { return }
        span.attributes["hub.sinks"] = last.sinks
        span.attributes["hub.deliveries"] = last.deliveries
        span.end()
    }
}
