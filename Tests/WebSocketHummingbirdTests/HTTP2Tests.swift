// RFC 8441, and what HTTP/2 needs besides.

import Hummingbird
import HummingbirdCore
import NIOCore
import NIOHPACK
import NIOHTTP2
import ServerTestSupport
import Testing
import WebSocketHummingbird
import WebSocketNIO
import WebSocketProtocol

@Suite(.timeLimit(.minutes(1)))
struct HTTP2Tests {
    static func builder(_ change: (inout WebSocketServerConfiguration) -> Void = { _ in }) throws -> HTTPServerBuilder {
        var configuration = WebSocketServerConfiguration()
        change(&configuration)
        return try .webSocketsHTTP2(tlsConfiguration: TestCertificate.names.server(), configuration: configuration)
    }

    @Test("The server says that it takes extended CONNECT (§3)")
    func setting() async throws {
        try await withServer(echoRouter(), Self.builder()) { server in
            let client = try await HTTP2Client.connect(port: server.port)
            let settings = try await client.settings()
            #expect(settings.first { $0.parameter == .enableConnectProtocol }?.value == 1)
            #expect(settings.first { $0.parameter == .maxConcurrentStreams }?.value == 256)
        }
    }

    @Test(
        "A stream becomes a socket, and is ended by both after the Close frames (§5)", arguments: ["/echo", "/loop-echo"], [false, true])
    func echo(path: String, onEventLoop: Bool) async throws {
        try await withServer(echoRouter(), Self.builder { $0.dangerouslyRunsHandlersOnEventLoop = onEventLoop }) { server in
            let client = try await HTTP2Client.connect(port: server.port)
            let stream = try await client.open(HTTP2Client.connectRequest(path))
            let response = try await stream.response.get()
            #expect(response.first(name: ":status") == "200")
            #expect(response.first(name: "sec-websocket-accept") == nil)
            #expect(response.first(name: "upgrade") == nil)
            #expect(response.first(name: "connection") == nil)
            #expect(response.first(name: "content-length") == nil)
            for number in 0..<20 {
                try await stream.raw.send(Frame.text("message \(number)"))
                #expect(try await stream.raw.frame().text == "message \(number)")
            }
            try await stream.raw.send(Frame.close(1000))
            #expect(try await stream.raw.frame().closeCode == 1000)
            // END_STREAM, not RST_STREAM.
            #expect(try await stream.raw.takeAll().isEmpty)
            try await stream.raw.endOutput()
        }
    }

    @Test("Requests and sockets share a connection and a router")
    func together() async throws {
        let router = echoRouter()
        router.webSocket("rooms/{room}") { socket, context in try await socket.send(try context.parameters.require("room")) }
        try await withServer(router, Self.builder()) { server in
            let client = try await HTTP2Client.connect(port: server.port)
            let one = try await client.open(HTTP2Client.connectRequest("/echo"))
            let two = try await client.open(HTTP2Client.connectRequest("/rooms/lobby"))
            #expect(try await two.raw.frame().text == "lobby")
            let page = try await client.open(HTTP2Client.getRequest("/hello"), endStream: true)
            #expect(try await page.status() == "200")
            #expect(String(decoding: try await page.raw.takeAll(), as: UTF8.self) == "Hello")
            try await one.raw.send(Frame.text("still here"))
            #expect(try await one.raw.frame().text == "still here")
        }
    }

    @Test("A large message flows through the windows")
    func largeMessage() async throws {
        let router = Router()
        var configuration = WebSocketConfiguration()
        configuration.limits.maxMessageSize = 4 << 20
        configuration.maxBufferedBytes = 8 << 20
        router.webSocket("echo", configuration: configuration, delegate: { _, _ in EchoDelegate() })
        try await withServer(router, Self.builder()) { server in
            let client = try await HTTP2Client.connect(port: server.port)
            let stream = try await client.open(HTTP2Client.connectRequest())
            let message = Frame.masked(2, [UInt8](repeating: 7, count: 1 << 20))
            try await stream.raw.send(message)
            let answer = try await stream.raw.take(10 + (1 << 20))
            #expect(answer[0] == 0x82)
            #expect(answer.dropFirst(10).allSatisfy { $0 == 7 })
        }
    }

