import HTTPTypes
import Hummingbird
import LiveViews
import NIOCore
import WebSocketNIO
import WebSocketProtocol

/// A live view at a path of a router.
struct LivePageRoute<View: LiveView, Context: RequestContext>: Sendable {
    let path: RouterPath
    let options: LiveOptions
    let streams = LiveStreams()
    private let route: LiveRoute<View>
    private let pattern: RoutePattern
    private let user: @Sendable (Request, Context) -> String?
    private let view: @Sendable (Request, Context) async throws -> View

    init(
        _ route: LiveRoute<View>, _ path: RouterPath, _ options: LiveOptions,
        _ user: @escaping @Sendable (Request, Context) -> String?, _ view: @escaping @Sendable (Request, Context) async throws -> View
    ) {
        self.route = route
        self.path = path
        self.options = options
        self.user = user
        self.view = view
        pattern = RoutePattern(path.description)
    }

    // MARK: The page

    func page(_ request: Request, _ context: Context) async throws -> Response {
        let known = session(request)
        let session = known ?? Self.random()
        var live = live(request, context, request.head.path ?? "/", session)
        live.removeFormQuery()
        let page = try await route.page(live) { try await view(request, context) }
        return try response(page, newSession: known == nil ? session : nil)
    }

    /// A form of a browser without JavaScript.
    func posted(_ request: Request, _ context: Context) async throws -> Response {
        do throws(HandshakeError) {
            try options.origins.permits(request.head)
        } catch {
            throw HTTPError(.forbidden, message: "\(error)")
        }
        let known = session(request)
        let session = known ?? Self.random()
        var live = live(request, context, request.head.path ?? "/", session)
        let limits = limits(messages: 1)
        do {
            switch try await answer(request, context, &live, limits) {
            case .page(let page): return try response(page, newSession: known == nil ? session : nil)
            case .elsewhere(let url): return .redirect(to: url, type: .normal)
            }
        } catch is NIOTooManyBytesError {
            return .bodyTooLong(limits, [:])
        } catch let error as EventError {
            throw HTTPError(.badRequest, message: "\(error)")
        } catch let error as PostedFiles.Fault {
            return Self.refusal(error)
        }
    }

    private func answer(
        _ request: Request, _ context: Context, _ live: inout LiveRequest, _ limits: RealtimeOptions
    ) async throws -> PostedPage {
        if let form = try PostedFiles(live, contentType: request.headers[.contentType] ?? "") {
            live.removeFormQuery()
            let live = live
            return try await request.within(route.uploadTimeout) {
                try await route.page(live, posted: form, body: request.body, maxFieldBytes: limits.maxRequestBytes) { _ in
                    try await view(request, context)
                }
            }
        }
        guard let form = PostedForm(live, body: try await request.body(limits)) else {
            throw HTTPError(.badRequest, message: "This is no form of this page.")
        }
        live.removeFormQuery()
        return try await route.page(live, posted: form) { _ in try await view(request, context) }
    }

    /// What is left of the body is not read.
    private static func refusal(_ fault: PostedFiles.Fault) -> Response {
        let close: HTTPFields = [.connection: "close"]
        switch fault {
        case .malformed(let text): return .refusal(.badRequest, text, close)
        case .tooLarge: return .refusal(.contentTooLarge, "The form has more in it than is taken here.", close)
        }
    }

    private func response(_ page: LivePage, newSession: String?) throws -> Response {
        let text = try route.document(options.shell(page, options))
        var response = Response(
            status: .ok, headers: [.contentType: "text/html; charset=utf-8", .cacheControl: "no-store"],
            body: ResponseBody(byteBuffer: ByteBuffer(string: text)))
        if let newSession {
            response.setCookie(
                Cookie(
                    name: options.cookieName, value: newSession, path: "/", secure: options.cookieIsSecure, httpOnly: true, sameSite: .lax))
        }
        return response
    }

    /// For bodies that are as long as so many of the longest messages.
    func limits(messages: Int) -> RealtimeOptions {
        var limits = RealtimeOptions()
        limits.maxRequestBytes = options.webSocket.limits.maxMessageSize.multipliedReportingOverflow(by: messages).partialValue
        return limits
    }

    func session(_ request: Request) -> String? {
        request.cookies[options.cookieName].flatMap { (16...64).contains($0.value.utf8.count) ? $0.value : nil }
    }

    /// 128 random bits.
    static func random() -> String {
        var generator = SystemRandomNumberGenerator()
        return [generator.next(), generator.next()].map { String($0 as UInt64, radix: 36) }.joined(separator: "-")
    }

    private func live(_ request: Request, _ context: Context, _ url: String, _ session: String) -> LiveRequest {
        var parameters: [String: String] = [:]
        for (name, value) in context.parameters { parameters[String(name)] = String(value) }
        return LiveRequest(url: url, parameters: parameters, session: session, user: user(request, context), pattern: pattern)
    }

    // MARK: The connection

    func socket(_ request: Request, _ context: Context) -> LiveSocket {
        LiveSocket(open: opening(request, context, "/_live"))
    }

    /// What opens the view's session when a browser has connected.
    ///
    /// - Parameter end: of the path: what names the connection, and is no part of the page's address.
    func opening(
        _ request: Request, _ context: Context, _ end: String
    ) -> @Sendable (any LiveTransport) -> any LiveSession {
        let view = view, route = route
        var live = live(request, context, Self.pageURL(request.head.path ?? "/", without: end), session(request) ?? "")
        // A page that answers a form has its action as its address.
        live.removeFormQuery()
        return { [live] transport in
            route.open(transport, live) { _ in
                do {
                    return try await view(request, context)
                } catch let error as any HTTPResponseError {
                    throw Self.refusal(error)
                }
            }
        }
    }

    private static func pageURL(_ url: String, without end: String) -> String {
        let query = url.firstIndex(of: "?") ?? url.endIndex
        var path = url[..<query]
        if path.hasSuffix(end) { path = path.dropLast(end.count) }
        return (path.isEmpty ? "/" : String(path)) + url[query...]
    }

    private static func refusal(_ error: any HTTPResponseError) -> LiveRefusal {
        switch error.status {
        case .unauthorized, .forbidden: LiveRefusal(.unauthorized, "who you are must be found out anew")
        case .notFound, .gone: LiveRefusal(.notFound, "there is no such view")
        default: LiveRefusal(.failure, "the view failed")
        }
    }
}
