import HTTPTypes
import Hummingbird
import NIOCore
import RealtimeProtocol
import WebSocketHummingbird
import WebSocketProtocol

// Where there is no WebSocket (live protocol §12).
extension LivePageRoute {
    private var origins: CrossOrigin { CrossOrigin(policy: options.origins) }

    /// The stream by which the server speaks.
    func stream(_ request: Request, _ context: Context) async throws -> Response {
        let headers: HTTPFields
        do throws(HandshakeError) { headers = try origins.permit(request) } catch { return .refusal(.forbidden, error.rule) }
        guard let connection = ServedConnection.current else {
            return .refusal(.notImplemented, "There are no streams here: not by an upgrade, and not under this server.", headers)
        }
        let stream = LiveStream(connection, key: Self.random(), owner: session(request) ?? "", limits: options.webSocket)
        stream.open(in: streams, opening(request, context, "/_live.sse"))
        return stream.body.response("text/event-stream", headers) { stream.shutDown() }
    }

    /// What the browser says.
    func received(_ request: Request, _ context: Context) async throws -> Response {
        let headers: HTTPFields
        do throws(HandshakeError) { headers = try origins.permit(request) } catch { return .refusal(.forbidden, error.rule) }
        guard let stream = streams.find(QueryString(request)["key"] ?? "", owner: session(request) ?? "") else {
            return .refusal(.notFound, "There is no such stream.", headers)
        }
        // What gathers while a request is under way comes together in the next one.
        let limits = limits(messages: 4)
        let body: ByteBuffer
        do {
            body = try await request.body(limits)
        } catch is NIOTooManyBytesError {
            return .bodyTooLong(limits, headers)
        }
        let messages: [JSONValue]
        do throws(Wire.DecodingError) {
            messages = try JSONValue(body, maxDepth: 33).elements()
        } catch {
            return .refusal(.badRequest, "\(error)", headers)
        }
        switch await stream.receive(messages.map(\.text)) {
        case .taken: return Response(status: .noContent, headers: headers)
        case .tooSoon: return .refusal(.conflict, "The messages before are not read yet.", headers)
        case .gone: return .refusal(.notFound, "There is no such stream.", headers)
        }
    }
}
