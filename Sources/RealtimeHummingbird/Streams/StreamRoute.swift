import HTTPTypes
import Hummingbird
import NIOCore
import RealtimeHub
import RealtimeProtocol
import WebSocketHummingbird
import WebSocketProtocol

/// What the client says when it opens a stream.
enum StreamOpening: Sendable {
    case commands(ByteBuffer)
    case connect(Wire.ConnectRequest, Resumption)
}

/// A route whose answer is a session's stream.
struct StreamRoute: Sendable {
    let transport: RealtimeTransport
    let hub: Hub
    let options: RealtimeOptions

    private static let lastEventID = HTTPField.Name("Last-Event-ID")

    var origins: CrossOrigin { CrossOrigin(policy: options.origins) }

    func respond(to request: Request) async throws -> Response {
        let headers: HTTPFields
        do throws(HandshakeError) { headers = try origins.permit(request) } catch { return .refusal(.forbidden, error.rule) }
        if let refusal = hub.refusal(of: request, headers) { return refusal }
        guard let connection = ServedConnection.current else {
            return .refusal(.notImplemented, "There are no streams here: not by an upgrade, and not under this server.", headers)
        }
        let opening: StreamOpening
        do { opening = try await readOpening(request) } catch is NIOTooManyBytesError {
            return .bodyTooLong(options, headers)
        } catch let error as Wire.DecodingError {
            return refusal(error, headers)
        }
        let stream = StreamTransport(
            transport, format(request), on: connection, options, fields: options.fields(of: request, hub), address: request.clientAddress)
        switch await stream.open(hub, opening) {
        case .open, .abandoned: return response(stream, headers)
        case .refused(let code):
            stream.body.finish()
            return .disconnected(code, headers)
        }
    }

    // MARK: What the client wants

    private func format(_ request: Request) -> WireFormat {
        transport == .httpStream ? request.format : .json
    }

    private func readOpening(_ request: Request) async throws -> StreamOpening {
        let query = QueryString(request)
        let text =
            request.method == .get ? ByteBuffer(string: query["cf_connect"] ?? "") : try await request.body(options)
        guard transport.isUnidirectional else { return .commands(text) }
        let connect = try Wire.ConnectRequest(text, query)
        guard transport == .uniServerSentEvents else { return .connect(connect, .asAsked) }
        return connect.resuming(Self.lastEventID.flatMap { request.headers[$0] } ?? "")
    }

    /// A connect request that cannot be read, from a client that is not told by a push.
    private func refusal(_ error: Wire.DecodingError, _ headers: HTTPFields) -> Response {
        .refusal(.badRequest, "\(error)", headers)
    }

    // MARK: The answer

    private func response(_ stream: StreamTransport, _ headers: HTTPFields) -> Response {
        stream.body.response(contentType(stream.format), headers) { stream.shutDown() }
    }

    private func contentType(_ format: WireFormat) -> String {
        if transport.isEvents { return "text/event-stream" }
        return format == .json ? "application/x-ndjson" : "application/octet-stream"
    }
}

extension Wire.ConnectRequest {
    /// A connect request by itself, or by the address alone: `?token=…`, or nothing for somebody anonymous.
    init(_ text: ByteBuffer, _ query: QueryString) throws(Wire.DecodingError) {
        let connect = query["cf_connect"].map(ByteBuffer.init(string:))
        let body = text.readableBytes > 0 ? text : connect ?? ByteBuffer()
        self = body.readableBytes > 0 ? try Wire.connectRequest(json: body) : Wire.ConnectRequest()
        if token.isEmpty { token = query["token"] ?? "" }
    }

    /// What an EventSource had before, as the id of the last event says. What the page itself asked for is older.
    func resuming(_ lastEventID: String) -> StreamOpening {
        guard !lastEventID.isEmpty else { return .connect(self, .first) }
        var request = self
        request.subs = StreamPositions.read(lastEventID)
        return .connect(request, .again)
    }
}

extension Response {
    /// The end of a connection before its beginning.
    fileprivate static func disconnected(_ code: DisconnectCode, _ headers: HTTPFields) -> Response {
        var headers = headers
        headers[.contentType] = "application/json"
        headers[.cacheControl] = "no-store"
        let reason = JSONText.string(ByteBuffer(string: code.reason)) ?? ByteBuffer(string: "\"\"")
        let body = ByteBuffer(string: "{\"code\":\(code.number),\"reason\":\(String(buffer: reason))}")
        return Response(status: code.status, headers: headers, body: ResponseBody(byteBuffer: body))
    }
}

extension DisconnectCode {
    fileprivate var status: HTTPResponse.Status {
        switch self {
        case .invalidToken: .unauthorized
        case .badRequest: .badRequest
        case .connectionLimit, .tooManyErrors: .tooManyRequests
        default: .forbidden
        }
    }
}
