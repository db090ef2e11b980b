// Middleware: a value with one method. It may look at the request, answer by itself, or change the response of the next one.

import HTTPTypes
import Hummingbird

/// Headers that every response should have.
struct SecurityHeadersMiddleware: RouterMiddleware {
    typealias Context = AppContext

    func handle(
        _ request: Request,
        context: AppContext,
        next: (Request, AppContext) async throws -> Response
    ) async throws -> Response {
        var response = try await next(request, context)
        response.headers[.xContentTypeOptions] = "nosniff"
        response.headers[.strictTransportSecurity] = "max-age=31536000"
        response.headers[.contentSecurityPolicy] = "default-src 'self'; frame-ancestors 'none'"
        return response
    }
}

/// Turns a thrown error into a response here, inside the other middleware: so it gets their headers and a line in the log.
/// An error that does not say what its response is becomes a 500 that tells the client nothing.
struct ErrorPageMiddleware: RouterMiddleware {
    typealias Context = AppContext

    func handle(
        _ request: Request,
        context: AppContext,
        next: (Request, AppContext) async throws -> Response
    ) async throws -> Response {
        do {
            return try await next(request, context)
        } catch let error as any HTTPResponseError {
            return try error.response(from: request, context: context)
        } catch is CancellationError {
            throw CancellationError()  // the timeout around us knows what to answer
        } catch {
            context.logger.error("request failed", metadata: ["error": "\(error)"])
            return try HTTPError(.internalServerError, message: "something went wrong here").response(from: request, context: context)
        }
    }
}
