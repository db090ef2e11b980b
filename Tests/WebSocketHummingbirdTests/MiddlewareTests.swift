import Hummingbird
import Logging
import NIOCore
import Synchronization
import Testing
import WebSocketHummingbird
import WebSocketNIO
import WebSocketProtocol

/// Lets those in who know the word.
private struct WordMiddleware<Context: RequestContext>: RouterMiddleware {
    func handle(_ request: Request, context: Context, next: (Request, Context) async throws -> Response) async throws -> Response {
        guard request.headers[.authorization] == "Bearer sesame" else { throw HTTPError(.unauthorized, message: "the word?") }
        return try await next(request, context)
    }
}

/// Adds a field to every response, and tries to change the handshake's.
private struct FieldMiddleware<Context: RequestContext>: RouterMiddleware {
    func handle(_ request: Request, context: Context, next: (Request, Context) async throws -> Response) async throws -> Response {
        var response = try await next(request, context)
        response.headers[.server] = "test"
        response.headers[.secWebSocketAccept] = "wrong"
        response.headers[.contentLength] = "7"
        return response
    }
}

/// Suspends on the way in and on the way out.
private struct SleepyMiddleware<Context: RequestContext>: RouterMiddleware {
    func handle(_ request: Request, context: Context, next: (Request, Context) async throws -> Response) async throws -> Response {
        try await Task.sleep(for: .milliseconds(20))
        let response = try await next(request, context)
        try await Task.sleep(for: .milliseconds(20))
        return response
    }
}

private struct ReplaceMiddleware<Context: RequestContext>: RouterMiddleware {
    let response: @Sendable () -> Response

    func handle(_ request: Request, context: Context, next: (Request, Context) async throws -> Response) async throws -> Response {
        _ = try await next(request, context)
        return response()
    }
}

@Suite(.timeLimit(.minutes(1)))
struct MiddlewareTests {
    static func server(onEventLoop: Bool) -> WebSocketServerConfiguration {
        var configuration = WebSocketServerConfiguration()
        configuration.dangerouslyRunsHandlersOnEventLoop = onEventLoop
        return configuration
    }

    @Test("Middleware refuses before the upgrade, and the connection ends", arguments: [false, true])
    func refuses(onEventLoop: Bool) async throws {
        let router = Router()
        router.add(middleware: WordMiddleware())
        router.webSocket("echo", delegate: { _, _ in EchoDelegate() })
        try await withServer(router, .webSockets(configuration: Self.server(onEventLoop: onEventLoop))) { server in
            let stranger = try await RawClient.connect(port: server.port)
            try await stranger.send(Array(Handshake().text.utf8) + Frame.text("ignored"))
            let response = try await stranger.response()
            #expect(response.status == 401)
            #expect(response.body.contains("the word?"))
            #expect(response.fields["connection"] == "close")
            #expect(try await stranger.takeAll().isEmpty)

            let friend = try await RawClient.upgraded(port: server.port, Handshake().adding("Authorization", "Bearer sesame"))
            try await friend.send(Frame.text("Hello"))
            #expect(try await friend.frame().text == "Hello")
        }
    }

    @Test("Middleware adds fields to the 101, but cannot change the handshake")
    func adds() async throws {
        let router = Router()
        router.add(middleware: FieldMiddleware())
        router.webSocket("echo", delegate: { _, _ in EchoDelegate() })
        try await withServer(router) { server in
            let client = try await RawClient.connect(port: server.port)
            try await client.send(Handshake().text)
            let response = try await client.response()
            #expect(response.status == 101)
            #expect(response.fields["server"] == "test")
            #expect(response.fields["content-length"] == nil)
            #expect(response.fields["date"] != nil)
            #expect(response.fields["sec-websocket-accept"] == "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=")
            #expect(!response.head.contains("wrong"))
        }
    }

    @Test("Middleware that suspends, with frames that come meanwhile", arguments: [false, true])
    func suspends(onEventLoop: Bool) async throws {
        let router = Router()
        router.add(middleware: SleepyMiddleware())
        router.webSocket("echo", delegate: { _, _ in EchoDelegate() })
        try await withServer(router, .webSockets(configuration: Self.server(onEventLoop: onEventLoop))) { server in
            let client = try await RawClient.connect(port: server.port)
            try await client.send(Handshake().text)
            try await client.send(Frame.text("early"))
            #expect(try await client.response().status == 101)
            #expect(try await client.frame().text == "early")
        }
    }

