// H19: clients behind proxies, on real connections.

import HTTPTypes
import Hummingbird
import HummingbirdCore
import HummingbirdTLS
import NIOCore
import NIOHPACK
import NIOPosix
import NIOSSL
import ServerTestSupport
import Testing
import WebSocketNIO

@testable import WebSocketHummingbird

@Suite("Clients behind proxies", .timeLimit(.minutes(1)))
struct ProxyProtocolTests {
    private static let line = "PROXY TCP4 203.0.113.5 198.51.100.1 56789 443\r\n"
    private static let request = "GET /address HTTP/1.1\r\nHost: localhost\r\n\r\n"

    /// Says who the client is: as a page, and with the answer to an upgrade.
    private static var router: Router<BasicRequestContext> {
        let router = echoRouter()
        router.get("address") { request, _ in request.clientAddress?.description ?? "none" }
        router.webSocket(
            "socket",
            shouldUpgrade: { request, _ in
                .accept(headers: [.server: request.clientAddress?.description ?? "none"])
            },
            delegate: { _, _ in EchoDelegate() })
        return router
    }

    private static func configuration(
        proxyProtocol: Bool = true, trusting networks: [String] = ["127.0.0.0/8", "10.0.0.0/8"], perAddress: Int? = nil
    ) -> WebSocketServerConfiguration {
        var configuration = WebSocketServerConfiguration()
        configuration.trustedProxies = TrustedProxies(networks.compactMap { IPNetwork($0) })
        configuration.proxyProtocol = proxyProtocol
        configuration.limits.perAddress = perAddress
        configuration.handshakeTimeout = .seconds(1)
        return configuration
    }

    private static func binary(_ command: UInt8 = 0x21) -> [UInt8] {
        ProxyHeaderTests.binary(command, 0x11, [203, 0, 113, 5, 198, 51, 100, 1, 0, 80, 1, 187])
    }

    /// A client whose first bytes are a header, before TLS if there is any.
    private static func connect(_ port: Int, _ header: [UInt8], secure: Bool = false) async throws -> RawClient {
        let tls = secure ? try NIOSSLContext(configuration: TestCertificate.names.trustingClient()) : nil
        return try await ClientBootstrap(group: .singletonMultiThreadedEventLoopGroup)
            .connect(host: "127.0.0.1", port: port) { channel in
                channel.eventLoop.makeCompletedFuture {
                    try channel.pipeline.syncOperations.addHandler(HeaderSender(header))
                    if let tls {
                        try channel.pipeline.syncOperations.addHandler(NIOSSLClientHandler(context: tls, serverHostname: "localhost"))
                    }
                    return try RawClient.install(in: channel)
                }
            }
    }

    private static func servers(_ configuration: WebSocketServerConfiguration) throws -> [(HTTPServerBuilder, secure: Bool)] {
        let tls = try TestCertificate.names.server()
        return [
            (.webSockets(configuration: configuration), false),
            (try .tls(.webSockets(configuration: configuration), tlsConfiguration: tls), true),
            (try .webSocketsHTTP2(tlsConfiguration: tls, configuration: configuration), true),
        ]
    }

    @Test("Pages and sockets see the client that the header names, with and without TLS", arguments: [0, 1, 2])
    func named(index: Int) async throws {
        let (server, secure) = try Self.servers(Self.configuration())[index]
        try await withServer(Self.router, server) { server in
            for header in [Array(Self.line.utf8), Self.binary()] {
                let page = try await Self.connect(server.port, header, secure: secure)
                try await page.send(Self.request)
                #expect(try await page.response().body == "203.0.113.5")
                let socket = try await Self.connect(server.port, header, secure: secure)
                try await socket.send(Handshake("/socket").text)
                let response = try await socket.response()
                #expect((response.status, response.fields["server"]) == (101, "203.0.113.5"))
                try await socket.send(Frame.text("hello"))
                #expect(try await socket.frame().text == "hello")
            }
        }
    }

    @Test("The header may come in the same segment as the request, or byte by byte")
    func segments() async throws {
        try await withServer(Self.router, .webSockets(configuration: Self.configuration())) { server in
            let together = try await RawClient.connect(port: server.port)
            try await together.send(Self.line + Self.request)
            #expect(try await together.response().body == "203.0.113.5")
            let slow = try await RawClient.connect(port: server.port)
            for byte in Self.binary() { try await slow.send([byte]) }
            try await slow.send(Self.request)
            #expect(try await slow.response().body == "203.0.113.5")
        }
    }

    @Test("A proxy that speaks for itself is itself")
    func local() async throws {
        try await withServer(Self.router, .webSockets(configuration: Self.configuration())) { server in
            for header in [Self.binary(0x20), Array("PROXY UNKNOWN\r\n".utf8)] {
                let client = try await Self.connect(server.port, header)
                try await client.send(Self.request)
                #expect(try await client.response().body == "127.0.0.1")
            }
        }
    }

    @Test("Without a header, with a broken one, or half of one, a connection ends without an answer; the others go on")
    func broken() async throws {
        try await withServer(Self.router, .webSockets(configuration: Self.configuration())) { server in
            for bytes in [Array(Self.request.utf8), Array("PROXY TCP9 1 2 3 4\r\n".utf8), Array(Self.binary().prefix(9)), []] {
                let client = try await RawClient.connect(port: server.port)
                try await client.send(bytes)
                #expect(try await client.takeAll() == [])
            }
            let client = try await Self.connect(server.port, Self.binary())
            try await client.send(Self.request)
            #expect(try await client.response().status == 200)
        }
    }

