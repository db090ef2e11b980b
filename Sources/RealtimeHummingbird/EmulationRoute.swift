import HTTPTypes
import Hummingbird
import NIOCore
import RealtimeHub
import RealtimeProtocol
import WebSocketProtocol

/// Takes the commands of clients whose stream is another request.
struct EmulationRoute: Sendable {
    let hub: Hub
    let options: RealtimeOptions

    var origins: CrossOrigin { CrossOrigin(policy: options.origins) }

    func respond(to request: Request) async throws -> Response {
        let headers: HTTPFields
        do throws(HandshakeError) { headers = try origins.permit(request) } catch { return .refusal(.forbidden, error.rule) }
        let body: ByteBuffer
        do { body = try await request.body(options) } catch is NIOTooManyBytesError {
            return .bodyTooLong(options, headers)
        }
        let message: Wire.EmulationRequest
        do throws(Wire.DecodingError) {
            message = try Wire.emulationRequest(request.format, body)
        } catch {
            return .refusal(.badRequest, "\(error)", headers)
        }
        guard message.node == hub.node else { return .refusal(.notFound, "There is no such node.", headers) }
        // Whether there is such a session is not told: the stream is where a client learns that its session is over.
        await hub.receive(message.data, session: message.session)
        return Response(status: .noContent, headers: headers)
    }
}
