import Logging
import NIOCore
import RealtimeHub
import Synchronization

/// Asks one backend one kind of question.
final class HookCaller: Sendable {
    private struct State {
        var breaker: CircuitBreaker
        var inFlight = 0
        var complaints = SparingLog()
    }

    let endpoint: HookEndpoint
    private let exchange: HTTPExchange
    private let mostInFlight: Int
    private let figures: HookFigures
    private let logger: Logger
    private let state: Mutex<State>

    /// - Throws: what is wrong with the certificates.
    init(_ hook: Hook, _ endpoint: HookEndpoint, logger: Logger, tracing: HookTracing) throws {
        self.endpoint = endpoint
        exchange = HTTPExchange(
            client: try HTTPClients.client(endpoint.tls, maxConnections: endpoint.maxConcurrent), url: endpoint.url,
            timeout: endpoint.timeout, maxAnswerBytes: endpoint.maxAnswerBytes, name: hook.rawValue, endpoint: endpoint.name,
            tracing: tracing)
        let (most, isMore) = endpoint.maxConcurrent.multipliedReportingOverflow(by: Self.waiting)
        mostInFlight = isMore ? .max : most
        figures = HookFigures(hook, endpoint.name)
        var logger = logger
        logger[metadataKey: "hook"] = "\(hook.rawValue)"
        logger[metadataKey: "endpoint"] = "\(EndpointRules.shown(endpoint.url))"
        self.logger = logger
        state = Mutex(State(breaker: CircuitBreaker(endpoint.breaker)))
    }

    /// Asks, and waits no longer than the endpoint's timeout.
    func ask<Result: HookResult>(_ request: HookRequest, _ context: ClientContext) async throws(HookFailure) -> HookAnswer<Result> {
        let start = NIODeadline.now()
        do throws(HookFailure) {
            try admit(start)
        } catch {
            figures.ended(error.outcome, nil)
            throw error
        }
        do throws(HookFailure) {
            let answer: HookAnswer<Result> = try await post(request, context)
            settle(nil, since: start)
            if case .refusal = answer { figures.ended("refused", .now() - start) } else { figures.ended("ok", .now() - start) }
            return answer
        } catch {
            settle(error, since: start)
            figures.ended(error.outcome, .now() - start)
            throw error
        }
    }

    private func post<Result: HookResult>(
        _ request: HookRequest, _ context: ClientContext
    ) async throws(HookFailure) -> HookAnswer<Result> {
        let answer = try await exchange.post(request.body(includesMeta: endpoint.includesMeta), endpoint.fields(context))
        guard answer.status == 200 else { throw .status(answer.status) }
        do throws(AnswerFault) { return try HookAnswer(answer.body) } catch { throw .badAnswer(error.description) }
    }

    /// So many times as many as may be at the backend wait for a connection.
    private static let waiting = 16

    private func admit(_ now: NIODeadline) throws(HookFailure) {
        let failure = state.withLock { state -> HookFailure? in
            guard state.inFlight < mostInFlight else { return .busy }
            guard state.breaker.admits(at: now) else { return .open }
            state.inFlight += 1
            return nil
        }
        if let failure { throw failure }
        figures.began()
    }

    private func settle(_ failure: HookFailure?, since start: NIODeadline) {
        let now = NIODeadline.now()
        let (opens, untold) = state.withLock { state -> (Bool, Int?) in
            state.inFlight -= 1
            guard let failure, failure.countsForBreaker else {
                state.breaker.succeeded(at: now)
                return (false, failure == nil ? nil : state.complaints.next(at: now))
            }
            return (state.breaker.failed(at: now), state.complaints.next(at: now))
        }
        guard let failure else { return }
        if let untold {
            logger.warning("a backend gave no answer", metadata: ["why": "\(failure)", "before": "\(untold)"])
        }
        if opens { logger.error("a backend fails, and is left alone", metadata: ["seconds": "\(endpoint.breaker.pause)"]) }
    }
}
