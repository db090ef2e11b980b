// Live views in a router: the page, the socket beside it, and forms without JavaScript.

import HTTPTypes
import Hummingbird
import LiveHTML
import LiveViews
import NIOCore
import RealtimeHummingbird
import ServerTestSupport
import Testing
import WebSocketClient
import WebSocketNIO
import WebSocketProtocol

@Suite("Live views in a router", .timeLimit(.minutes(2)))
struct LiveRouteTests {
    private static let settings = RealtimeServer.Settings { settings in
        settings.more = { router, hub in
            router.live("books/{book}", views: LiveRuntime(hub: hub)) { request, context in
                switch context.parameters.get("book") {
                case "secret": throw HTTPError(.unauthorized)
                case "none": throw HTTPError(.notFound)
                default: return Guestbook()
                }
            }
            router.liveScript()
        }
    }

    private static func next(_ socket: WebSocket) async throws -> String {
        var messages = socket.messages.makeAsyncIterator()
        guard case .text(let text)? = try await messages.next() else { throw Unexpected("no text") }
        return text
    }

    @Test("The page is HTML with a cookie for this browser alone; the parameters of its path are the view's")
    func page() async throws {
        try await RealtimeServer.run(Self.settings) { server in
            let answer = try await server.send(.get, "/books/guests")
            let head = try await answer.head()
            #expect(head.headerFields[.contentType] == "text/html; charset=utf-8")
            #expect(head.headerFields[.cacheControl] == "no-store")
            let cookie = try #require(head.headerFields[.setCookie])
            #expect(cookie.contains("HttpOnly") && cookie.contains("SameSite=Lax"))
            let page = try await answer.rest()
            #expect(page.contains("<h1>guests</h1>") && page.contains("<title>Book guests</title>"))
            var visitor = LiveVisitor(server: server, cookie: String(cookie.prefix { $0 != ";" }))
            let before = visitor.cookie
            _ = try await visitor.get("/books/guests")
            #expect(visitor.cookie == before)
        }
    }

    @Test("The socket binds what the page shows, and answers an event with its number and the difference")
    func socket() async throws {
        try await RealtimeServer.run(Self.settings) { server in
            var visitor = LiveVisitor(server: server)
            let page = try await visitor.get("/books/guests?a=1")
            let seal = try LiveVisitor.part(page, "data-live"), hash = try LiveVisitor.part(page, "data-live-hash")
            let socket = try await visitor.join("/books/guests", seal, hash)
            // Another address than the page's: nothing is resumed, and it is mounted anew.
            #expect(try await Self.next(socket).hasPrefix("[\"t\",0,"))
            #expect(try await Self.next(socket).hasPrefix("[\"b\",0,0,"))
            try await socket.send("[1,0,\"sign:$\",{\"name\":\"Ann\"}]")
            var answers: [String] = []
            while answers.last?.hasPrefix("[1,") != true { answers.append(try await Self.next(socket)) }
            #expect(answers.contains("1"))
            #expect(answers.last?.contains("[\"Ann\"]") == true)
            await socket.close()
        }
    }

    @Test("What the page's route refuses, its socket refuses: 401 is 4401, 404 is 4404")
    func refused() async throws {
        try await RealtimeServer.run(Self.settings) { server in
            for (book, status, code) in [("secret", 401, 4401), ("none", 404, 4404)] {
                #expect(try await server.status(.get, "/books/\(book)") == status)
                let socket = try await LiveVisitor(server: server, cookie: "a=b").join("/books/\(book)", "", "")
                for try await _ in socket.messages {}
                #expect(socket.closeReason?.code.rawValue == UInt16(code))
            }
        }
    }

