// Timeouts. Connections have theirs (idle, handshake) in the server; this one is for the work that a request causes.

import HTTPTypes
import Hummingbird

/// Runs `work`, and cancels it when it takes longer than `limit`.
///
/// Swift cancels by asking: work that looks neither at `Task.isCancelled` nor awaits anything that does goes on, and this waits for it.
/// - Throws: what `work` throws, or `HTTPError(.serviceUnavailable)` when time was up.
func withTimeout<Value: Sendable>(_ limit: Duration, _ work: @escaping @Sendable () async throws -> Value) async throws -> Value {
    try await withThrowingTaskGroup(of: Value?.self) { group in
        group.addTask { try await work() }
        group.addTask {
            try await Task.sleep(for: limit)
            return nil
        }
        defer { group.cancelAll() }
        if let first = try await group.next(), let value = first { return value }
        throw HTTPError(.serviceUnavailable, headers: [.retryAfter: "1"], message: "this took too long")
    }
}

/// One limit for all requests: it stands around the router. Covers everything up to the response's head; the body of a streamed
/// response is written later, and so is what goes through a socket.
struct TimeoutResponder<Base: HTTPResponder>: HTTPResponder where Base.Context == AppContext {
    var base: Base
    var limit: Duration

    init(_ base: Base, limit: Duration) {
        self.base = base
        self.limit = limit
    }

    func respond(to request: Request, context: AppContext) async throws -> Response {
        do {
            return try await withTimeout(limit) { [base] in try await base.respond(to: request, context: context) }
        } catch let error as any HTTPResponseError {
            // Outside of the router nobody else would turn it into a response.
            return try error.response(from: request, context: context)
        }
    }
}

func addSlowRoutes(to group: RouterGroup<AppContext>) {
    // GET /slow/5000: sleeps for so many milliseconds, if it is let.
    group.get("{ms}") { _, context in
        let milliseconds = try context.parameters.require("ms", as: Int.self)
        try await Task.sleep(for: .milliseconds(milliseconds))
        return "done"
    }

    // GET /slow/part/5000: a limit for one part of the work; the rest still happens.
    group.get("part/{ms}") { _, context in
        let milliseconds = try context.parameters.require("ms", as: Int.self)
        do {
            return try await withTimeout(.milliseconds(50)) {
                try await Task.sleep(for: .milliseconds(milliseconds))
                return "fresh"
            }
        } catch is HTTPError {
            return "from yesterday"
        }
    }
}
