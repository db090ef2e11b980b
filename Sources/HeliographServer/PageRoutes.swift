import HTTPTypes
import Hummingbird
import NIOCore

/// The pages and what they are made of.
struct PageRoutes {
    static func add(to router: Router<BasicRequestContext>) {
        let pages = router.group().add(middleware: PageSecurity.pages)
        add(.start, at: "", to: pages)
        add(.chat, at: "chat", to: pages)
        add(.chat, at: "chat/{room}", to: pages)
        add(.market, at: "market", to: pages)
        add(.game, at: "game", to: pages)
        add(.dashboard, at: "dashboard", to: pages)
        add(.echo, at: "echo-demo", to: pages)
        for asset in Page.assets { add(asset, at: "assets/\(asset.name)", to: pages) }
        // Browsers ask for this one on their own.
        pages.get("favicon.ico") { _, _ in Response.redirect(to: "/assets/icon.svg", type: .permanent) }
    }

    /// The client's library alone.
    static func addClient(to router: Router<BasicRequestContext>) {
        add(.client, at: "assets/\(Page.client.name)", to: router.group().add(middleware: PageSecurity.pages))
    }

    static func add(_ page: Page, at path: String, to group: RouterGroup<BasicRequestContext>) {
        let file = ServedPage(page)
        group.get(RouterPath(path)) { request, context in try await file.response(to: request, context) }
        group.head(RouterPath(path)) { request, context in try await file.response(to: request, context) }
    }
}

/// A page with its headers. Browsers keep it and ask each time whether it is still the same: a new server's pages are seen at once, and an
/// old one's cost one answer without a body.
private struct ServedPage: Sendable {
    let body: ByteBuffer
    let eTag: String
    let contentType: String

    init(_ page: Page) {
        body = ByteBuffer(bytes: page.content)
        eTag = "\"\(String(Self.hash(page.content), radix: 36))\""
        contentType = page.contentType
    }

    func response(to request: Request, _ context: BasicRequestContext) async throws -> Response {
        try await request.ifNoneMatch(headers: [.cacheControl: "no-cache"], eTag: eTag, context: context) {
            let isHead = request.method == .head
            var headers: HTTPFields = [.contentType: contentType]
            if isHead { headers[.contentLength] = "\(body.readableBytes)" }
            return Response(status: .ok, headers: headers, body: isHead ? ResponseBody() : ResponseBody(byteBuffer: body))
        }
    }

    /// FNV-1a. It tells versions of our own files apart; nobody else chooses what goes in.
    private static func hash(_ bytes: [UInt8]) -> UInt64 {
        bytes.reduce(0xcbf2_9ce4_8422_2325) { ($0 ^ UInt64($1)) &* 0x0000_0100_0000_01b3 }
    }
}
