// The way to the admin pages, as a browser and as somebody who tries.

import Foundation
import HTTPTypes
import Hummingbird
import HummingbirdTesting
import NIOCore
import ServerTestSupport
import Testing
import WebSocketClient
import WebSocketNIO
import WebSocketProtocol

@testable import HeliographServer

@Suite("The way to the admin pages", .timeLimit(.minutes(2)))
struct AdminRoutesTests {
    static let password = "correct horse battery"
    static let pages = [
        "/admin", "/admin/connections", "/admin/connections/x", "/admin/channels", "/admin/channel?name=a", "/admin/top", "/admin/trace",
    ]

    /// A browser: what it was given in cookies, it sends.
    final class Visitor {
        let server: TestServer
        /// As the tests' client names the server.
        let origin = "http://localhost"
        var cookies: [String: String] = [:]

        init(_ server: TestServer) {
            self.server = server
        }

        func get(_ path: String) async throws -> TestResponse {
            keep(try await server.http.execute(uri: path, method: .get, headers: headers))
        }

        func post(_ path: String, _ form: [String: String], origin: String? = "", _ body: String? = nil) async throws -> TestResponse {
            var headers = headers
            headers[.contentType] = "application/x-www-form-urlencoded"
            headers[.origin] = origin == "" ? self.origin : origin
            let text = form.map { "\($0.key)=\(AdminPlaces.encoded($0.value))" }.joined(separator: "&")
            return keep(
                try await server.http.execute(uri: path, method: .post, headers: headers, body: ByteBuffer(string: body ?? text)))
        }

        private var headers: HTTPFields {
            cookies.isEmpty ? [:] : [.cookie: cookies.map { "\($0.key)=\($0.value)" }.joined(separator: "; ")]
        }

        private func keep(_ response: TestResponse) -> TestResponse {
            for line in response.headers[values: .setCookie] {
                let pair = line.prefix { $0 != ";" }.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
                guard pair.count == 2 else { continue }
                cookies[String(pair[0])] = pair[1].isEmpty ? nil : String(pair[1])
            }
            return response
        }

        /// What a form of a page has in a hidden field.
        func field(_ name: String, in response: TestResponse) throws -> String {
            let text = String(buffer: response.body)
            let start = try #require(text.range(of: "name=\"\(name)\" value=\""), "no \(name) in \(text)").upperBound
            return String(text[start...].prefix { $0 != "\"" })
        }

        func logIn(_ password: String = AdminRoutesTests.password, next: String = "") async throws -> TestResponse {
            let token = try field("token", in: try await get("/admin/login"))
            return try await post("/admin/login", ["token": token, "password": password, "next": next])
        }
    }

    private func run(_ test: @escaping @Sendable (Visitor) async throws -> Void) async throws {
        var configuration = ServeConfiguration()
        configuration.adminPassword = Self.password
        try await TestServer.run(configuration) { try await test(Visitor($0)) }
    }

    // MARK: The door

    @Test("Without a password there are no admin pages", arguments: pages + ["/admin/login", "/admin/assets/admin.css"])
    func off(_ path: String) async throws {
        try await TestServer.run { server in
            let response = try await server.http.execute(uri: path, method: .get)
            #expect(response.status == .notFound)
        }
    }

    @Test("Nobody sees a page without logging in; who does comes to where they wanted to go", arguments: pages)
    func login(_ path: String) async throws {
        try await run { visitor in
            let refused = try await visitor.get(path)
            #expect(refused.status == .seeOther)
            #expect(refused.headers[.location] == AdminPlaces.login(for: path))
            #expect(refused.body.readableBytes == 0)
            let accepted = try await visitor.logIn(next: path)
            #expect(accepted.status == .seeOther)
            #expect(accepted.headers[.location] == path)
            let page = try await visitor.get(path)
            #expect(page.status == .ok)
            #expect(String(buffer: page.body).contains("<div data-live="))
            #expect(try await visitor.get("/admin/login").headers[.location] == "/admin")
        }
    }