    @Test("Another response than 101 is what is sent, a 101 that no route made is not")
    func replaced() async throws {
        let router = Router()
        router.group("page").add(
            middleware: ReplaceMiddleware { Response(status: .ok, body: .init(byteBuffer: ByteBuffer(string: "page"))) }
        )
        .webSocket(delegate: { _, _ in EchoDelegate() })
        router.get("fake") { _, _ in Response(status: .switchingProtocols) }
        try await withServer(router) { server in
            let page = try await RawClient.connect(port: server.port)
            try await page.send(Handshake("/page").text)
            #expect(try await page.response().body == "page")
            #expect(try await page.takeAll().isEmpty)
            let fake = try await RawClient.connect(port: server.port)
            try await fake.send(Handshake("/fake").text)
            #expect(try await fake.response().status == 500)
        }
    }

    @Test("A request for an upgrade of a plain route gets that route's response")
    func plainRoute() async throws {
        try await withServer(echoRouter()) { server in
            for (path, status) in [("/hello", 200), ("/nowhere", 404)] {
                let client = try await RawClient.connect(port: server.port)
                try await client.send(Handshake(path).text)
                #expect(try await client.response().status == status)
                #expect(try await client.takeAll().isEmpty)
            }
        }
    }

    @Test("A response that is too long, or never ends, is not collected without end", arguments: [false, true], ["/long", "/endless"])
    func tooLong(onEventLoop: Bool, path: String) async throws {
        let router = Router()
        let isCancelled = Mutex(false)
        router.get("long") { _, _ in Response(status: .ok, body: .init(byteBuffer: ByteBuffer(repeating: 0x61, count: 2 << 20))) }
        router.get("endless") { _, _ in
            Response(
                status: .ok,
                body: .init { writer in
                    let chunk = ByteBuffer(repeating: 0x61, count: 1 << 10)
                    while true { try await writer.write(chunk) }
                })
        }
        _ = isCancelled
        try await withServer(router, .webSockets(configuration: Self.server(onEventLoop: onEventLoop))) { server in
            let client = try await RawClient.connect(port: server.port)
            try await client.send(Handshake(path).text)
            #expect(try await client.response().status == 500)
            #expect(try await client.takeAll().isEmpty)
        }
    }

    @Test("An application that is still thinking is cancelled when the client has gone")
    func goneMeanwhile() async throws {
        let router = Router()
        let (events, event) = AsyncStream<String>.makeStream()
        router.get("think") { _, _ -> String in
            event.yield("asked")
            do { try await Task.sleep(for: .seconds(60)) } catch {
                event.yield("cancelled")
                throw error
            }
            return "never"
        }
        try await withServer(router) { server in
            let client = try await RawClient.connect(port: server.port)
            try await client.send(Handshake("/think").text)
            var iterator = events.makeAsyncIterator()
            #expect(await iterator.next() == "asked")
            await client.close()
            #expect(await iterator.next() == "cancelled")
        }
    }

    @Test("Without our server, a socket route answers 426")
    func otherServer() async throws {
        try await withServer(echoRouter(), .http1()) { server in
            let client = try await RawClient.connect(port: server.port)
            try await client.send("GET /echo HTTP/1.1\r\nHost: localhost\r\n\r\n")
            let response = try await client.response()
            #expect(response.status == 426)
            #expect(response.fields["upgrade"] == "websocket")
        }
    }

    @Test("An offer of another protocol is declined with an answer (curl --http2)")
    func h2cOffer() async throws {
        try await withServer(echoRouter()) { server in
            let client = try await RawClient.connect(port: server.port)
            try await client.send(
                "GET /hello HTTP/1.1\r\nHost: localhost\r\nConnection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAMAAABkAAQCAAAAAAIAAAAA\r\n\r\n"
            )
            let response = try await client.response()
            #expect(response.status == 200)
            #expect(response.body == "Hello")
            #expect(response.fields["connection"] == "close")
            #expect(try await client.takeAll().isEmpty)
        }
    }
}
