import HTTPTypes
public import Hummingbird
import NIOCore

/// How bodies are compressed, and which.
public struct CompressionOptions: Sendable {
    /// Shorter bodies are sent as they are: they fit into a packet anyway. Bytes. Default 1,024.
    public var minimumSize = 1_024
    /// 1, the quickest, to 9, the smallest. Default 5.
    public var level = 5
    /// So many bodies at most are compressed at the same time, in 268 KiB each; others are sent as they are. Default 256.
    public var maxConcurrent = 256
    /// Whether a body of this type becomes smaller. It is told the type without its parameters, in lower case. Default: text, JSON, XML, scripts, SVG,
    /// WebAssembly.
    public var isCompressible: @Sendable (String) -> Bool = { Self.usualTypes($0) }
    /// Whether answers to requests with cookies are compressed though they are not marked as public.
    ///
    /// Danger: where a page holds a secret (a token against forged requests, a name) and also something that the request's address chooses, whoever can
    /// make a browser load it and see how long the answer is finds the secret out, letter by letter (BREACH, CVE-2013-3587). Cookies are what lets a stranger's page do that with
    /// the visitor's own rights. Default false: such answers are compressed only with `Cache-Control: public`, as files for everybody have it.
    public var dangerouslyCompressesForCookies = false

    /// The defaults.
    public init() {}

    private static func usualTypes(_ type: String) -> Bool {
        if type.hasPrefix("text/") || type.hasSuffix("+json") || type.hasSuffix("+xml") { return true }
        return [
            "application/json", "application/javascript", "application/xml", "application/x-ndjson", "application/wasm",
            "application/manifest+json", "application/x-javascript", "image/x-icon", "font/ttf", "font/otf",
        ].contains(type)
    }
}

/// Compresses bodies for clients that can inflate them: gzip, or deflate in the zlib format.
///
/// ```swift
/// router.add(middleware: ResponseCompression())
/// ```
///
/// Left as they are: short bodies, types that don't become smaller, parts of something (206, `Content-Range`), what is encoded already, and what says
/// `Cache-Control: no-transform` (RFC 9111 §5.2.2.6). Answers that could have been compressed are marked with `Vary: Accept-Encoding`. A strong `ETag` becomes a
/// weak one, as the bytes are others (RFC 9110 §8.8.1); a client that comes back with it is understood.
///
/// A body of known length of up to 64 KiB is compressed at once and keeps a `Content-Length`. A longer one is compressed as it is written; one of unknown length is
/// flushed after each piece, so that events and lines of a stream arrive when they happen.
///
/// What is secret: see ``CompressionOptions/dangerouslyCompressesForCookies``.
public struct ResponseCompression<Context: RequestContext>: RouterMiddleware {
    /// Longer bodies are compressed while they are written.
    static var longestWhole: Int { 65_536 }

    private let options: CompressionOptions
    private let slots: CompressionSlots

    /// - Parameter options: how, and what.
    public init(_ options: CompressionOptions = CompressionOptions()) {
        self.options = options
        slots = CompressionSlots(max(0, options.maxConcurrent))
    }

    /// Handles the request, and compresses the answer's body.
    public func handle(
        _ request: Request, context: Context, next: (Request, Context) async throws -> Response
    ) async throws -> Response {
        var response = try await answer(to: Self.withStrongTags(request), context, next)
        guard isCompressible(response, for: request) else { return response }
        response.headers.vary(on: .acceptEncoding)
        guard request.method != .head, let coding = ContentCoding.preferred(request.headers[values: .acceptEncoding]) else {
            return response
        }
        guard let compressor = Compressor(coding, level: options.level, slots: slots) else { return response }
        if let length = response.body.contentLength, length <= Self.longestWhole {
            guard try await CompressedBody.compress(&response, length, compressor) else { return response }
        } else {
            CompressedBody.compressStream(&response, compressor)
        }
        response.headers[.contentEncoding] = coding.rawValue
        if let tag = response.headers[.eTag], !tag.hasPrefix("W/") { response.headers[.eTag] = "W/" + tag }
        return response
    }

    private func isCompressible(_ response: Response, for request: Request) -> Bool {
        let headers = response.headers
        guard response.status.code >= 200, ![204, 205, 206, 304].contains(response.status.code) else { return false }
        guard !headers.contains(.contentEncoding), !headers.contains(.contentRange) else { return false }
        if let length = response.body.contentLength, length < options.minimumSize, request.method != .head { return false }
        let type = headers[.contentType]?.prefix { $0 != ";" && $0 != " " }.lowercased() ?? ""
        guard options.isCompressible(type) else { return false }
        let control = headers[values: .cacheControl].joined(separator: ",").lowercased()
        guard !control.contains("no-transform") else { return false }
        return options.dangerouslyCompressesForCookies || !request.headers.contains(.cookie) || control.contains("public")
    }

    /// RFC 9110 §13.1.2: `If-None-Match` compares weakly. Handlers compare texts, and know their own tags only.
    private static func withStrongTags(_ request: Request) -> Request {
        let weak = request.headers[values: .ifNoneMatch].flatMap { $0.split(separator: ",") }
            .map { $0.drop { $0 == " " } }.filter { $0.hasPrefix("W/") }
        guard !weak.isEmpty else { return request }
        var head = request.head
        for tag in weak.prefix(16) {
            let tag = tag.dropFirst(2).prefix { $0 != " " }
            head.headerFields.append(HTTPField(name: .ifNoneMatch, value: String(tag)))
        }
        return Request(head: head, body: request.body)
    }
}