    @Test("The cookie is for this server's pages alone, not for scripts, and expires")
    func cookie() async throws {
        try await run { visitor in
            let response = try await visitor.logIn()
            let cookie = try #require(response.headers[values: .setCookie].first { $0.hasPrefix("heliograph-admin=") })
            for part in ["HttpOnly", "SameSite=Strict", "Path=/admin", "Max-Age=28800"] { #expect(cookie.contains(part), "\(cookie)") }
            #expect(!cookie.contains("Secure"))
            #expect(!cookie.contains(Self.password))
        }
    }

    @Test("Nothing is kept in a cache, nor comes from elsewhere", arguments: ["/admin", "/admin/login"])
    func headers(_ path: String) async throws {
        try await run { visitor in
            if path == "/admin" { _ = try await visitor.logIn() }
            let headers = try await visitor.get(path).headers
            #expect(headers[.cacheControl] == "no-store")
            #expect(
                headers[.contentSecurityPolicy]
                    == "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; form-action 'self'; "
                    + "base-uri 'none'; frame-ancestors 'none'; require-trusted-types-for 'script'; trusted-types heliograph-live")
            #expect(headers[.contentSecurityPolicy]?.contains("frame-ancestors 'none'") == true)
            #expect(headers[.contentSecurityPolicy]?.contains("unsafe") == false)
        }
    }

    @Test("All that the pages need is below /admin")
    func assets() async throws {
        try await run { visitor in
            for file in ["admin.css", "site.css", "icon.svg", "heliograph-live.js"] {
                let response = try await visitor.get("/admin/assets/\(file)")
                #expect(response.status == .ok)
            }
        }
    }

    // MARK: Those who try

    @Test("A wrong password is refused; after five, all are, for a while, and the right one too; other words cost nothing")
    func guesses() async throws {
        try await run { visitor in
            for _ in 0..<5 {
                let refused = try await visitor.logIn("wrong")
                #expect(refused.status == .forbidden)
                #expect(visitor.cookies["heliograph-admin"] == nil)
            }
            for guess in ["wrong", Self.password] {
                let refused = try await visitor.logIn(guess)
                #expect(refused.status == .tooManyRequests)
                #expect(refused.headers[.retryAfter] == "1")
                #expect(visitor.cookies["heliograph-admin"] == nil)
            }
            try await Task.sleep(for: .milliseconds(1_100))
            #expect(try await visitor.logIn().status == .seeOther)
        }
    }

    @Test("Another page can't log anybody in, be it with the right password", arguments: ["https://evil.example", "null", nil])
    func loginFromElsewhere(_ origin: String?) async throws {
        try await run { visitor in
            let token = try visitor.field("token", in: try await visitor.get("/admin/login"))
            let response = try await visitor.post("/admin/login", ["token": token, "password": Self.password], origin: origin)
            #expect(response.status == .forbidden)
            #expect(visitor.cookies["heliograph-admin"] == nil)
        }
    }

    @Test("A form without its token, or with that of another browser, is none")
    func loginTokens() async throws {
        try await run { visitor in
            let other = Visitor(visitor.server)
            let token = try other.field("token", in: try await other.get("/admin/login"))
            _ = try await visitor.get("/admin/login")
            for token in [token, "", "AAAA"] {
                let response = try await visitor.post("/admin/login", ["token": token, "password": Self.password])
                #expect(response.status == .forbidden)
                #expect(visitor.cookies["heliograph-admin"] == nil)
            }
            visitor.cookies = [:]
            #expect(try await visitor.post("/admin/login", ["token": token, "password": Self.password]).status == .forbidden)
        }
    }

    @Test(
        "The way back leads to our pages alone",
        arguments: ["https://evil.example", "//evil.example", "/admin/../x\\", "/chat", "javascript:alert(1)"])
    func next(_ path: String) async throws {
        try await run { visitor in
            #expect(try await visitor.logIn(next: path).headers[.location] == "/admin")
            visitor.cookies = [:]
            let page = try await visitor.get("/admin/login?next=\(AdminPlaces.encoded(path))")
            #expect(try visitor.field("next", in: page) == "")
        }
    }

    @Test(
        "A form that is too long, or is no form, is refused",
        arguments: [String(repeating: "a", count: 5_000), "%", "\u{0}=&&&=", "a[b][c]=1"])
    func nonsense(_ body: String) async throws {
        try await run { visitor in
            let response = try await visitor.post("/admin/login", [:], body)
            #expect(response.status == (body.utf8.count > 4_096 ? .contentTooLarge : .forbidden))
        }
    }

