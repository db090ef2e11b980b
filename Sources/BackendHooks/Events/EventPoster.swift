import NIOCore
import NIOHTTP1
import RealtimeHub

/// What became of a batch.
enum PostOutcome {
    case taken
    /// The backend will never take it.
    case refused(Int)
    /// It may take it later: not before such a time, if it says one.
    case failed(HookFailure, after: Duration)
}

/// Posts batches to the backend.
struct EventPoster: Sendable {
    private let configuration: EventConfiguration
    private let exchange: HTTPExchange

    init(_ configuration: EventConfiguration, _ tracing: HookTracing) throws {
        self.configuration = configuration
        exchange = HTTPExchange(
            client: try HTTPClients.client(configuration.tls, maxConnections: 1), url: configuration.url, timeout: configuration.timeout,
            // Nobody looks at what the backend says, beside the status.
            maxAnswerBytes: 0, name: "events", endpoint: "events", tracing: tracing)
    }

    func post(_ body: ByteBuffer, now: Int64 = systemMilliseconds()) async -> PostOutcome {
        var fields = HTTPHeaders(configuration.staticFields.map { ($0.key, $0.value) })
        fields.replaceOrAdd(name: "content-type", value: "application/json")
        fields.replaceOrAdd(
            name: EventSignature.field, value: EventSignature.value(body, secrets: configuration.secrets, time: now / 1_000))
        let answer: HTTPAnswer
        do throws(HookFailure) {
            answer = try await exchange.post(body, fields, wanting: nil)
        } catch {
            return .failed(error, after: .zero)
        }
        switch answer.status {
        case 200..<300: return .taken
        case 400, 413, 422: return .refused(answer.status)
        default: return .failed(.status(answer.status), after: Self.pause(answer.fields))
        }
    }

    /// `Retry-After` in seconds (RFC 9110 §10.2.3).
    private static func pause(_ fields: HTTPHeaders) -> Duration {
        guard let seconds = fields.first(name: "retry-after").flatMap({ Int64($0) }), (0...86_400).contains(seconds) else { return .zero }
        return .seconds(seconds)
    }
}
