import HTTPTypes
import Hummingbird
import NIOCore
import Synchronization
import Testing
import WebSocketDeflate
import WebSocketHummingbird
import WebSocketNIO
import WebSocketProtocol

@Suite(.timeLimit(.minutes(1)))
struct RouteTests {
    @Test("Path parameters, groups and the query reach the handler")
    func parameters() async throws {
        let router = Router()
        router.group("v1").webSocket("chat/{room}") { socket, context in
            try await socket.send(try context.parameters.require("room"))
        }
        router.webSocket(
            "query",
            delegate: { request, context in
                Greeter(request.uri.queryParameters["name"].map(String.init) ?? "nobody")
            })
        try await withServer(router) { server in
            let chat = try await RawClient.upgraded(port: server.port, Handshake("/v1/chat/lobby"))
            #expect(try await chat.frame().text == "lobby")
            let query = try await RawClient.upgraded(port: server.port, Handshake("/query?name=Ada"))
            #expect(try await query.frame().text == "Ada")
        }
    }

    private final class Greeter: WebSocketDelegate {
        let name: String

        init(_ name: String) {
            self.name = name
        }

        func opened(_ socket: WebSocketConnection) {
            socket.send(text: name)
        }
    }

    @Test("shouldUpgrade refuses with any response, by returning or by throwing", arguments: ["/returned", "/thrown", "/broken"])
    func refused(path: String) async throws {
        let router = Router()
        router.webSocket(
            "returned", shouldUpgrade: { _, _ in .refuse(Response(status: .init(code: 402))) }, delegate: { _, _ in EchoDelegate() })
        router.webSocket("thrown", shouldUpgrade: { _, _ in throw HTTPError(.gone) }, delegate: { _, _ in EchoDelegate() })
        router.webSocket("broken", shouldUpgrade: { _, _ in throw CancellationError() }, delegate: { _, _ in EchoDelegate() })
        let statuses = ["/returned": 402, "/thrown": 410, "/broken": 500]
        try await withServer(router) { server in
            let client = try await RawClient.connect(port: server.port)
            try await client.send(Handshake(path).text)
            #expect(try await client.response().status == statuses[path])
            #expect(try await client.takeAll().isEmpty)
        }
    }

    @Test("A delegate that cannot be made refuses", arguments: ["/gone", "/broken"])
    func delegateThrows(path: String) async throws {
        let router = Router()
        router.webSocket("gone", delegate: { _, _ in throw HTTPError(.gone) })
        router.webSocket("broken", delegate: { _, _ in throw CancellationError() })
        try await withServer(router) { server in
            let client = try await RawClient.connect(port: server.port)
            try await client.send(Handshake(path).text)
            #expect(try await client.response().status == (path == "/gone" ? 410 : 500))
            #expect(try await client.takeAll().isEmpty)
        }
    }

    @Test("shouldUpgrade adds fields, but none of the handshake's")
    func headers() async throws {
        let router = Router()
        router.webSocket(
            "echo",
            shouldUpgrade: { _, _ in
                .accept(headers: [.setCookie: "a=b", .secWebSocketAccept: "wrong", .contentLength: "9", .connection: "close"])
            },
            delegate: { _, _ in EchoDelegate() })
        try await withServer(router) { server in
            let client = try await RawClient.connect(port: server.port)
            try await client.send(Handshake().text)
            let response = try await client.response()
            #expect(response.status == 101)
            #expect(response.fields["set-cookie"] == "a=b")
            #expect(response.fields["connection"] == "Upgrade")
            #expect(response.fields["sec-websocket-accept"] == "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=")
            #expect(response.fields["content-length"] == nil)
        }
    }

    @Test(
        "The server's preference decides on the subprotocol, and only one that was offered is named",
        arguments: [("a, b", "b"), ("b", "b"), ("a", "a"), ("c", nil), (nil, nil)] as [(String?, String?)])
    func subprotocol(offered: String?, agreed: String?) async throws {
        let router = Router()
        var configuration = WebSocketConfiguration()
        configuration.subprotocols = ["b", "a"]
        router.webSocket("echo", configuration: configuration) { socket, _ in try await socket.send(socket.subprotocol ?? "none") }
        try await withServer(router) { server in
            let client = try await RawClient.connect(port: server.port)
            try await client.send(Handshake().with("Sec-WebSocket-Protocol", offered).text)
            let response = try await client.response()
            #expect(response.status == 101)
            #expect(response.fields["sec-websocket-protocol"] == agreed)
            #expect(try await client.frame().text == agreed ?? "none")
        }
    }

