// Context values: what is known about a request beside itself. A struct with your fields; no dictionary and no casts.

import HTTPTypes
import Hummingbird

public struct User: Codable, Sendable, Equatable, ResponseEncodable {
    public var name: String
    public var isAdmin: Bool

    public init(name: String, isAdmin: Bool) {
        self.name = name
        self.isAdmin = isAdmin
    }
}

/// The context of every request. Middleware fills it, routes read it.
struct AppContext: RequestContext {
    var coreContext: CoreRequestContextStorage
    /// Who asks; nil for a stranger.
    var user: User?

    init(source: Source) {
        coreContext = .init(source: source)
    }

    /// JSON bodies may have this many bytes (Hummingbird's default is 2 MiB).
    var maxUploadSize: Int { 256 * 1024 }
}

/// Finds out who asks. It refuses a wrong token, and lets a stranger pass: what needs a user says so itself, below.
struct BearerTokenMiddleware: RouterMiddleware {
    typealias Context = AppContext
    var tokens: [String: User]

    func handle(
        _ request: Request,
        context: AppContext,
        next: (Request, AppContext) async throws -> Response
    ) async throws -> Response {
        guard let header = request.headers[.authorization] else { return try await next(request, context) }
        guard header.hasPrefix("Bearer "), let user = tokens[String(header.dropFirst(7))] else {
            throw HTTPError(.unauthorized, headers: [.wwwAuthenticate: "Bearer"], message: "this token is not known")
        }
        var context = context
        context.user = user
        context.logger[metadataKey: "user"] = .string(user.name)
        return try await next(request, context)
    }
}

/// A context whose user is certain. A group that has it cannot be entered by a stranger, and its routes need no `if`.
struct SignedInContext: ChildRequestContext {
    var coreContext: CoreRequestContextStorage
    var user: User

    init(context: AppContext) throws {
        guard let user = context.user else {
            throw HTTPError(.unauthorized, headers: [.wwwAuthenticate: "Bearer"], message: "sign in first")
        }
        coreContext = context.coreContext
        self.user = user
    }
}

func addUserRoutes(to group: RouterGroup<AppContext>) {
    let signedIn = group.group(context: SignedInContext.self)
    signedIn.get { _, context in context.user }
    signedIn.get("secrets") { _, context in
        guard context.user.isAdmin else { throw HTTPError(.forbidden, message: "administrators only") }
        return "the cake is a lie"
    }
}
