import HTTPTypes
import Hummingbird
import WebSocketProtocol

/// Which pages may use the streams: those that may open a WebSocket. To WebSockets CORS does not apply; to these requests it does, and browsers
/// leave out the Origin of a GET to a page's own host.
struct CrossOrigin: Sendable {
    let policy: OriginPolicy

    private static let fetchSite = HTTPField.Name("Sec-Fetch-Site")

    /// - Returns: the fields that let the page read the answer.
    func permit(_ request: Request) throws(HandshakeError) -> HTTPFields {
        if request.headers[.origin] == nil, isFromItsOwnPage(request) { return [:] }
        try policy.permits(request.head)
        guard let origin = request.headers[.origin] else { return [:] }
        return [.accessControlAllowOrigin: origin, .accessControlAllowCredentials: "true", .vary: "Origin"]
    }

    /// Whether the browser says that the page is of this very origin, and the policy has it.
    private func isFromItsOwnPage(_ request: Request) -> Bool {
        guard let fetchSite = Self.fetchSite, request.headers[fetchSite] == "same-origin" else { return false }
        guard let host = request.head.authority else { return false }
        return ["https", "http"].contains { scheme in
            var head = request.head
            head.headerFields[.origin] = "\(scheme)://\(host)"
            return (try? policy.permits(head)) != nil
        }
    }

    /// The answer to a browser that asks before it sends (Fetch §4.8).
    func preflight(_ request: Request) -> Response {
        do throws(HandshakeError) {
            var headers = try permit(request)
            headers[.accessControlAllowMethods] = "GET, POST"
            headers[.accessControlAllowHeaders] = "Content-Type, Authorization, Last-Event-ID"
            headers[.accessControlMaxAge] = "300"
            return Response(status: .noContent, headers: headers)
        } catch {
            return .refusal(.forbidden, error.rule)
        }
    }
}

extension Response {
    /// A refusal in words.
    static func refusal(_ status: HTTPResponse.Status, _ text: String, _ headers: HTTPFields = [:]) -> Response {
        var headers = headers
        headers[.contentType] = "text/plain; charset=utf-8"
        headers[.cacheControl] = "no-store"
        return Response(status: status, headers: headers, body: ResponseBody(byteBuffer: ByteBuffer(string: text + "\n")))
    }
}