    @Test("shouldUpgrade chooses the subprotocol", arguments: [("a, b", "a"), ("b", nil)] as [(String, String?)])
    func chosenSubprotocol(offered: String, agreed: String?) async throws {
        let router = Router()
        router.webSocket("echo", shouldUpgrade: { _, _ in .accept(subprotocol: "a") }, delegate: { _, _ in EchoDelegate() })
        try await withServer(router) { server in
            let client = try await RawClient.connect(port: server.port)
            try await client.send(Handshake().with("Sec-WebSocket-Protocol", offered).text)
            #expect(try await client.response().fields["sec-websocket-protocol"] == agreed)
        }
    }

    @Test("Compression is agreed to where the route has it, and declined where not", arguments: ["/echo", "/compressed"])
    func compression(path: String) async throws {
        let router = echoRouter()
        var configuration = WebSocketConfiguration()
        configuration.compression = DeflateConfiguration()
        router.webSocket("compressed", configuration: configuration, delegate: { _, _ in EchoDelegate() })
        try await withServer(router) { server in
            let client = try await RawClient.connect(port: server.port)
            try await client.send(Handshake(path).adding("Sec-WebSocket-Extensions", "x-unknown, permessage-deflate").text)
            let response = try await client.response()
            #expect(response.status == 101)
            #expect(response.fields["sec-websocket-extensions"]?.hasPrefix("permessage-deflate") ?? false == (path == "/compressed"))
        }
    }

    @Test("A route's own limits hold")
    func limits() async throws {
        let router = Router()
        var configuration = WebSocketConfiguration()
        configuration.limits.maxMessageSize = 10
        router.webSocket("echo", configuration: configuration, delegate: { _, _ in EchoDelegate() })
        try await withServer(router) { server in
            let client = try await RawClient.upgraded(port: server.port)
            try await client.send(Frame.text("0123456789"))
            #expect(try await client.frame().text == "0123456789")
            try await client.send(Frame.text("0123456789A"))
            #expect(try await client.frame().closeCode == 1009)
        }
    }

    @Test("Another Origin policy", arguments: [("https://app.example.com", 101), ("https://example.org", 403), ("http://localhost", 403)])
    func origins(origin: String, status: Int) async throws {
        let router = Router()
        router.webSocket("echo", origins: .allow(["https://*.example.com"]), delegate: { _, _ in EchoDelegate() })
        try await withServer(router) { server in
            let client = try await RawClient.connect(port: server.port)
            try await client.send(Handshake().adding("Origin", origin).text)
            #expect(try await client.response().status == status)
        }
    }

    private struct Failure: Error {}

    @Test(
        "A handler that returns closes with 1000, one that throws with 1011",
        arguments: [false, true], [("/returns", 1000), ("/throws", 1011)] as [(String, UInt16)])
    func handlerEnds(onEventLoop: Bool, ends: (path: String, code: UInt16)) async throws {
        let router = Router()
        router.webSocket("returns") { socket, _ in try await socket.send("bye") }
        router.webSocket("throws") { socket, _ in
            try await socket.send("bye")
            throw Failure()
        }
        var configuration = WebSocketServerConfiguration()
        configuration.dangerouslyRunsHandlersOnEventLoop = onEventLoop
        try await withServer(router, .webSockets(configuration: configuration)) { server in
            let client = try await RawClient.upgraded(port: server.port, Handshake(ends.path))
            #expect(try await client.frame().text == "bye")
            let close = try await client.frame()
            #expect(close.closeCode == ends.code)
            // What went wrong is not the peer's business.
            #expect(!close.text.contains("Failure"))
            try await client.send(Frame.close(ends.code))
            #expect(try await client.takeAll().isEmpty)
        }
    }

    @Test("The same on a connection that has served requests")
    func lateHandlerEnds() async throws {
        let router = echoRouter()
        router.webSocket("throws", onUpgrade: { _, _ in throw Failure() })
        try await withServer(router) { server in
            let client = try await RawClient.connect(port: server.port)
            try await client.send("GET /hello HTTP/1.1\r\nHost: localhost\r\n\r\n")
            #expect(try await client.response().body == "Hello")
            try await client.send(Handshake("/throws").text)
            #expect(try await client.response().status == 101)
            #expect(try await client.frame().closeCode == 1011)
        }
    }
}
