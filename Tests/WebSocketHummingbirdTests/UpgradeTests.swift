import Hummingbird
import NIOCore
import Testing
import WebSocketHummingbird
import WebSocketNIO
import WebSocketProtocol

@Suite(.timeLimit(.minutes(1)))
struct UpgradeTests {
    @Test("A route becomes a socket and echoes", arguments: ["/echo", "/loop-echo"], [false, true])
    func echo(path: String, onEventLoop: Bool) async throws {
        var configuration = WebSocketServerConfiguration()
        configuration.dangerouslyRunsHandlersOnEventLoop = onEventLoop
        try await withServer(echoRouter(), .webSockets(configuration: configuration)) { server in
            let client = try await RawClient.connect(port: server.port)
            try await client.send(Handshake(path).text)
            let response = try await client.response()
            #expect(response.status == 101)
            // The example of RFC 6455 §1.3.
            #expect(response.fields["sec-websocket-accept"] == "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=")
            #expect(response.fields["upgrade"] == "websocket")
            #expect(response.fields["connection"] == "Upgrade")
            #expect(response.fields["content-length"] == nil)
            #expect(response.fields["sec-websocket-protocol"] == nil)

            try await client.send(Frame.text("Hello"))
            #expect(try await client.frame() == ReceivedFrame(opcode: 1, payload: Array("Hello".utf8)))
            try await client.send(Frame.close(1000))
            #expect(try await client.frame().closeCode == 1000)
            #expect(try await client.takeAll().isEmpty)
        }
    }

    @Test("A first frame in the same segment as the request is not lost", arguments: ["/echo", "/loop-echo"])
    func coalescedFrame(path: String) async throws {
        try await withServer(echoRouter()) { server in
            let client = try await RawClient.connect(port: server.port)
            try await client.send(Array(Handshake(path).text.utf8) + Frame.text("first") + Frame.text("second"))
            #expect(try await client.response().status == 101)
            #expect(try await client.frame().text == "first")
            #expect(try await client.frame().text == "second")
            try await client.send(Frame.text("third"))
            #expect(try await client.frame().text == "third")
        }
    }

    @Test("A request that comes byte by byte")
    func byteByByte() async throws {
        try await withServer(echoRouter()) { server in
            let client = try await RawClient.connect(port: server.port)
            for byte in Array(Handshake().text.utf8) + Frame.text("slow") { try await client.send([byte]) }
            #expect(try await client.response().status == 101)
            #expect(try await client.frame().text == "slow")
        }
    }

    @Test("Plain requests are served beside sockets, and a socket route answers them with 426")
    func plainRequests() async throws {
        try await withServer(echoRouter()) { server in
            let socket = try await RawClient.upgraded(port: server.port)
            let client = try await RawClient.connect(port: server.port)
            for _ in 0..<3 {
                try await client.send("GET /hello HTTP/1.1\r\nHost: localhost\r\n\r\n")
                let response = try await client.response()
                #expect(response.status == 200)
                #expect(response.body == "Hello")
            }
            try await client.send("GET /echo HTTP/1.1\r\nHost: localhost\r\n\r\n")
            let refusal = try await client.response()
            #expect(refusal.status == 426)
            #expect(refusal.fields["upgrade"] == "websocket")
            #expect(refusal.fields["sec-websocket-version"] == "13")
            // That was plain HTTP, which goes on.
            try await client.send("GET /nowhere HTTP/1.1\r\nHost: localhost\r\n\r\n")
            #expect(try await client.response().status == 404)
            try await socket.send(Frame.text("still here"))
            #expect(try await socket.frame().text == "still here")
        }
    }

    @Test("An upgrade on a connection that has served requests", arguments: ["/echo", "/loop-echo"])
    func lateUpgrade(path: String) async throws {
        try await withServer(echoRouter()) { server in
            let client = try await RawClient.connect(port: server.port)
            for _ in 0..<2 {
                try await client.send("GET /hello HTTP/1.1\r\nHost: localhost\r\n\r\n")
                #expect(try await client.response().body == "Hello")
            }
            try await client.send(Array(Handshake(path).text.utf8) + Frame.text("first"))
            #expect(try await client.response().status == 101)
            #expect(try await client.frame().text == "first")
            for number in 0..<50 {
                try await client.send(Frame.text("message \(number)"))
                #expect(try await client.frame().text == "message \(number)")
            }
            try await client.send(Frame.close(1000))
            #expect(try await client.frame().closeCode == 1000)
            #expect(try await client.takeAll().isEmpty)
        }
    }

    @Test("A pipelined upgrade waits for the responses before it")
    func pipelinedUpgrade() async throws {
        try await withServer(echoRouter()) { server in
            let client = try await RawClient.connect(port: server.port)
            let request = "GET /hello HTTP/1.1\r\nHost: localhost\r\n\r\n"
            try await client.send(Array((request + request + Handshake().text).utf8) + Frame.text("frame"))
            #expect(try await client.response().body == "Hello")
            #expect(try await client.response().body == "Hello")
            #expect(try await client.response().status == 101)
            #expect(try await client.frame().text == "frame")
        }
    }
}
