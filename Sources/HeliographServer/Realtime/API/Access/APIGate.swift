import HTTPTypes
import Hummingbird
import RealtimeHub
import RealtimeProtocol
import WebMiddleware

/// Lets in who has a key or a token of the API, and says in the API's own form why others are refused.
///
/// The usual call, with a key in `X-API-Key` and a plain body, goes by a way of its own: the middlewares, which know of everything that there could be, took a third of the time of a
/// publication.
struct APIGate: Sendable {
    private let access: Replaceable<APIAccess>
    private let authentication: Authentication<APIContext>
    private let decompression: RequestDecompression<APIContext>

    init(_ access: Replaceable<APIAccess>, maxBodyBytes: Int) {
        self.access = access
        authentication = Authentication([
            .apiKey(access.value.keys, realm: "heliograph") { key, context in context.caller = access.value.caller(of: key) },
            .bearer(realm: "heliograph") { token, context in
                // Why not is for the log of whoever made it, not for whoever shows it.
                context.caller = try? await access.value.tokens?.caller(token)
                return context.caller != nil
            },
        ])
        decompression = RequestDecompression(maxBytes: maxBodyBytes)
    }

    private static let keyName = HTTPField.Name("X-API-Key")

    func pass(
        _ request: Request, _ context: BasicRequestContext, _ answer: (Request, APICaller) async throws -> Response
    ) async throws -> Response {
        if let name = Self.keyName, let text = request.headers[name], request.headers[.contentEncoding] == nil,
            let caller = access.value.caller(text)?.0
        {
            return try await answer(request, caller)
        }
        do {
            return try await authentication.handle(request, context: APIContext(context: context)) { request, context in
                guard let caller = context.caller else { throw Problem(.unauthorized) }
                return try await decompression.handle(request, context: context) { request, _ in try await answer(request, caller) }
            }
        } catch let problem as Problem {
            return ServerAPI.response(problem.status, ServerAPI.answer(APIError(problem)), problem.headers)
        }
    }
}

/// A call's, with who makes it.
struct APIContext: ChildRequestContext {
    var coreContext: CoreRequestContextStorage
    var caller: APICaller?

    init(context: BasicRequestContext) {
        coreContext = context.coreContext
    }
}

extension APIError {
    fileprivate init(_ problem: Problem) {
        switch problem.status {
        case .unauthorized: self.init(.unauthorized)
        case .forbidden: self.init(.permissionDenied)
        case .contentTooLarge: self.init(.limitExceeded, problem.detail)
        case .serviceUnavailable: self.init(.internal)
        default: self.init(.badRequest, problem.detail)
        }
    }
}
