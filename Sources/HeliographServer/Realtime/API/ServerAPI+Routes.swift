import HTTPTypes
import Hummingbird
import NIOCore
import RealtimeProtocol

extension ServerAPI {
    /// POST /api/METHOD, and the document of all of them.
    func add(to router: Router<BasicRequestContext>) {
        let gate = APIGate(access, maxBodyBytes: configuration.maxBodyBytes)
        let document = OpenAPIDocument.json()
        for verb in Self.verbs {
            router.on("api/{method}", method: verb) { request, context in
                let name = context.parameters.get("method") ?? ""
                let response = try await gate.pass(request, context) { request, caller in
                    if name == "openapi.json" { return Self.respond(to: request, with: document) }
                    return try await respond(to: request, name, for: caller)
                }
                // RFC 9110 §9.3.2: the same, without a body.
                return request.method == .head ? response.createHeadResponse() : response
            }
        }
        router.add(middleware: OtherVerbs())
    }

    fileprivate static let verbs: [HTTPRequest.Method] = [.post, .get, .head, .put, .patch, .delete, .options, .trace]

    private static func respond(to request: Request, with document: ByteBuffer) -> Response {
        guard request.method == .get else { return notAllowed("GET") }
        return response(.ok, document)
    }

    fileprivate static func notAllowed(_ methods: String) -> Response {
        response(.methodNotAllowed, answer(APIError(.methodNotFound, "use \(methods)")), [.allow: methods])
    }

    private func respond(to request: Request, _ name: String, for caller: APICaller) async throws -> Response {
        guard let method = Self.table[name] else { return Self.response(.notFound, Self.answer(APIError(.methodNotFound))) }
        guard request.method == .post else { return Self.notAllowed("POST") }
        let body: ByteBuffer
        do { body = try await request.body.collect(upTo: configuration.maxBodyBytes) } catch is NIOTooManyBytesError {
            let error = APIError(.limitExceeded, "the body is longer than \(configuration.maxBodyBytes) bytes")
            return Self.response(.contentTooLarge, Self.answer(error))
        }
        let (answer, error) = await observer.call(method.name, request.headers) { await self.answer(method, body, for: caller) }
        guard let error, configuration.errorsAreStatuses || Self.errorsAreStatuses(request) else { return Self.response(.ok, answer) }
        return Self.response(error.status, answer)
    }

    private static let errorMode = HTTPField.Name("X-Centrifugo-Error-Mode")

    private static func errorsAreStatuses(_ request: Request) -> Bool {
        errorMode.flatMap { request.headers[$0] } == "transport"
    }

    static func response(_ status: HTTPResponse.Status, _ body: ByteBuffer, _ headers: HTTPFields = [:]) -> Response {
        var headers = headers
        headers[.contentType] = "application/json"
        headers[.cacheControl] = "no-store"
        return Response(status: status, headers: headers, body: ResponseBody(byteBuffer: body))
    }
}

/// The router has routes of the verbs that it was told of. Others are not allowed either, rather than not found.
private struct OtherVerbs: RouterMiddleware {
    func handle(
        _ request: Request, context: BasicRequestContext, next: (Request, BasicRequestContext) async throws -> Response
    ) async throws -> Response {
        guard !ServerAPI.verbs.contains(request.method), request.uri.path.hasPrefix("/api/") else {
            return try await next(request, context)
        }
        return ServerAPI.notAllowed(request.uri.path == "/api/openapi.json" ? "GET" : "POST")
    }
}
