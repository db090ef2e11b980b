// A server with limits, as clients and proxies meet it.

import Foundation
import HTTPTypes
import Hummingbird
import HummingbirdTesting
import NIOCore
import RealtimeHub
import RealtimeProtocol
import ServerTestSupport
import Synchronization
import Testing
import WebSocketClient
import WebSocketNIO

@testable import HeliographServer

@Suite("A server with limits", .timeLimit(.minutes(2)))
struct ProtectedServerTests {
    private func run(_ yaml: String, _ test: @escaping @Sendable (TestServer) async throws -> Void) async throws {
        let configuration = try await ServeConfiguration(
            yaml: "channel: {without_namespace: {allow_publish_for_client: true, allow_publish_for_anonymous: true}}\n" + yaml,
            file: "t.yaml")
        try await TestServer.run(configuration, test)
    }

    /// What a request for a socket is answered with; nil: with a socket.
    private func refusal(_ server: TestServer, from address: String? = nil) async throws -> (status: Int, retryAfter: String?)? {
        var configuration = WebSocketClientConfiguration()
        if let address, let name = HTTPField.Name("X-Forwarded-For") { configuration.headers[name] = address }
        do {
            let socket = try await server.connect("/connection/websocket", configuration)
            kept.append(socket)
            return nil
        } catch WebSocketClientError.refused(let refusal) {
            return (refusal.response.status.code, refusal.response.headerFields[.retryAfter])
        }
    }

    private let kept = KeptSockets()

    @Test("Beyond the limit of connections: 503 with a time to come back, for sockets and streams; who goes makes room")
    func connections() async throws {
        try await run("client: {allow_anonymous: true, connection_limit: 2}\nuni_sse: {}") { server in
            let first = try await RealtimeClient(server)
            try await first.connect()
            _ = try await RealtimeClient(server)
            let refusal = try #require(try await refusal(server))
            #expect(refusal.status == 503)
            #expect((10...20).contains(Int(refusal.retryAfter ?? "") ?? 0))
            for path in ["/connection/uni_sse", "/connection/sse"] {
                try await server.http.execute(uri: path, method: .get) { response in
                    #expect(response.status == .serviceUnavailable)
                    #expect(response.headers[.retryAfter] != nil)
                }
            }
            await first.socket.close()
            for _ in 0..<200 where try await self.refusal(server) != nil { try await Task.sleep(for: .milliseconds(5)) }
            #expect(server.application.hub.refusal(ofConnectionFrom: nil) != nil)
        }
    }

    @Test("Addresses are those that trusted proxies tell: each has its limit, and the API and its log see them")
    func addresses() async throws {
        let yaml = """
            client: {allow_anonymous: true, address_connection_limit: 1}
            http_server: {trusted_proxies: [127.0.0.0/8, "::1"]}
            http_api: {key: 0123456789abcdef}
            """
        try await run(yaml) { server in
            #expect(try await refusal(server, from: "198.51.100.7, 203.0.113.1") == nil)
            #expect(try await refusal(server, from: "203.0.113.1")?.status == 429)
            #expect(try await refusal(server, from: "203.0.113.2") == nil)
            var configuration = WebSocketClientConfiguration()
            if let name = HTTPField.Name("X-Forwarded-For") { configuration.headers[name] = "203.0.113.3" }
            let socket = try await server.connect("/connection/websocket", configuration)
            try await socket.send(#"{"id":1,"connect":{}}"#)
            var messages = socket.messages.makeAsyncIterator()
            _ = try await messages.next()
            let page = await server.application.hub.connections(ConnectionQuery())
            #expect(page.connections.map(\.address) == ["203.0.113.3"])
        }
    }

    @Test("A flood of publications is answered with 111 and the connection goes on; neighbours do not notice")
    func flood() async throws {
        let yaml = """
            client:
              allow_anonymous: true
              rate_limit: {client_command: {enabled: true, publish: {enabled: true, buckets: [{interval: 60s, rate: 10}]}}}
            """
        try await run(yaml) { server in
            let (flood, neighbour) = try (await RealtimeClient(server), await RealtimeClient(server))
            try await flood.connect()
            try await neighbour.connect()
            var codes: [UInt32: Int] = [:]
            let publish = Wire.Command.Body.publish(Wire.PublishRequest(channel: "a", data: ByteBuffer(string: "1")))
            for _ in 0..<300 { codes[try await flood.ask(publish).error?.code ?? 0, default: 0] += 1 }
            #expect(codes == [0: 10, 111: 290])
            #expect(try await neighbour.ask(publish).error == nil)
        }
    }

    @Test("A server with a limit of memory that is used up says that it is not the time, and lives")
    func memory() async throws {
        try await run("client: {allow_anonymous: true}\nmemory: {limit: 1048576}") { server in
            server.application.watch.lookAtMemory()
            #expect(try await refusal(server)?.status == 503)
            #expect(server.application.watch.problem == "memory is short")
            try await server.http.execute(uri: "/health", method: .get) { #expect($0.status.code > 0) }
        }
    }

    @Test("300 clients that send their requests a byte at a time do not keep anybody else from coming in")
    func slowLoris() async throws {
        try await run("client: {allow_anonymous: true}") { server in
            let port = try #require(server.http.port)
            let slow = try (0..<300).map { _ in try SlowSocket(port: port) }
            for _ in 0..<3 {
                for socket in slow { socket.send("G") }
                let start = ContinuousClock.now
                let client = try await RealtimeClient(server)
                try await client.connect()
                #expect(start.duration(to: .now) < .seconds(2))
            }
            withExtendedLifetime(slow) {}
        }
    }
}

/// Sockets that stay open until the test is over.
private final class KeptSockets: Sendable {
    private let sockets = Mutex<[WebSocket]>([])

    func append(_ socket: WebSocket) { sockets.withLock { $0.append(socket) } }
}

/// A connection that says little.
private final class SlowSocket {
    private let descriptor: CInt

    init(port: Int) throws {
        descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = in_port_t(port).bigEndian
        address.sin_addr.s_addr = inet_addr("127.0.0.1")
        let connected = withUnsafePointer(to: &address) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) { connect(descriptor, $0, socklen_t(MemoryLayout<sockaddr_in>.size)) }
        }
        guard connected == 0 else { throw Unexpected("no connection") }
    }

    deinit { close(descriptor) }

    func send(_ text: String) {
        _ = text.withCString { write(descriptor, $0, text.utf8.count) }
    }
}