    @Test("Reading that was held back goes on (a stream's channel does not read by itself when it may again)")
    func heldReads() async throws {
        /// Answers a message a moment later, and reads nothing meanwhile.
        final class Ponderer: WebSocketDelegate {
            func received(_ payload: ByteBuffer, _ kind: MessageKind, on socket: WebSocketConnection) {
                socket.pauseReading()
                let bound = NIOLoopBound(socket, eventLoop: socket.eventLoop)
                socket.eventLoop.scheduleTask(in: .milliseconds(5)) {
                    bound.value.send(payload, kind)
                    bound.value.resumeReading()
                }
            }
        }
        let router = Router()
        router.webSocket("ponder", delegate: { _, _ in Ponderer() })
        try await withServer(router, Self.builder()) { server in
            let client = try await HTTP2Client.connect(port: server.port)
            let stream = try await client.open(HTTP2Client.connectRequest("/ponder"))
            for number in 1...20 {
                try await stream.raw.send(Frame.text("message \(number)"))
                #expect(try await stream.raw.frame().text == "message \(number)")
            }
        }
    }

    @Test("A frame behind the request, before the answer, is not lost")
    func earlyFrame() async throws {
        try await withServer(echoRouter(), Self.builder()) { server in
            let client = try await HTTP2Client.connect(port: server.port)
            let stream = try await client.open(HTTP2Client.connectRequest("/loop-echo"))
            try await stream.raw.send(Frame.text("early"))
            #expect(try await stream.status() == "200")
            #expect(try await stream.raw.frame().text == "early")
        }
    }

    struct Broken: Sendable, CustomTestStringConvertible {
        let testDescription: String
        let status: String
        let headers: HPACKHeaders

        init(_ name: String, _ status: String, _ headers: HPACKHeaders) {
            self.testDescription = name
            self.status = status
            self.headers = headers
        }
    }

    static let broken: [Broken] = [
        Broken("another protocol", "501", HTTP2Client.connectRequest("/echo", [":protocol": "connect-udp"])),
        Broken("version 8", "400", HTTP2Client.connectRequest("/echo", ["sec-websocket-version": "8"])),
        Broken("a foreign Origin", "403", HTTP2Client.connectRequest("/echo", ["origin": "https://evil.example"])),
        Broken("an Origin without TLS", "403", HTTP2Client.connectRequest("/echo", ["origin": "http://localhost"])),
        Broken("cookies without an Origin", "403", HTTP2Client.connectRequest("/echo", ["cookie": "a=b"])),
        Broken("a scheme of its own", "400", HTTP2Client.connectRequest("/echo", [":scheme": "wss"])),
        Broken("no such route", "404", HTTP2Client.connectRequest("/nowhere")),
        Broken("a plain GET", "426", HTTP2Client.getRequest("/echo")),
    ]

    @Test("A broken request is refused, and the connection's other streams go on", arguments: broken)
    func refused(broken: Broken) async throws {
        try await withServer(echoRouter(), Self.builder()) { server in
            let client = try await HTTP2Client.connect(port: server.port)
            let good = try await client.open(HTTP2Client.connectRequest())
            let bad = try await client.open(broken.headers, endStream: broken.status == "426")
            #expect(try await bad.status() == broken.status)
            #expect(try await bad.response.get().first(name: "connection") == nil)
            _ = try await bad.raw.takeAll()
            try await good.raw.send(Frame.text("still here"))
            #expect(try await good.raw.frame().text == "still here")
        }
    }

    @Test("An extended CONNECT that ends its stream is refused")
    func endedAtOnce() async throws {
        try await withServer(echoRouter(), Self.builder()) { server in
            let client = try await HTTP2Client.connect(port: server.port)
            let stream = try await client.open(HTTP2Client.connectRequest(), endStream: true)
            #expect(try await stream.status() == "400")
            #expect(String(decoding: try await stream.raw.takeAll(), as: UTF8.self).hasPrefix("RFC 8441"))
        }
    }

    @Test("Broken frames close the socket with 1002, a stream that just ends is no error of the connection's")
    func violations() async throws {
        try await withServer(echoRouter(), Self.builder()) { server in
            let client = try await HTTP2Client.connect(port: server.port)
            let unmasked = try await client.open(HTTP2Client.connectRequest())
            try await unmasked.raw.send(Frame.unmaskedText("Hello"))
            #expect(try await unmasked.raw.frame().closeCode == 1002)
            let ended = try await client.open(HTTP2Client.connectRequest())
            #expect(try await ended.status() == "200")
            try await ended.raw.endOutput()
            _ = try await ended.raw.takeAll()
            let good = try await client.open(HTTP2Client.connectRequest())
            try await good.raw.send(Frame.text("still here"))
            #expect(try await good.raw.frame().text == "still here")
        }
    }

