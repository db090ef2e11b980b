import HTTPTypes
import Hummingbird

/// What browsers are told about the pages: nothing from elsewhere, nothing inline, no frames, no text that becomes markup.
struct SecurityHeaders: RouterMiddleware {
    typealias Context = BasicRequestContext

    static let policy = [
        "default-src 'none'", "script-src 'self'", "style-src 'self'", "img-src 'self'", "connect-src 'self'", "form-action 'self'",
        "base-uri 'none'", "frame-ancestors 'none'", "require-trusted-types-for 'script'", "trusted-types 'none'",
    ].joined(separator: "; ")

    private static let fields: [(String, String)] = [
        ("Content-Security-Policy", policy),
        ("X-Content-Type-Options", "nosniff"),
        ("Referrer-Policy", "no-referrer"),
        ("Cross-Origin-Opener-Policy", "same-origin"),
        ("Cross-Origin-Resource-Policy", "same-origin"),
        // With the opener policy this isolates the page, and an isolated page gets a clock of microseconds: for the echo page.
        ("Cross-Origin-Embedder-Policy", "require-corp"),
        ("Permissions-Policy", "camera=(), geolocation=(), microphone=(), payment=(), usb=()"),
    ]

    private let headers = HTTPFields(
        SecurityHeaders.fields.compactMap { name, value in HTTPField.Name(name).map { HTTPField(name: $0, value: value) } })

    func handle(
        _ request: Request, context: Context, next: (Request, Context) async throws -> Response
    ) async throws -> Response {
        var response = try await next(request, context)
        response.headers.append(contentsOf: headers)
        return response
    }
}
