import HTTPTypes
import Hummingbird
import LiveHTML
import LiveViews
import NIOCore
import RealtimeHummingbird
import WebSocketHummingbird
import WebSocketNIO
import WebSocketProtocol

/// The admin pages: live views of the hub, for whoever knows the password.
struct AdminRoutes: Sendable {
    let admin: Admin
    /// What keeps the pages current.
    let views: LiveRuntime

    /// Adds `/admin` and all that is below it, and nothing else: any router will do, so it can be one that only a network of its own reaches.
    func addAdminRoutes(to router: Router<BasicRequestContext>) {
        let headers = PageSecurity.admin
        let assets = router.group().add(middleware: headers)
        for asset in Page.adminAssets { PageRoutes.add(asset, at: "admin/assets/\(asset.name)", to: assets) }
        assets.liveScript(at: "/admin/assets/heliograph-live.js")

        let outside = router.group().add(middleware: headers).add(middleware: AdminGate(admin: admin, requiresLogin: false))
        outside.get("admin/login") { request, _ in loginForm(request) }
        outside.post("admin/login") { request, _ in try await logIn(request) }

        let inside = router.group().add(middleware: headers).add(middleware: AdminGate(admin: admin, requiresLogin: true))
        inside.post("admin/logout") { request, _ in try await logOut(request) }
        addPages(to: inside)
    }

    private func addPages(to router: RouterGroup<BasicRequestContext>) {
        router.live("admin", views: views, options: options, user: user) { request, _ in AdminOverview(try frame(request)) }
        router.live("admin/connections", views: views, options: options, user: user) { request, _ in AdminConnections(try frame(request)) }
        router.live("admin/connections/{client}", views: views, options: options, user: user) { request, _ in
            AdminConnection(try frame(request))
        }
        router.live("admin/channels", views: views, options: options, user: user) { request, _ in AdminChannels(try frame(request)) }
        router.live("admin/channel", views: views, options: options, user: user) { request, _ in AdminChannel(try frame(request)) }
        router.live("admin/top", views: views, options: options, user: user) { request, _ in AdminTalkers(try frame(request)) }
        router.live("admin/trace", views: views, options: options, user: user) { request, _ in AdminTrace(try frame(request)) }
    }

    private var user: @Sendable (Request, BasicRequestContext) -> String? { { request, _ in admin.login(of: request)?.id } }

    private func frame(_ request: Request) throws -> AdminFrame {
        guard let login = admin.login(of: request) else { throw HTTPError(.unauthorized) }
        return AdminFrame(admin: admin, login: login)
    }

    private var options: LiveOptions {
        var options = LiveOptions()
        options.webSocket.shutdownCode = .serviceRestart
        options.shell = { page, _ in AdminShell.page(page) }
        return options
    }

    // MARK: Logging in and out

    private static let maxFormBytes = 4_096
    private static let formCookie = "heliograph-admin-form"

    private func loginForm(_ request: Request) -> Response {
        let next = QueryString(request.uri.query ?? "")["next"] ?? ""
        guard admin.login(of: request) == nil else { return .redirect(to: AdminPlaces.isOurs(next) ? next : AdminPlaces.root) }
        return loginPage(request, .ok, next, nil)
    }

    /// The form has a token that belongs to a cookie: nobody is logged in by another page without knowing it.
    private func loginPage(_ request: Request, _ status: HTTPResponse.Status, _ next: String, _ problem: String?) -> Response {
        let known = request.cookies[Self.formCookie].flatMap { (16...64).contains($0.value.utf8.count) ? $0.value : nil }
        let holder = known ?? AdminLogins.random()
        let page = AdminShell.login(
            token: admin.logins.formToken(for: holder), next: AdminPlaces.isOurs(next) ? next : "", problem: problem)
        guard let text = try? page.painted(with: TemplateCache(), markers: false) else { return Response(status: .internalServerError) }
        var response = Response(
            status: status, headers: [.contentType: "text/html; charset=utf-8"], body: ResponseBody(byteBuffer: ByteBuffer(string: text)))
        if known == nil { response.setCookie(cookie(Self.formCookie, holder, request)) }
        return response
    }

    private func logIn(_ request: Request) async throws -> Response {
        let form = try await form(request)
        let next = form["next"] ?? ""
        guard let holder = request.cookies[Self.formCookie]?.value, admin.logins.isFormToken(form["token"] ?? "", for: holder) else {
            return loginPage(request, .forbidden, next, "That form was too old. Please try again.")
        }
        let address = request.clientAddress
        let peer = address.map { PeerAddress($0) } ?? .unknown
        switch admin.logIn(form["password"] ?? "", from: peer, address: address?.description ?? "unknown") {
        case .refused: return loginPage(request, .forbidden, next, "That is not the password.")
        case .tooMany(let wait):
            var response = loginPage(
                request, .tooManyRequests, next, "Too many wrong passwords. Try again in \(Figures.age(seconds: wait)).")
            response.headers[.retryAfter] = "\(wait)"
            return response
        case .accepted(let login):
            var response = Response.redirect(to: AdminPlaces.isOurs(next) ? next : AdminPlaces.root)
            let lifetime = Int(AdminLogins.lifetime.components.seconds)
            response.setCookie(cookie(Admin.cookieName, admin.logins.cookie(of: login) ?? "", request, maxAge: lifetime))
            return response
        }
    }

    private func logOut(_ request: Request) async throws -> Response {
        guard let login = admin.login(of: request), admin.logins.isFormToken(try await form(request)["token"] ?? "", for: login.id) else {
            throw HTTPError(.forbidden, message: "This comes from another page.")
        }
        admin.logins.end(login)
        views.disconnect(user: login.id)
        admin.note("logged out", login)
        var response = Response.redirect(to: "/admin/login")
        response.setCookie(cookie(Admin.cookieName, "", request, maxAge: 0))
        return response
    }

    private func form(_ request: Request) async throws -> QueryString {
        var limits = RealtimeOptions()
        limits.maxRequestBytes = Self.maxFormBytes
        do {
            return QueryString(String(buffer: try await request.body(limits)))
        } catch is NIOTooManyBytesError {
            throw HTTPError(.contentTooLarge, headers: [.connection: "close"], message: nil)
        }
    }

    /// Not sent with what other sites make a browser do, nor shown to scripts. Where the page came by TLS, be it that of a proxy, it goes by TLS alone.
    private func cookie(_ name: String, _ value: String, _ request: Request, maxAge: Int? = nil) -> Cookie {
        let isSecure = request.head.scheme == "https" || request.headers[.origin]?.hasPrefix("https:") == true
        return Cookie(
            name: name, value: value, maxAge: maxAge, path: AdminPlaces.root, secure: isSecure, httpOnly: true, sameSite: .strict)
    }
}
