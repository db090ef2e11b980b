import HTTPTypes
public import Hummingbird
import NIOCore

/// Lets each client make so many requests, and answers those beyond with 429 (RFC 6585 §4).
///
/// ```swift
/// router.add(middleware: RateLimit(.perMinute(600, burst: 50), key: .peerAddress))
/// ```
///
/// Every answer says how much is left: `RateLimit-Limit`, `RateLimit-Remaining`, `RateLimit-Reset` (seconds until all of it is back) and
/// `RateLimit-Policy` (draft-ietf-httpapi-ratelimit-headers); a refusal also says when to come back (`Retry-After`).
///
/// Buckets are of this process: behind a load balancer each process counts for itself. They take some 100 bytes each, and the least recently used
/// are forgotten when there are too many: whoever is forgotten begins anew with a full one.
public struct RateLimit<Context: RequestContext>: RouterMiddleware {
    private let rate: Rate
    private let buckets: TokenBuckets
    private let key: RateLimitKey<Context>
    private let cost: @Sendable (Request) -> Int
    private let now: @Sendable () -> NIODeadline

    /// - Parameters:
    ///   - rate: how many requests there may be.
    ///   - key: whose they are.
    ///   - maxKeys: so many buckets at most are kept. Default 100,000.
    ///   - cost: how many requests one stands for, such as a costly one. Default: 1 each.
    public init(
        _ rate: Rate, key: RateLimitKey<Context>, maxKeys: Int = 100_000, cost: @escaping @Sendable (Request) -> Int = { _ in 1 }
    ) {
        self.init(rate, key: key, maxKeys: maxKeys, cost: cost, now: { .now() })
    }

    init(
        _ rate: Rate, key: RateLimitKey<Context>, maxKeys: Int = 100_000, cost: @escaping @Sendable (Request) -> Int = { _ in 1 },
        now: @escaping @Sendable () -> NIODeadline
    ) {
        self.rate = rate
        self.key = key
        self.cost = cost
        self.now = now
        buckets = TokenBuckets(rate, maxKeys: maxKeys)
    }

    /// Handles the request, or refuses it.
    public func handle(
        _ request: Request, context: Context, next: (Request, Context) async throws -> Response
    ) async throws -> Response {
        guard let key = key(request, context) else { return try await next(request, context) }
        let verdict = buckets.take(cost(request), from: key, at: now())
        guard verdict.isAllowed else {
            var headers = fields(verdict)
            headers[.retryAfter] = "\(Self.seconds(verdict.timeToRetry))"
            throw Problem(.tooManyRequests, detail: "Come back in \(Self.seconds(verdict.timeToRetry)) s.", headers: headers)
        }
        var response = try await answer(to: request, context, next)
        response.headers.append(contentsOf: fields(verdict))
        return response
    }

    private func fields(_ verdict: TokenBuckets.Verdict) -> HTTPFields {
        var headers = HTTPFields()
        headers[RateLimitField.limit] = "\(rate.burst)"
        headers[RateLimitField.remaining] = "\(verdict.remaining)"
        headers[RateLimitField.reset] = "\(Self.seconds(verdict.timeToFull))"
        headers[RateLimitField.policy] = "\(rate.requests);w=\(rate.seconds)"
        return headers
    }

    /// Whole ones, rounded up: who comes then is not too early.
    private static func seconds(_ nanoseconds: Int64) -> Int64 {
        let (seconds, rest) = max(0, nanoseconds).quotientAndRemainder(dividingBy: 1_000_000_000)
        return rest > 0 ? seconds + 1 : seconds
    }
}

private enum RateLimitField {
    static let limit = name("RateLimit-Limit")
    static let remaining = name("RateLimit-Remaining")
    static let reset = name("RateLimit-Reset")
    static let policy = name("RateLimit-Policy")

    private static func name(_ name: String) -> HTTPField.Name {
        guard let name = HTTPField.Name(name) else { preconditionFailure("not a name: \(name)") }
        return name
    }
}
