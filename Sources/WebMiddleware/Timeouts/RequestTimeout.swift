public import HTTPTypes
public import Hummingbird

/// Ends what takes too long: the handler's task is cancelled, and the client is told.
///
/// ```swift
/// router.add(middleware: RequestTimeout(.seconds(10)))
/// ```
///
/// The time begins where the middleware stands, and covers what is within: reading the request's body, the handler, its calls of others. It ends
/// with the answer's head; a body that is streamed is written afterwards and may last.
///
/// Cancellation in Swift is a request, which sleeping, reading the body, clients of databases and of HTTP all obey. Code that does not, such as a
/// computation without `Task.checkCancellation()`, is waited for: nothing of a request lives on after its answer, so there is never more going on
/// than there are requests.
public struct RequestTimeout<Context: RequestContext>: RouterMiddleware {
    private let limit: Duration
    private let status: HTTPResponse.Status

    /// - Parameters:
    ///   - limit: how long a request may take.
    ///   - status: what the client is told. Default 503; 504 where the time is that of another server, which the handler asks.
    public init(_ limit: Duration, status: HTTPResponse.Status = .serviceUnavailable) {
        self.limit = limit
        self.status = status
    }

    /// Answers the request, or says that it took too long.
    public func handle(
        _ request: Request, context: Context, next: (Request, Context) async throws -> Response
    ) async throws -> Response {
        try await withoutActuallyEscaping(next) { next in
            let handling = Handling(request: request, context: context, next: next)
            return try await withThrowingTaskGroup(of: Event.self) { group in
                group.addTask { await handling.run() }
                group.addTask { [limit] in
                    (try? await Task.sleep(for: limit)) == nil ? .timerStopped : .timeIsUp
                }
                var isLate = false
                for try await event in group {
                    switch event {
                    case .answered(let response) where !isLate:
                        group.cancelAll()
                        return response
                    case .failed(let error) where !isLate:
                        group.cancelAll()
                        throw error
                    case .timeIsUp:
                        isLate = true
                        group.cancelAll()
                    case .answered, .failed, .timerStopped: break
                    }
                }
                throw Problem(status, detail: "The request took longer than \(limit).")
            }
        }
    }

    private enum Event: Sendable {
        case answered(Response)
        case failed(any Error)
        case timeIsUp
        case timerStopped
    }

    /// What is handled, on its way into the task that does it.
    ///
    /// `@unchecked Sendable`: it is used by that one task only, and whoever made it waits for the task's end without touching it.
    private struct Handling: @unchecked Sendable {
        let request: Request
        let context: Context
        let next: (Request, Context) async throws -> Response

        func run() async -> Event {
            do { return .answered(try await next(request, context)) } catch { return .failed(error) }
        }
    }
}