    @Test("Who is no proxy of ours can't say who he is")
    func strangers() async throws {
        try await withServer(Self.router, .webSockets(configuration: Self.configuration(trusting: ["10.0.0.0/8"]))) { server in
            let client = try await RawClient.connect(port: server.port)
            try? await client.send(Self.line + Self.request)
            #expect(try await client.takeAll() == [])
        }
        try await withServer(Self.router, .webSockets(configuration: Self.configuration(proxyProtocol: false))) { server in
            let client = try await RawClient.connect(port: server.port)
            try await client.send(Self.line + Self.request)
            #expect(try await client.response().status == 400, "where no header is read, one is no request")
        }
    }

    @Test("Connections of an address are those of the client that the header names")
    func perAddress() async throws {
        try await withServer(Self.router, .webSockets(configuration: Self.configuration(perAddress: 2))) { server in
            var clients: [RawClient] = []
            for _ in 0..<2 {
                let client = try await Self.connect(server.port, Self.binary())
                try await client.send(Handshake("/socket").text)
                #expect(try await client.response().status == 101)
                clients.append(client)
            }
            let third = try await Self.connect(server.port, Self.binary())
            #expect(try await third.takeAll() == [])
            let other = try await Self.connect(server.port, Array("PROXY TCP4 203.0.113.6 198.51.100.1 1 2\r\n".utf8))
            try await other.send(Self.request)
            #expect(try await other.response().body == "203.0.113.6")
            await clients[0].close()
            var status = 0
            for _ in 0..<100 where status != 200 {
                let again = try await Self.connect(server.port, Self.binary())
                try? await again.send(Self.request)
                status = (try? await again.response().status) ?? 0
                if status != 200 { try await Task.sleep(for: .milliseconds(10)) }
            }
            #expect(status == 200, "a place that was given back is free")
        }
    }

    @Test("X-Forwarded-For counts from a proxy of ours alone, whether by its address or by what its own header says")
    func forwarded() async throws {
        let request = "GET /address HTTP/1.1\r\nHost: localhost\r\nX-Forwarded-For: 192.0.2.1, 203.0.113.7\r\n\r\n"
        let cases: [(trusted: [String], header: String, client: String)] = [
            (["127.0.0.0/8"], "", "203.0.113.7"), (["10.0.0.0/8"], "", "127.0.0.1"), ([], "", "127.0.0.1"),
            (["127.0.0.0/8", "10.0.0.0/8"], "PROXY TCP4 10.1.1.1 10.0.0.1 1 2\r\n", "203.0.113.7"),
            (["127.0.0.0/8"], Self.line, "203.0.113.5"),
        ]
        for (trusted, header, expected) in cases {
            let configuration = Self.configuration(proxyProtocol: !header.isEmpty, trusting: trusted)
            try await withServer(Self.router, .webSockets(configuration: configuration)) { server in
                let client = try await RawClient.connect(port: server.port)
                try await client.send(header + request)
                #expect(try await client.response().body == expected)
            }
        }
    }

    @Test("What a header is about that names nobody is no proxy's word, though it comes from one")
    func unnamed() async throws {
        let router = Self.router
        router.get("trusted") { request, _ in "\(request.isFromTrustedProxy)" }
        let requests = [
            ("GET /address HTTP/1.1\r\nHost: localhost\r\nX-Forwarded-For: 192.0.2.1\r\n\r\n", "127.0.0.1"),
            ("GET /trusted HTTP/1.1\r\nHost: localhost\r\n\r\n", "false"),
        ]
        try await withServer(router, .webSockets(configuration: Self.configuration())) { server in
            for header in [Self.binary(0x20), ProxyHeaderTests.binary(0x21, 0x00, []), Array("PROXY UNKNOWN\r\n".utf8)] {
                for (request, expected) in requests {
                    let client = try await Self.connect(server.port, header)
                    try await client.send(request)
                    #expect(try await client.response().body == expected)
                }
            }
            let proxy = try await Self.connect(server.port, Array("PROXY TCP4 10.1.1.1 10.0.0.1 1 2\r\n".utf8))
            try await proxy.send(requests[1].0)
            #expect(try await proxy.response().body == "true")
        }
    }

    @Test("Over HTTP/2 each stream sees the client of its connection and the field of its request")
    func http2() async throws {
        let server = try Self.servers(Self.configuration(proxyProtocol: false))[2].0
        try await withServer(Self.router, server) { server in
            let client = try await HTTP2Client.connect(port: server.port)
            var headers = HTTP2Client.getRequest("/address")
            headers.add(name: "x-forwarded-for", value: "203.0.113.9")
            let stream = try await client.open(headers, endStream: true)
            #expect(try await stream.status() == "200")
            let body = try await stream.raw.takeAll()
            #expect(String(decoding: body, as: UTF8.self) == "203.0.113.9")
            let socket = try await client.open(HTTP2Client.connectRequest("/socket", ["x-forwarded-for": "203.0.113.8"]))
            #expect(try await socket.response.get().first(name: "server") == "203.0.113.8")
        }
    }
}

/// Sends a header before anything else.
private final class HeaderSender: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer
    typealias OutboundOut = ByteBuffer

    private let header: [UInt8]

    init(_ header: [UInt8]) {
        self.header = header
    }

    func channelActive(context: ChannelHandlerContext) {
        context.writeAndFlush(Self.wrapOutboundOut(ByteBuffer(bytes: header)), promise: nil)
        context.fireChannelActive()
    }
}
