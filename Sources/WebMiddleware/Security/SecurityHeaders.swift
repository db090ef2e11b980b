public import HTTPTypes
public import Hummingbird

/// What browsers are told about pages: where they may load from, who may frame them, what they may use.
///
/// ```swift
/// var options = SecurityHeaderOptions()
/// options.strictTransportSecurity = StrictTransportSecurity()
/// router.add(middleware: SecurityHeaders(options))
/// ```
///
/// Headers that the handler has set itself stay. Answers that are errors have them too.
public struct SecurityHeaders<Context: RequestContext>: RouterMiddleware {
    private let fields: [HTTPField]
    private let policy: SecurityHeaderOptions.Policy?

    /// - Parameter options: what is said. Default: a page loads from its own host only, is framed by nobody, sends no referrer.
    public init(_ options: SecurityHeaderOptions = SecurityHeaderOptions()) {
        var fields = options.fields
        policy = options.contentSecurityPolicy
        if case .fixed(let policy) = options.contentSecurityPolicy {
            fields.append(HTTPField(name: .contentSecurityPolicy, value: "\(policy)"))
        }
        self.fields = fields
    }

    /// Handles the request, and adds the headers.
    public func handle(
        _ request: Request, context: Context, next: (Request, Context) async throws -> Response
    ) async throws -> Response {
        guard case .perRequest(let policy) = policy else {
            return added(fields, to: try await answer(to: request, context, next))
        }
        let nonce = ContentSecurityNonce.random()
        let response = try await ContentSecurityNonce.$current.withValue(nonce) { try await answer(to: request, context, next) }
        return added(fields + [HTTPField(name: .contentSecurityPolicy, value: "\(policy(nonce))")], to: response)
    }

    private func added(_ fields: [HTTPField], to response: Response) -> Response {
        var response = response
        for field in fields where !response.headers.contains(field.name) { response.headers.append(field) }
        return response
    }
}

/// What ``SecurityHeaders`` says.
public struct SecurityHeaderOptions: Sendable {
    /// Where a page may load from: `Content-Security-Policy`.
    public enum Policy: Sendable {
        /// The same for all answers.
        case fixed(ContentSecurityPolicy)
        /// One for each answer, with its nonce, which the page has in its inline scripts and styles: `.scriptSrc(.nonce(nonce))`. The handler has
        /// it as `ContentSecurityNonce.current`.
        case perRequest(@Sendable (_ nonce: String) -> ContentSecurityPolicy)
    }

    /// Default: all from the page's own host, nothing inline, no plugins, no frames around it, forms to the host only.
    public var contentSecurityPolicy: Policy? = .fixed([
        .defaultSrc(.self), .objectSrc(.none), .baseURI(.none), .formAction(.self), .frameAncestors(.none),
    ])
    /// Browsers come back by TLS alone. Only for hosts that always have it: nobody can take it back before its time is over. Default nil: not said.
    public var strictTransportSecurity: StrictTransportSecurity?
    /// What other sites learn of where a visitor comes from. Default `no-referrer`; with it a browser says `Origin: null` when it posts a form.
    public var referrerPolicy: ReferrerPolicy? = .noReferrer
    /// What a page, and what it frames, may use of the device. Default: neither camera, place, microphone, payment nor USB.
    public var permissionsPolicy: PermissionsPolicy? = .nothing
    /// Who shares a group of windows with the page: `Cross-Origin-Opener-Policy`. Default `same-origin`.
    public var crossOriginOpenerPolicy: String? = "same-origin"
    /// Who may load an answer into a page: `Cross-Origin-Resource-Policy`. Default `same-origin`.
    public var crossOriginResourcePolicy: String? = "same-origin"
    /// What a page may load that does not say so itself: `Cross-Origin-Embedder-Policy`. With `require-corp` and the opener policy a page is isolated, and
    /// gets an exact clock. Default nil: not said.
    public var crossOriginEmbedderPolicy: String?
    /// More headers.
    public var others: HTTPFields = [:]

    /// The defaults.
    public init() {}

    /// All but the policy. A type is never guessed from the content.
    fileprivate var fields: [HTTPField] {
        let named: [(String, String?)] = [
            ("X-Content-Type-Options", "nosniff"), ("Strict-Transport-Security", strictTransportSecurity?.description),
            ("Referrer-Policy", referrerPolicy?.rawValue), ("Permissions-Policy", permissionsPolicy?.description),
            ("Cross-Origin-Opener-Policy", crossOriginOpenerPolicy), ("Cross-Origin-Resource-Policy", crossOriginResourcePolicy),
            ("Cross-Origin-Embedder-Policy", crossOriginEmbedderPolicy),
        ]
        let fields = named.compactMap { name, value -> HTTPField? in
            guard let value, let name = HTTPField.Name(name) else { return nil }
            return HTTPField(name: name, value: value)
        }
        return fields + Array(others)
    }
}
