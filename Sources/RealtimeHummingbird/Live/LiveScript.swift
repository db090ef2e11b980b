import HTTPTypes
import Hummingbird
import LiveClientScript
import NIOCore

/// One file of the client of live views.
struct LiveScript: Sendable {
    private let body: ByteBuffer
    private let eTag: String
    /// What the core asks for its extras with: it has to be those that it was made with.
    private let version: String?

    /// Browsers keep it and ask each time whether it is still the same.
    static let core = LiveScript(String(cString: heliograph_live_script()))
    /// Browsers keep it for good: its address has its version.
    static let extras = LiveScript(
        String(cString: heliograph_live_extras()), version: version(in: String(cString: heliograph_live_script())))

    private init(_ text: String, version: String? = nil) {
        body = ByteBuffer(string: text)
        // FNV-1a. It tells versions of our own file apart; nobody else chooses what goes in.
        let hash = text.utf8.reduce(0xcbf2_9ce4_8422_2325 as UInt64) { ($0 ^ UInt64($1)) &* 0x0000_0100_0000_01b3 }
        eTag = "\"\(String(hash, radix: 36))\""
        self.version = version
    }

    private static func version(in core: String) -> String? {
        core.firstRange(of: "-extras.js?v=").map { String(core[$0.upperBound...].prefix(while: \.isLetter)) }
    }

    func response(to request: Request, _ context: some RequestContext) async throws -> Response {
        var cacheControl = "no-cache"
        if let asked = request.uri.queryParameters["v"], let version {
            guard asked == version else { throw HTTPError(.notFound) }
            cacheControl = "public, max-age=31536000, immutable"
        }
        return try await request.ifNoneMatch(headers: [.cacheControl: cacheControl], eTag: eTag, context: context) {
            Response(
                status: .ok, headers: [.contentType: "text/javascript; charset=utf-8"], body: ResponseBody(byteBuffer: body))
        }
    }
}
