import HTTPTypes
import Hummingbird
import NIOCore
import RealtimeProtocol

extension ServerAPI {
    /// POST /api/METHOD.
    func add(to router: Router<BasicRequestContext>) {
        router.post("api/{method}") { request, context in
            try await respond(to: request, method: context.parameters.get("method") ?? "")
        }
    }

    private func respond(to request: Request, method name: String) async throws -> Response {
        guard isAuthorized(request.headers) else {
            return Self.response(.unauthorized, Self.answer(APIError(.unauthorized)), [.wwwAuthenticate: "apikey"])
        }
        guard let method = Self.methods[name] else { return Self.response(.notFound, Self.answer(APIError(.methodNotFound))) }
        let body: ByteBuffer
        do {
            body = try await request.body.collect(upTo: configuration.maxBodyBytes)
        } catch is NIOTooManyBytesError {
            let error = APIError(.limitExceeded, "the body is longer than \(configuration.maxBodyBytes) bytes")
            return Self.response(.contentTooLarge, Self.answer(error), [.connection: "close"])
        }
        return Self.response(.ok, await answer(method, body))
    }

    private func isAuthorized(_ headers: HTTPFields) -> Bool {
        if let name = HTTPField.Name("X-API-Key"), let key = headers[name], isKey(key) { return true }
        guard let authorization = headers[.authorization] else { return false }
        let parts = authorization.split(separator: " ", maxSplits: 1)
        guard parts.count == 2, parts[0].lowercased() == "apikey" else { return false }
        return isKey(String(parts[1]))
    }

    /// In a time that does not depend on where the two differ.
    private func isKey(_ text: String) -> Bool {
        let key = Array(key.value.utf8)
        var difference = key.count ^ text.utf8.count
        for (index, byte) in text.utf8.enumerated() { difference |= Int(byte ^ key[index % key.count]) }
        return difference == 0
    }

    private static func response(_ status: HTTPResponse.Status, _ body: ByteBuffer, _ headers: HTTPFields = [:]) -> Response {
        var headers = headers
        headers[.contentType] = "application/json"
        headers[.cacheControl] = "no-store"
        headers[.contentLength] = "\(body.readableBytes)"
        return Response(status: status, headers: headers, body: ResponseBody(byteBuffer: body))
    }
}
