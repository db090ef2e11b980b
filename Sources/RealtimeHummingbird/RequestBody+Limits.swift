import HTTPTypes
package import Hummingbird
package import NIOCore
import RealtimeProtocol
import WebSocketHummingbird

extension Request {
    /// The whole body, within the limits of size and time.
    ///
    /// - Throws: `NIOTooManyBytesError` if it is longer.
    package func body(_ options: RealtimeOptions) async throws -> ByteBuffer {
        if let length = headers[.contentLength].flatMap(Int.init), length > options.maxRequestBytes {
            throw NIOTooManyBytesError(maxBytes: options.maxRequestBytes)
        }
        return try await within(options.requestTimeout) { try await body.collect(upTo: options.maxRequestBytes) }
    }

    /// Whoever takes longer to send his body loses the connection.
    func within<Value>(_ timeout: Duration, _ work: () async throws -> Value) async throws -> Value {
        let deadline = ServedConnection.current.map { connection in
            connection.channel.eventLoop.scheduleTask(in: TimeAmount(timeout)) { connection.channel.close(promise: nil) }
        }
        defer { deadline?.cancel() }
        return try await work()
    }

    /// By the Content-Type, of which parameters do not matter.
    var format: WireFormat {
        let type = headers[.contentType]?.prefix { $0 != ";" && $0 != " " }.lowercased()
        return type == "application/octet-stream" ? .protobuf : .json
    }
}

extension Response {
    /// The rest of the body is not read.
    static func bodyTooLong(_ options: RealtimeOptions, _ headers: HTTPFields) -> Response {
        var headers = headers
        headers[.connection] = "close"
        return .refusal(.contentTooLarge, "The body is longer than \(options.maxRequestBytes) bytes.", headers)
    }
}
