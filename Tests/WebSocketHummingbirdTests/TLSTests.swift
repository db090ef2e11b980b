import Hummingbird
import HummingbirdCore
import HummingbirdTLS
import NIOCore
import NIOSSL
import ServerTestSupport
import Testing
import WebSocketHummingbird

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
