import HTTPTypes
public import Hummingbird

/// Lets in who shows who they are, by any of some schemes, and refuses others with 401 and what could be shown (RFC 9110 §11.6.1).
///
/// ```swift
/// router.group("api").add(middleware: Authentication([
///     .apiKey(keys) { key, context in context.caller = key.name },
///     .bearer { token, context in context.caller = try await sessions.user(of: token) ; return context.caller != nil },
/// ]))
/// ```
///
/// The first scheme that finds what it knows decides: a wrong key is not tried as a token.
public struct Authentication<Context: RequestContext>: RouterMiddleware {
    private let schemes: [AuthenticationScheme<Context>]

    /// - Parameter schemes: what may be shown.
    public init(_ schemes: [AuthenticationScheme<Context>]) {
        self.schemes = schemes
    }

    /// Handles the request, or refuses it.
    public func handle(
        _ request: Request, context: Context, next: (Request, Context) async throws -> Response
    ) async throws -> Response {
        for scheme in schemes {
            var context = context
            switch try await scheme.check(request, &context) {
            case .absent: continue
            case .accepted: return try await next(request, context)
            case .refused(let problem): throw problem
            }
        }
        throw Problem(.unauthorized, headers: HTTPFields(schemes.map { HTTPField(name: .wwwAuthenticate, value: $0.challenge) }))
    }
}

/// What a client may show, and how it is checked.
public struct AuthenticationScheme<Context: RequestContext>: Sendable {
    /// What came of it.
    public enum Outcome: Sendable {
        /// The request has nothing of this scheme.
        case absent
        /// It is good.
        case accepted
        /// It is not.
        case refused(Problem)
    }

    let challenge: String
    let check: @Sendable (Request, inout Context) async throws -> Outcome

    /// - Parameters:
    ///   - challenge: what `WWW-Authenticate` says of it, such as `Bearer realm="api"`.
    ///   - check: looks at a request; it may note in the context whose it is.
    public init(challenge: String, check: @escaping @Sendable (Request, inout Context) async throws -> Outcome) {
        self.challenge = challenge
        self.check = check
    }

    /// Bearer tokens (RFC 6750), in the `Authorization` header alone: an address with a token is logged and passed on.
    ///
    /// - Parameters:
    ///   - realm: what they are for, for whoever reads the refusal.
    ///   - maxBytes: longer ones are not looked at. Default 16 KiB.
    ///   - verify: whether a token is good. It may note whose it is in the context, and throw ``Problem``, such as one of ``Problem/insufficientScope(_:)``.
    public static func bearer(
        realm: String = "api", maxBytes: Int = 16 << 10, verify: @escaping @Sendable (String, inout Context) async throws -> Bool
    ) -> AuthenticationScheme {
        let challenge = "Bearer realm=\"\(quotable(realm))\""
        return AuthenticationScheme(challenge: challenge) { request, context in
            guard let token = request.credentials(scheme: "bearer") else { return .absent }
            guard !token.isEmpty, token.utf8.count <= maxBytes, token.utf8.allSatisfy(isTokenCharacter) else {
                return .refused(.bearer(.badRequest, "\(challenge), error=\"invalid_request\"", "The token is malformed."))
            }
            if try await verify(token, &context) { return .accepted }
            return .refused(.bearer(.unauthorized, "\(challenge), error=\"invalid_token\"", "The token is not good, or no longer."))
        }
    }

    /// Keys of an API.
    ///
    /// - Parameters:
    ///   - keys: those that are good; looked at for each request, so that they can change.
    ///   - places: where they may be. Default: `X-API-Key: KEY` and `Authorization: apikey KEY`.
    ///   - realm: what they are for.
    ///   - accepted: told which one it is, to note it in the context.
    public static func apiKey(
        _ keys: @autoclosure @escaping @Sendable () -> APIKeys,
        in places: [APIKeyPlace] = [.header("X-API-Key"), .authorization("apikey")], realm: String = "api",
        accepted: @escaping @Sendable (APIKeys.Key, inout Context) -> Void = { _, _ in }
    ) -> AuthenticationScheme {
        let challenge = "ApiKey realm=\"\(quotable(realm))\""
        return AuthenticationScheme(challenge: challenge) { request, context in
            guard let text = places.lazy.compactMap({ $0.text(request) }).first else { return .absent }
            guard text.utf8.count <= 4_096, let key = keys().key(text) else {
                return .refused(Problem(.unauthorized, detail: "The key is not known.", headers: [.wwwAuthenticate: challenge]))
            }
            accepted(key, &context)
            return .accepted
        }
    }

    /// What may stand within quotes as it is.
    private static func quotable(_ text: String) -> String {
        String(
            decoding: text.utf8.filter { (0x20...0x7E).contains($0) && $0 != UInt8(ascii: "\"") && $0 != UInt8(ascii: "\\") }, as: UTF8.self
        )
    }

    /// RFC 6750 §2.1, b64token.
    @Sendable private static func isTokenCharacter(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"), UInt8(ascii: "0")...UInt8(ascii: "9"): true
        default: "-._~+/=".utf8.contains(byte)
        }
    }
}

/// Where a key of an API may be.
public struct APIKeyPlace: Sendable {
    let text: @Sendable (Request) -> String?

    /// The value of a header; none, if it is not a name that a header can have.
    public static func header(_ name: String) -> APIKeyPlace {
        let name = HTTPField.Name(name)
        return APIKeyPlace { request in name.flatMap { request.headers[$0] } }
    }

    /// Behind a scheme of its own in the `Authorization` header.
    public static func authorization(_ scheme: String) -> APIKeyPlace {
        let scheme = scheme.lowercased()
        return APIKeyPlace { request in request.credentials(scheme: scheme) }
    }
}

extension Request {
    /// What follows a scheme in the `Authorization` header (RFC 9110 §11.4); nil if it has another scheme, or is not there. The scheme in lower case.
    func credentials(scheme: String) -> String? {
        guard let field = headers[.authorization] else { return nil }
        let parts = field.split(separator: " ", maxSplits: 1)
        guard parts.first?.lowercased() == scheme else { return nil }
        return parts.count == 2 ? String(parts[1].drop { $0 == " " }) : ""
    }
}

extension Problem {
    /// A token is good, but not for this (RFC 6750 §3.1).
    ///
    /// - Parameter scope: what it would have to have.
    public static func insufficientScope(_ scope: String) -> Problem {
        let scope = String(decoding: scope.utf8.filter { (0x20...0x7E).contains($0) && $0 != 0x22 && $0 != 0x5C }, as: UTF8.self)
        return .bearer(.forbidden, "Bearer error=\"insufficient_scope\", scope=\"\(scope)\"", "The token is not for this.")
    }

    static func bearer(_ status: HTTPResponse.Status, _ challenge: String, _ detail: String) -> Problem {
        Problem(status, detail: detail, headers: [.wwwAuthenticate: challenge])
    }
}
