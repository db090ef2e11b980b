import HTTPTypes
import Hummingbird

extension RouterMiddleware where Context: RequestContext {
    /// What comes from within, with errors that are answers as answers: what a middleware adds to answers belongs to those too.
    func answer(
        to request: Request, _ context: Context, _ next: (Request, Context) async throws -> Response
    ) async throws -> Response {
        do { return try await next(request, context) } catch let error as any HTTPResponseError {
            return try error.response(from: request, context: context)
        }
    }
}

extension HTTPFields {
    /// Says that the answer depends on another header of the request (RFC 9110 §12.5.5).
    mutating func vary(on name: HTTPField.Name) {
        let listed = self[values: .vary].flatMap { $0.split(separator: ",") }
            .map { $0.drop { $0 == " " }.lowercased() }
        guard !listed.contains("*"), !listed.contains(where: { $0.hasPrefix(name.canonicalName) && $0.count == name.canonicalName.count })
        else { return }
        append(HTTPField(name: .vary, value: name.rawName))
    }
}
