// Live views where there is no WebSocket: a stream of server-sent events, and what the browser says in requests of its own (live protocol §12).

import HTTPTypes
import Hummingbird
import LiveViews
import NIOCore
import RealtimeHummingbird
import Synchronization
import Testing
import WebSocketNIO
import WebSocketProtocol

@Suite("Live views without a WebSocket", .timeLimit(.minutes(2)))
struct LiveStreamTests {
    private static func settings(
        _ http: StreamClient.HTTP = .plain, configuration: LiveConfiguration = LiveConfiguration(),
        options change: (inout LiveOptions) -> Void = { _ in },
        view: @escaping @Sendable (String) async throws -> Guestbook = { _ in Guestbook() }
    ) -> RealtimeServer.Settings {
        var options = LiveOptions()
        change(&options)
        return RealtimeServer.Settings { [options] settings in
            settings.http = http
            settings.more = { router, hub in
                router.live("books/{book}", views: LiveRuntime(configuration: configuration, hub: hub), options: options) { _, context in
                    try await view(context.parameters.get("book") ?? "")
                }
            }
        }
    }

    /// A visitor with the page, its stream, and the join said.
    private static func join(
        _ server: RealtimeServer, _ path: String = "/books/guests", reads: Bool = true
    ) async throws -> (visitor: LiveVisitor, stream: StreamClient, key: String) {
        var visitor = LiveVisitor(server: server)
        let page = try await visitor.get(path)
        let (stream, key) = try await visitor.open(path)
        let seal = try LiveVisitor.part(page, "data-live"), hash = try LiveVisitor.part(page, "data-live-hash")
        #expect(try await visitor.say(path, key, "[[\"join\",\"\(seal)\",\"\(hash)\",[]]]") == 204)
        #expect(try await stream.event().data.hasPrefix("[\"t\",0,"))
        #expect(try await stream.event().data.hasPrefix("[\"b\",0,0,"))
        return (visitor, stream, key)
    }

    /// The messages up to the one with this beginning.
    private static func upTo(_ beginning: String, _ stream: StreamClient) async throws -> [ServerEvent] {
        var events: [ServerEvent] = []
        while events.last?.data.hasPrefix(beginning) != true { events.append(try await stream.event()) }
        return events
    }

    /// The code of the `close` that ends a stream.
    private static func closeCode(_ stream: StreamClient) async throws -> Int? {
        while true {
            let event = try await stream.event()
            guard event.name == "close" else { continue }
            try await stream.waitForClose()
            return Int(event.data)
        }
    }

    // MARK: What it is