    @Test("A cookie of nonsense is nobody's", arguments: ["x", "", String(repeating: "A", count: 2_000)])
    func forgedCookie(_ value: String) async throws {
        try await run { visitor in
            visitor.cookies["heliograph-admin"] = value
            let response = try await visitor.get("/admin")
            #expect(response.status == .seeOther)
        }
    }

    // MARK: The way out

    @Test("Who has logged out is out, in all windows, and a copy of the cookie is worth nothing")
    func logout() async throws {
        try await run { visitor in
            _ = try await visitor.logIn()
            let kept = visitor.cookies
            let token = try visitor.field("token", in: try await visitor.get("/admin"))
            for (form, origin) in [(["token": "AAAA"], ""), ([:], ""), (["token": token], "https://evil.example")] {
                #expect(try await visitor.post("/admin/logout", form, origin: origin).status == .forbidden)
                #expect(try await visitor.get("/admin").status == .ok)
            }
            let out = try await visitor.post("/admin/logout", ["token": token])
            #expect(out.status == .seeOther)
            #expect(visitor.cookies["heliograph-admin"] == nil)
            visitor.cookies = kept
            #expect(try await visitor.get("/admin").status == .seeOther)
            #expect(try await visitor.post("/admin/logout", ["token": token]).status == .unauthorized)
        }
    }

    // MARK: Sockets and forms of the views

    @Test("A socket without a login gets no view, and is told to load the page; one of another page is not opened at all")
    func socket() async throws {
        try await run { visitor in
            let server = visitor.server
            let socket = try await server.connect("/admin/_live")
            try await socket.send(#"["join","","",[]]"#)
            let end = await socket.waitForClose()
            #expect(end.code.rawValue == 4_401)
            _ = try await visitor.logIn()
            var configuration = WebSocketClientConfiguration()
            configuration.headers[.cookie] = visitor.cookies.map { "\($0.key)=\($0.value)" }.joined(separator: "; ")
            configuration.headers[.origin] = "https://evil.example"
            let foreign = configuration
            let error = await #expect(throws: WebSocketClientError.self) { try await server.connect("/admin/_live", foreign) }
            guard case .refused(let refusal)? = error else { throw Unexpected("\(String(describing: error))") }
            #expect(refusal.response.status == .forbidden)
            configuration.headers[.origin] = "http://localhost:\(try #require(server.http.port))"
            let view = try await server.connect("/admin/_live", configuration)
            try await view.send(#"["join","","",[]]"#)
            var messages = view.messages.makeAsyncIterator()
            guard case .text(let first) = try await messages.next() else { throw Unexpected("no templates") }
            #expect(first.hasPrefix(#"["t",0"#))
        }
    }

    @Test("The forms of the views take nothing from another page either")
    func viewForms() async throws {
        try await run { visitor in
            _ = try await visitor.logIn()
            for origin in ["https://evil.example", nil] {
                #expect(try await visitor.post("/admin/channel?name=a&_event=removeHistory", [:], origin: origin).status == .forbidden)
            }
            visitor.cookies = [:]
            #expect(try await visitor.post("/admin/channel?name=a&_event=removeHistory", [:]).status == .unauthorized)
        }
    }

    @Test("The password comes from the environment or the configuration's file, where one that is too short is an error with its line")
    func configuration() async throws {
        let yaml = "client: {allow_anonymous: true}\nchannel: {without_namespace: {}}\nadmin_password: "
        var serve = try await ServeConfiguration(yaml: yaml + "correct horse battery", file: "c.yaml")
        #expect(serve.adminPassword != nil)
        let error = await #expect(throws: ServeError.self) { _ = try await ServeConfiguration(yaml: yaml + "secret", file: "c.yaml") }
        #expect(error?.description.hasPrefix("c.yaml:3: admin_password: The admin password must have 12") == true)
        #expect(error?.description.contains("secret") == false)
        try await TestServer.run(serve) { server in
            let response = try await Visitor(server).logIn()
            #expect(response.status == .seeOther)
        }
        serve.adminPassword = "short"
        do {
            try await TestServer.run(serve) { _ in }
            Issue.record("it serves with a password that can be guessed")
        } catch let error as ServeError {
            #expect(error.description.hasPrefix("The admin password must have"))
        }
    }
}
