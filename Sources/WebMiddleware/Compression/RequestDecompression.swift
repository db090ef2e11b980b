import HTTPTypes
public import Hummingbird
import NIOCore

/// Inflates the bodies of requests that come with `Content-Encoding: gzip` or `deflate`, while they are read.
///
/// ```swift
/// router.add(middleware: RequestDecompression(maxBytes: 1 << 20))
/// ```
///
/// Handlers see a body without encoding. Another coding is answered with 415 and what there is (RFC 9110 §15.5.16). Reading a body that is longer than
/// allowed once it is inflated fails with 413, at the limit and before more is inflated; of one that is damaged with 400.
public struct RequestDecompression<Context: RequestContext>: RouterMiddleware {
    private let maxBytes: Int

    /// - Parameter maxBytes: so many bytes at most come of a body. Default 2 MiB.
    public init(maxBytes: Int = 2 << 20) {
        self.maxBytes = maxBytes
    }

    /// Handles the request, whose body is inflated when it is read.
    public func handle(
        _ request: Request, context: Context, next: (Request, Context) async throws -> Response
    ) async throws -> Response {
        let fields = request.headers[values: .contentEncoding]
        guard !fields.isEmpty else { return try await next(request, context) }
        let names = fields.flatMap { $0.split(separator: ",") }.map { $0.filter { $0 != " " && $0 != "\t" }.lowercased() }
            .filter { $0 != "identity" && !$0.isEmpty }
        guard let name = names.first else { return try await next(Self.inflated(request, nil, maxBytes), context) }
        guard names.count == 1, let coding = ContentCoding(name: name) else {
            throw Problem(
                .unsupportedMediaType, detail: "The body may be encoded once, by gzip or deflate.",
                headers: [.acceptEncoding: "gzip, deflate"])
        }
        return try await next(Self.inflated(request, coding, maxBytes), context)
    }

    private static func inflated(_ request: Request, _ coding: ContentCoding?, _ maxBytes: Int) -> Request {
        var head = request.head
        head.headerFields[.contentEncoding] = nil
        guard let coding else { return Request(head: head, body: request.body) }
        head.headerFields[.contentLength] = nil
        // First with its own body, which Hummingbird reads to its end when the handler did not.
        var inflated = Request(head: head, body: request.body)
        inflated.body = RequestBody(asyncSequence: InflatedBody(base: request.body, coding: coding, limit: maxBytes))
        return inflated
    }
}

/// A body, inflated.
private struct InflatedBody: AsyncSequence, Sendable {
    let base: RequestBody
    let coding: ContentCoding
    let limit: Int

    struct AsyncIterator: AsyncIteratorProtocol {
        var base: RequestBody.AsyncIterator
        let coding: ContentCoding
        let limit: Int
        var decompressor: Decompressor?
        var isDone = false

        mutating func next() async throws -> ByteBuffer? {
            while !isDone {
                guard let piece = try await base.next() else {
                    isDone = true
                    do throws(Decompressor.Failure) { try decompressor?.finish() } catch { throw problem(error) }
                    return nil
                }
                var output = ByteBuffer()
                do throws(Decompressor.Failure) {
                    if decompressor == nil { decompressor = try Decompressor(coding, limit: limit) }
                    try decompressor?.inflate(piece, into: &output)
                } catch {
                    isDone = true
                    throw problem(error)
                }
                if output.readableBytes > 0 { return output }
            }
            return nil
        }

        private func problem(_ failure: Decompressor.Failure) -> Problem {
            switch failure {
            case .corrupt: Problem(.badRequest, detail: "The body is not \(coding.rawValue), or damaged.")
            case .tooLong:
                Problem(.contentTooLarge, detail: "The body inflates to more than \(limit) bytes.")
            case .outOfMemory: Problem(.serviceUnavailable)
            }
        }
    }

    func makeAsyncIterator() -> AsyncIterator {
        AsyncIterator(base: base.makeAsyncIterator(), coding: coding, limit: limit)
    }
}