    @Test(
        "The stream begins with a key; with it messages are posted, and answered in the stream, in their order",
        arguments: StreamClient.HTTP.allCases)
    func talks(http: StreamClient.HTTP) async throws {
        try await RealtimeServer.run(Self.settings(http)) { server in
            let (visitor, stream, key) = try await Self.join(server)
            for ref in stride(from: 1, through: 9, by: 2) {
                let messages = [ref, ref + 1].map { "[\($0),0,\"sign:$\",{\"name\":\"N\($0)\"}]" }.joined(separator: ",")
                #expect(try await visitor.say("/books/guests", key, "[\(messages)]") == 204)
            }
            var patches = ""
            while !patches.contains("N10") { patches += try await stream.event().data }
            let places = try (1...10).map { try #require(patches.firstRange(of: "\"N\($0)\"")).lowerBound }
            #expect(places == places.sorted())
            await stream.close()
        }
    }

    @Test("No proxy may keep, change or hold back what it says")
    func headers() async throws {
        try await RealtimeServer.run(Self.settings()) { server in
            let visitor = LiveVisitor(server: server, cookie: "live-session=0123456789abcdef")
            let (stream, _) = try await visitor.open("/books/guests")
            let fields = try await stream.head().headerFields
            #expect(fields[.contentType] == "text/event-stream")
            #expect(fields[.cacheControl] == "no-cache, no-store, no-transform")
            #expect(HTTPField.Name("X-Accel-Buffering").flatMap { fields[$0] } == "no")
            await stream.close()
        }
    }

    @Test("What a value contains does not end its event: a newline is an escape")
    func newlines() async throws {
        try await RealtimeServer.run(Self.settings()) { server in
            let (visitor, stream, key) = try await Self.join(server)
            #expect(try await visitor.say("/books/guests", key, #"[[1,0,"sign:$",{"name":"a\n\ndata: b\r\u2028"}]]"#) == 204)
            let patch = try #require(try await Self.upTo("[1,", stream).last)
            #expect(patch.data.contains(#"a\n\ndata: b\u000d"#))
            await stream.close()
        }
    }

    // MARK: Whose it is

    @Test("A key is good in the browser alone that the stream is for, and no longer than it")
    func bound() async throws {
        try await RealtimeServer.run(Self.settings()) { server in
            let (visitor, stream, key) = try await Self.join(server)
            let (_, other, otherKey) = try await Self.join(server)
            #expect(key.utf8.count >= 20 && key != otherKey)
            let event = "[[1,0,\"leave\"]]"
            var thief = visitor
            thief.cookie = "live-session=fedcba9876543210"
            #expect(try await thief.say("/books/guests", key, event) == 404)
            thief.cookie = ""
            #expect(try await thief.say("/books/guests", key, event) == 404)
            #expect(try await visitor.say("/books/guests", (key.hasPrefix("x") ? "y" : "x") + key.dropFirst(), event) == 404)
            #expect(try await visitor.say("/books/guests", otherKey, event) == 404)
            #expect(try await visitor.say("/books/guests", "", event) == 404)
            #expect(try await visitor.say("/books/guests", key, event) == 204)
            await stream.close()
            try await eventually("it is forgotten") { try await visitor.say("/books/guests", key, "[]") == 404 }
            await other.close()
        }
    }

    @Test("Pages of other origins get neither a stream nor a word in (H1)")
    func origin() async throws {
        try await RealtimeServer.run(Self.settings()) { server in
            let (visitor, stream, key) = try await Self.join(server)
            for foreign in ["https://evil.example", "null"] {
                #expect(try await visitor.say("/books/guests", key, "[[1,0,\"leave\"]]", origin: foreign) == 403)
                #expect(try await server.status(.get, "/books/guests/_live.sse", [.cookie: visitor.cookie, .origin: foreign]) == 403)
            }
            // A form on another page has cookies too, and a browser that does not say where it is from.
            #expect(try await server.status(.get, "/books/guests/_live.sse", [.cookie: visitor.cookie]) == 403)
            await stream.close()
        }
    }

    @Test("What the page's route refuses ends the stream with what a WebSocket would be closed with: 401 is 4401, 404 is 4404")
    func refused() async throws {
        let settings = Self.settings(view: { book in
            switch book {
            case "secret": throw HTTPError(.unauthorized)
            case "none": throw HTTPError(.notFound)
            default: return Guestbook()
            }
        })
        try await RealtimeServer.run(settings) { server in
            for (book, code) in [("secret", 4401), ("none", 4404)] {
                let visitor = LiveVisitor(server: server, cookie: "live-session=0123456789abcdef")
                let (stream, key) = try await visitor.open("/books/\(book)")
                #expect(try await visitor.say("/books/\(book)", key, #"[["join","","",[]]]"#) == 204)
                #expect(try await Self.closeCode(stream) == code)
            }
        }
    }

    // MARK: Limits

    @Test("While the view is made, what is posted waits, and another request is told that it comes too soon")
    func waits() async throws {
        let (gate, opener) = AsyncStream<Void>.makeStream()
        let made = Mutex(0)
        let settings = Self.settings(view: { _ in
            made.withLock { $0 += 1 }
            for await _ in gate { break }
            return Guestbook()
        })
        try await RealtimeServer.run(settings) { server in
            let visitor = LiveVisitor(server: server, cookie: "live-session=0123456789abcdef")
            let (stream, key) = try await visitor.open("/books/guests")
            async let first = visitor.say("/books/guests", key, #"[["join","","",[]],[1,0,"sign:$",{"name":"Ann"}]]"#)
            try await eventually("it is being made") { made.withLock { $0 } == 1 }
            #expect(try await visitor.say("/books/guests", key, #"[[2,0,"leave"]]"#) == 409)
            opener.yield()
            #expect(try await first == 204)
            #expect(try await Self.upTo("[1,", stream).last?.data.contains("Ann") == true)
            await stream.close()
        }
    }

    @Test(
        "A body that is no array of messages is refused, and one that is too long; a message that breaks the rules ends the stream with 4400"
    )
    func bad() async throws {
        try await RealtimeServer.run(Self.settings()) { server in
            let (visitor, stream, key) = try await Self.join(server)
            for (body, status) in [
                ("", 400), ("[", 400), ("{}", 400), ("1", 400), ("[\"\u{1}\"]", 400), (String(repeating: "[", count: 40), 400),
                ("[\"\(String(repeating: "x", count: 300_000))\"]", 413), ("[]", 204),
            ] {
                #expect(try await visitor.say("/books/guests", key, body) == status)
            }
            #expect(try await visitor.say("/books/guests", key, "[[1,0,\"leave\"],[\"unknown\"]]") == 204)
            #expect(try await Self.closeCode(stream) == 4400)
            #expect(try await visitor.say("/books/guests", key, "[]") == 404)
        }
    }

    @Test("Too many events are 4429, no join in time 4408")
    func rates() async throws {
        var configuration = LiveConfiguration()
        configuration.maxEventBurst = 5
        configuration.maxEventsPerSecond = 1
        configuration.joinTimeout = .milliseconds(500)
        try await RealtimeServer.run(Self.settings(configuration: configuration)) { server in
            let (visitor, stream, key) = try await Self.join(server)
            let events = (1...20).map { "[\($0),0,\"leave\"]" }.joined(separator: ",")
            #expect(try await visitor.say("/books/guests", key, "[\(events)]") == 204)
            #expect(try await Self.closeCode(stream) == 4429)
            #expect(try await Self.closeCode(try await visitor.open("/books/guests").stream) == 4408)
        }
    }

    @Test("A browser that says nothing is asked; one that answers stays, one that does not is taken for gone")
    func pings() async throws {
        let settings = Self.settings(options: { $0.webSocket.keepalive = Keepalive(interval: .milliseconds(200), timeout: .seconds(2)) })
        try await RealtimeServer.run(settings) { server in
            let (visitor, stream, key) = try await Self.join(server)
            for _ in 0..<3 {
                #expect(try await stream.event() == ServerEvent(name: "ping", data: "0"))
                #expect(try await visitor.say("/books/guests", key, "[]") == 204)
            }
            try await stream.waitForClose()
            #expect(try await visitor.say("/books/guests", key, "[]") == 404)
        }
    }

    @Test("A browser that does not read is cut off, and cost no more than it may", arguments: [StreamClient.HTTP.plain, .http2])
    func slow(http: StreamClient.HTTP) async throws {
        var configuration = LiveConfiguration()
        configuration.maxEventBurst = 1_000
        let settings = Self.settings(http, configuration: configuration, options: { $0.webSocket.writeTimeout = .milliseconds(500) })
        try await RealtimeServer.run(settings) { server in
            let (visitor, stream, key) = try await Self.join(server)
            try await stream.channel.setOption(.autoRead, value: false).get()
            var status = 204, ref = 0
            while status == 204, ref < 500 {
                ref += 1
                status = try await visitor.say("/books/guests", key, "[[\(ref),0,\"copy:500000\"]]")
            }
            #expect(status == 404)
            try await stream.channel.setOption(.autoRead, value: true).get()
            try await stream.waitForClose()
        }
    }

    // MARK: The end

    @Test(
        "A server that goes down seals what is not sealed, says when to come back, and closes with 1012",
        arguments: StreamClient.HTTP.allCases)
    func shutDown(http: StreamClient.HTTP) async throws {
        var configuration = LiveConfiguration()
        configuration.sealInterval = .seconds(60)
        let started = try await RealtimeServer.result(Self.settings(http, configuration: configuration)) { server in
            let (visitor, stream, key) = try await Self.join(server)
            for ref in 1...2 {
                #expect(try await visitor.say("/books/guests", key, "[[\(ref),0,\"sign:$\",{\"name\":\"N\(ref)\"}]]") == 204)
                _ = try await Self.upTo("[\(ref),", stream)
            }
            let started = ContinuousClock.now
            await server.shutDown()
            let last = try await Self.upTo("1012", stream)
            #expect(last.contains { $0.data.hasPrefix("[\"s\",") } && last.contains { $0.data.hasPrefix("[\"away\",") })
            #expect(last.last?.name == "close")
            return started
        }
        #expect(ContinuousClock.now - started < .seconds(15))
    }
}
