import Hummingbird
import HummingbirdCore
import HummingbirdTLS
import NIOCore
import NIOSSL
import ServerTestSupport
import Testing
import WebSocketHummingbird
import WebSocketNIO
import WebSocketProtocol

@Suite(.timeLimit(.minutes(1)))
struct TLSTests {
    static func client() throws -> NIOSSLContext {
        try NIOSSLContext(configuration: TestCertificate.names.trustingClient())
    }

    static func servers() throws -> [HTTPServerBuilder] {
        let tls = try TestCertificate.names.server()
        return [try .tls(.webSockets(), tlsConfiguration: tls), try .webSocketsHTTP2(tlsConfiguration: tls)]
    }

    @Test("Sockets and requests over TLS, by a client that knows nothing of ALPN", arguments: [0, 1], ["/echo", "/loop-echo"])
    func echo(server: Int, path: String) async throws {
        try await withServer(echoRouter(), Self.servers()[server]) { server in
            let client = try await RawClient.connect(port: server.port, tls: Self.client())
            try await client.send("GET /hello HTTP/1.1\r\nHost: localhost\r\n\r\n")
            #expect(try await client.response().body == "Hello")
            try await client.send(Array(Handshake(path).adding("Origin", "https://localhost").text.utf8) + Frame.text("first"))
            #expect(try await client.response().status == 101)
            #expect(try await client.frame().text == "first")
            try await client.send(Frame.close(1000))
            #expect(try await client.frame().closeCode == 1000)
            #expect(try await client.takeAll().isEmpty)
        }
    }

    @Test("A first request over TLS can be the upgrade", arguments: [0, 1])
    func firstRequest(server: Int) async throws {
        try await withServer(echoRouter(), Self.servers()[server]) { server in
            let client = try await RawClient.connect(port: server.port, tls: Self.client())
            try await client.send(Array(Handshake("/loop-echo").text.utf8) + Frame.text("first"))
            #expect(try await client.response().status == 101)
            #expect(try await client.frame().text == "first")
        }
    }

    @Test("A page from http: may not open a socket over TLS", arguments: [0, 1])
    func insecureOrigin(server: Int) async throws {
        try await withServer(echoRouter(), Self.servers()[server]) { server in
            let client = try await RawClient.connect(port: server.port, tls: Self.client())
            try await client.send(Handshake().adding("Origin", "http://localhost").text)
            #expect(try await client.response().status == 403)
            #expect(try await client.takeAll().isEmpty)
        }
    }

    @Test("A client that never finishes the TLS handshake is gone after the handshake timeout", arguments: [0, 1])
    func silentClient(server: Int) async throws {
        var configuration = WebSocketServerConfiguration()
        configuration.handshakeTimeout = .milliseconds(300)
        let tls = try TestCertificate.names.server()
        let servers: [HTTPServerBuilder] = [
            try .tls(.webSockets(configuration: configuration), tlsConfiguration: tls),
            try .webSocketsHTTP2(tlsConfiguration: tls, configuration: configuration),
        ]
        try await withServer(echoRouter(), servers[server]) { server in
            let client = try await RawClient.connect(port: server.port)
            #expect(try await client.takeAll(within: .seconds(5)).isEmpty)
        }
    }

    @Test("TLS that is cut off without its last word is the loss of that connection, and of no other (H18)", arguments: [0, 1])
    func cutOff(server: Int) async throws {
        let (reasons, ended) = AsyncStream<CloseReason>.makeStream()
        let router = echoRouter()
        router.webSocket("watched", delegate: { _, _ in EndDelegate { ended.yield($0) } })
        try await withServer(router, Self.servers()[server]) { server in
            let other = try await RawClient.connect(port: server.port, tls: Self.client())
            try await other.send(Handshake("/loop-echo").text)
            #expect(try await other.response().status == 101)
            let client = try await RawClient.connect(port: server.port, tls: Self.client())
            try await client.send(Handshake("/watched").text)
            #expect(try await client.response().status == 101)
            let channel = client.channel
            try await channel.eventLoop.submit {
                // Whoever is first closes the connection without TLS hearing of it.
                try channel.pipeline.syncOperations.addHandler(Cutter(), position: .first)
            }.get()
            var ends = reasons.makeAsyncIterator()
            let reason = await ends.next()
            #expect((reason?.code, reason?.origin) == (.abnormalClosure, .lost))
            try await other.send(Frame.text("still here"))
            #expect(try await other.frame().text == "still here")
        }
    }

    @Test("Sockets over TLS are told of a shutdown", arguments: [0, 1])
    func shutdown(server: Int) async throws {
        try await withServer(echoRouter(), Self.servers()[server]) { server in
            let client = try await RawClient.connect(port: server.port, tls: Self.client())
            try await client.send(Handshake("/loop-echo").text)
            #expect(try await client.response().status == 101)
            await server.shutDown()
            #expect(try await client.frame().closeCode == 1001)
        }
    }
}

/// Says how its socket ended.
private final class EndDelegate: WebSocketDelegate {
    private let ended: (CloseReason) -> Void

    init(ended: @escaping (CloseReason) -> Void) {
        self.ended = ended
    }

    func received(_ payload: ByteBuffer, _ kind: MessageKind, on socket: WebSocketConnection) {}

    func closed(_ socket: WebSocketConnection, _ reason: CloseReason) { ended(reason) }
}

private final class Cutter: ChannelDuplexHandler {
    typealias InboundIn = ByteBuffer
    typealias OutboundIn = ByteBuffer

    func handlerAdded(context: ChannelHandlerContext) { context.close(promise: nil) }
}