    @Test("A socket from another page is refused with 403 (H1)")
    func origin() async throws {
        try await RealtimeServer.run(Self.settings) { server in
            var configuration = WebSocketClientConfiguration()
            configuration.headers = [.origin: "https://evil.example"]
            await #expect(throws: (any Error).self) {
                _ = try await WebSocket.connect(to: "ws://localhost:\(server.port)/books/guests/_live", configuration: configuration)
            }
        }
    }

    @Test("Without JavaScript a form is posted to the page, and the answer is the page after it, with what was there before")
    func posted() async throws {
        try await RealtimeServer.run(Self.settings) { server in
            var visitor = LiveVisitor(server: server)
            var page = try await visitor.get("/books/guests")
            for name in ["Ann", "Bob+%26+Co"] {
                let action = try LiveVisitor.part(page, "action").replacing("&amp;", with: "&")
                #expect(action.hasPrefix("?_event=sign%3a%24&"))
                page = try await visitor.post("/books/guests\(action)", "name=\(name)").rest()
            }
            #expect(page.contains("<li>Ann</li><li>Bob &amp; Co</li>"))
            #expect(page.contains("<h1>guests</h1>"))
        }
    }

    /// What comes up to the answer to a join.
    private static func joined(_ socket: WebSocket) async throws -> [String] {
        var messages: [String] = []
        while !["[\"b\"", "[\"j\""].contains(messages.last?.prefix(4) ?? "") { messages.append(try await next(socket)) }
        return messages
    }

    /// And to the question whether somebody is there.
    private static func all(_ socket: WebSocket) async throws -> [String] {
        var messages = try await joined(socket)
        try await socket.send("[1,0,\"\"]")
        while messages.last != "1" { messages.append(try await next(socket)) }
        return messages
    }

    @Test(
        "A page that answers a form goes on when its script has come, though the form's action is its address; so does one with a slash at its end"
    )
    func addresses() async throws {
        try await RealtimeServer.run(Self.settings) { server in
            var visitor = LiveVisitor(server: server)
            var page = try await visitor.get("/books/guests")
            let action = try LiveVisitor.part(page, "action").replacing("&amp;", with: "&")
            page = try await visitor.post("/books/guests\(action)", "name=Ann").rest()
            for query in [action, ""] {
                let seal = try LiveVisitor.part(page, "data-live"), hash = try LiveVisitor.part(page, "data-live-hash")
                let socket = try await visitor.join("/books/guests", query: query, seal, hash)
                let messages = try await Self.all(socket)
                #expect(messages.contains { $0.hasPrefix("[\"b\"") } && !messages.contains { $0.hasPrefix("[\"s\"") })
                await socket.close()
                page = try await visitor.get("/books/guests/")
            }
        }
    }

    @Test("Who the user is, the route says: his views can be ended, and what was sealed for him is nobody else's")
    func users() async throws {
        let views = LiveRuntime()
        let settings = RealtimeServer.Settings { settings in
            settings.more = { router, _ in
                router.live("books/{book}", views: views, user: { request, _ in request.cookies["user"]?.value }) { _, _ in Guestbook() }
            }
        }
        try await RealtimeServer.run(settings) { server in
            var visitor = LiveVisitor(server: server, cookie: "user=ann")
            let page = try await visitor.get("/books/guests")
            let seal = try LiveVisitor.part(page, "data-live"), hash = try LiveVisitor.part(page, "data-live-hash")
            let browser = visitor.cookie
            var sockets: [WebSocket] = []
            for (user, isResumed) in [("ann", true), ("bob", false)] {
                visitor.cookie = "\(browser); user=\(user)"
                let socket = try await visitor.join("/books/guests", seal, hash)
                #expect(try await Self.all(socket).contains { $0.hasPrefix("[\"s\"") } == !isResumed)
                sockets.append(socket)
            }
            views.disconnect(user: "ann")
            for try await _ in sockets[0].messages {}
            #expect(sockets[0].closeReason?.code.rawValue == 4401)
            try await sockets[1].send("[2,0,\"\"]")
            #expect(try await Self.next(sockets[1]) == "2")
            await sockets[1].close()
        }
    }

    @Test("A server that goes down seals what is not sealed, and says when to come back")
    func shutDown() async throws {
        var configuration = LiveConfiguration()
        configuration.sealInterval = .seconds(60)
        let settings = RealtimeServer.Settings { [configuration] settings in
            settings.more = { router, hub in
                router.live("books/{book}", views: LiveRuntime(configuration: configuration, hub: hub)) { _, _ in Guestbook() }
            }
        }
        try await RealtimeServer.run(settings) { server in
            var visitor = LiveVisitor(server: server)
            let page = try await visitor.get("/books/guests")
            let socket = try await visitor.join("/books/guests", try LiveVisitor.part(page, "data-live"), "")
            _ = try await Self.joined(socket)
            for ref in 1...2 {
                try await socket.send("[\(ref),0,\"sign:$\",{\"name\":\"N\(ref)\"}]")
                while try await Self.next(socket) != "\(ref)" {}
            }
            await server.shutDown()
            var last: [String] = []
            for try await message in socket.messages { if case .text(let text) = message { last.append(text) } }
            #expect(last.suffix(2).map { String($0.prefix(4)) } == ["[\"s\"", "[\"aw"])
        }
    }

    @Test("An effect that leads elsewhere is a redirect then")
    func redirect() async throws {
        try await RealtimeServer.run(Self.settings) { server in
            var visitor = LiveVisitor(server: server)
            _ = try await visitor.get("/books/guests")
            let head = try await visitor.post("/books/guests?_event=leave", "x=1").head()
            #expect(head.status == .seeOther)
            #expect(head.headerFields[.location] == "/elsewhere")
        }
    }

    @Test("A form from another page is refused with 403, one that is no event of the view with 400")
    func badForms() async throws {
        try await RealtimeServer.run(Self.settings) { server in
            var visitor = LiveVisitor(server: server)
            _ = try await visitor.get("/books/guests")
            let action = "/books/guests?_event=sign%3a%24"
            #expect(try await visitor.post(action, "name=x", origin: "https://evil.example").status() == 403)
            #expect(try await visitor.post(action, "name=x", origin: "null").status() == 403)
            #expect(try await visitor.post("/books/guests?_event=burn", "name=x").status() == 400)
            #expect(try await visitor.post("/books/guests", "name=x").status() == 400)
            #expect(try await visitor.post(action, "name=" + String(repeating: "x", count: 70_000)).status() == 413)
            #expect(try await visitor.post(action, "name=x").status() == 200)
        }
    }

    @Test("The client script is a file that a browser keeps and asks for again")
    func script() async throws {
        try await RealtimeServer.run(Self.settings) { server in
            let answer = try await server.send(.get, "/heliograph-live.js")
            let head = try await answer.head()
            #expect(head.headerFields[.contentType] == "text/javascript; charset=utf-8")
            #expect(head.headerFields[.cacheControl] == "no-cache")
            #expect(try await answer.rest().contains("data-live"))
            let eTag = try #require(head.headerFields[.eTag])
            #expect(try await server.status(.get, "/heliograph-live.js", [.ifNoneMatch: eTag]) == 304)
        }
    }

    @Test("Its extras are those that it was made with, and a browser keeps them for good")
    func extras() async throws {
        try await RealtimeServer.run(Self.settings) { server in
            let script = try await server.send(.get, "/heliograph-live.js").rest()
            let address = try #require(script.firstMatch(of: /"(-extras\.js\?v=[a-z]+)"/)).output.1
            let answer = try await server.send(.get, "/heliograph-live\(address)")
            let head = try await answer.head()
            #expect(head.status == .ok)
            #expect(head.headerFields[.contentType] == "text/javascript; charset=utf-8")
            #expect(head.headerFields[.cacheControl] == "public, max-age=31536000, immutable")
            #expect(try await answer.rest().contains("export"))
            // An older or a newer core must not get them.
            #expect(try await server.status(.get, "/heliograph-live-extras.js?v=other") == 404)
            let plain = try await server.send(.get, "/heliograph-live-extras.js").head()
            #expect(plain.status == .ok)
            #expect(plain.headerFields[.cacheControl] == "no-cache")
        }
    }
}