    @Test("The handler's end closes the stream", arguments: [("/returns", 1000), ("/throws", 1011)] as [(String, UInt16)])
    func handlerEnds(path: String, code: UInt16) async throws {
        let router = Router()
        router.webSocket("returns") { _, _ in }
        router.webSocket("throws", onUpgrade: { _, _ in throw ChannelError.eof })
        try await withServer(router, Self.builder()) { server in
            let client = try await HTTP2Client.connect(port: server.port)
            let stream = try await client.open(HTTP2Client.connectRequest(path))
            #expect(try await stream.raw.frame().closeCode == code)
            try await stream.raw.send(Frame.close(code))
            #expect(try await stream.raw.takeAll().isEmpty)
        }
    }

    @Test("On shutdown the connection goes away, its sockets close with 1001, and the server ends", arguments: ["/echo", "/loop-echo"])
    func shutdown(path: String) async throws {
        try await withServer(echoRouter(), Self.builder()) { server in
            let client = try await HTTP2Client.connect(port: server.port)
            let stream = try await client.open(HTTP2Client.connectRequest(path))
            #expect(try await stream.status() == "200")
            await server.shutDown()
            #expect(try await stream.raw.frame().closeCode == 1001)
            #expect(client.wentAway)
            try await stream.raw.send(Frame.close(1001))
            _ = try await stream.raw.takeAll()
            try await stream.raw.endOutput()
        }
    }

    @Test("A request that is still being decided on becomes a socket that is closed with 1001")
    func shutdownMeanwhile() async throws {
        let router = Router()
        let (asked, ask) = AsyncStream<Void>.makeStream()
        let (answers, answer) = AsyncStream<Void>.makeStream()
        router.webSocket(
            "echo",
            shouldUpgrade: { _, _ in
                ask.yield()
                for await _ in answers { break }
                return .accept()
            }, delegate: { _, _ in EchoDelegate() })
        try await withServer(router, Self.builder()) { server in
            let client = try await HTTP2Client.connect(port: server.port)
            let stream = try await client.open(HTTP2Client.connectRequest())
            for await _ in asked { break }
            await server.shutDown()
            while !client.wentAway { await Task.yield() }
            answer.yield()
            #expect(try await stream.raw.frame().closeCode == 1001)
            try await stream.raw.send(Frame.close(1001))
            _ = try await stream.raw.takeAll()
            try await stream.raw.endOutput()
        }
    }

    @Test("An idle connection is closed after the idle timeout, one with a socket is not")
    func idle() async throws {
        let builder = try Self.builder {
            $0.idleTimeout = .seconds(1)
            $0.handshakeTimeout = .seconds(20)
        }
        try await withServer(echoRouter(), builder) { server in
            let busy = try await HTTP2Client.connect(port: server.port)
            let stream = try await busy.open(HTTP2Client.connectRequest())
            #expect(try await stream.status() == "200")
            let idle = try await HTTP2Client.connect(port: server.port)
            let page = try await idle.open(HTTP2Client.getRequest("/hello"), endStream: true)
            #expect(try await page.status() == "200")
            try await idle.channel.closeFuture.get()
            try await stream.raw.send(Frame.text("still here"))
            #expect(try await stream.raw.frame().text == "still here")
        }
    }

    @Test("A connection without a stream is closed after the handshake timeout")
    func unused() async throws {
        try await withServer(echoRouter(), Self.builder { $0.handshakeTimeout = .seconds(2) }) { server in
            let client = try await HTTP2Client.connect(port: server.port)
            try await client.channel.closeFuture.get()
        }
    }

    @Test("Subprotocols are agreed on as over HTTP/1.1")
    func subprotocol() async throws {
        let router = Router()
        var configuration = WebSocketConfiguration()
        configuration.subprotocols = ["b"]
        router.webSocket("echo", configuration: configuration, delegate: { _, _ in EchoDelegate() })
        try await withServer(router, Self.builder()) { server in
            let client = try await HTTP2Client.connect(port: server.port)
            let stream = try await client.open(HTTP2Client.connectRequest("/echo", ["sec-websocket-protocol": "a, b"]))
            #expect(try await stream.response.get().first(name: "sec-websocket-protocol") == "b")
        }
    }
}
