import HTTPTypes
import Hummingbird

/// What browsers are told about the pages: nothing from elsewhere, nothing inline, no frames, no text that becomes markup.
struct SecurityHeaders: RouterMiddleware {
    typealias Context = BasicRequestContext

    static let policy = policy("style-src 'self'", "trusted-types 'none'")
    /// Live views have widths and colours in attributes; and their client parses templates, which the server made, as markup.
    static let livePolicy = policy("style-src 'self'; style-src-attr 'unsafe-inline'", "trusted-types heliograph-live")

    /// The admin pages have no style in attributes.
    static let adminPolicy = policy("style-src 'self'", "trusted-types heliograph-live")

    private static func policy(_ style: String, _ trustedTypes: String) -> String {
        [
            "default-src 'none'", "script-src 'self'", style, "img-src 'self'", "connect-src 'self'", "form-action 'self'",
            "base-uri 'none'",
            "frame-ancestors 'none'", "require-trusted-types-for 'script'", trustedTypes,
        ].joined(separator: "; ")
    }

    private static let fields: [(String, String)] = [
        ("X-Content-Type-Options", "nosniff"),
        ("Cross-Origin-Opener-Policy", "same-origin"),
        ("Cross-Origin-Resource-Policy", "same-origin"),
        // With the opener policy this isolates the page, and an isolated page gets a clock of microseconds: for the echo page.
        ("Cross-Origin-Embedder-Policy", "require-corp"),
        ("Permissions-Policy", "camera=(), geolocation=(), microphone=(), payment=(), usb=()"),
    ]

    private let headers: HTTPFields

    /// - Parameter referrer: with `no-referrer` a browser says `Origin: null` when it posts a form.
    init(policy: String = SecurityHeaders.policy, referrer: String = "no-referrer") {
        let fields = [("Content-Security-Policy", policy), ("Referrer-Policy", referrer)] + Self.fields
        headers = HTTPFields(fields.compactMap { name, value in HTTPField.Name(name).map { HTTPField(name: $0, value: value) } })
    }

    func handle(
        _ request: Request, context: Context, next: (Request, Context) async throws -> Response
    ) async throws -> Response {
        var response = try await next(request, context)
        response.headers.append(contentsOf: headers)
        return response
    }
}
