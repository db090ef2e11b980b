import HTTPTypes
import Hummingbird
import LiveClientScript
import NIOCore

/// The client of live views. Browsers keep it and ask each time whether it is still the same.
struct LiveScript: Sendable {
    private let body: ByteBuffer
    private let eTag: String

    init() {
        let text = String(cString: heliograph_live_script())
        body = ByteBuffer(string: text)
        // FNV-1a. It tells versions of our own file apart; nobody else chooses what goes in.
        let hash = text.utf8.reduce(0xcbf2_9ce4_8422_2325 as UInt64) { ($0 ^ UInt64($1)) &* 0x0000_0100_0000_01b3 }
        eTag = "\"\(String(hash, radix: 36))\""
    }

    func response(to request: Request, _ context: some RequestContext) async throws -> Response {
        try await request.ifNoneMatch(headers: [.cacheControl: "no-cache"], eTag: eTag, context: context) {
            Response(
                status: .ok, headers: [.contentType: "text/javascript; charset=utf-8"], body: ResponseBody(byteBuffer: body))
        }
    }
}
