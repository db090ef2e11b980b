// A rate for each client, where clients come by proxies: by the server's word for who they are, and nobody else's.

import Hummingbird
import Testing
import WebMiddleware

@testable import WebSocketHummingbird

@Suite("Rates of clients behind proxies", .timeLimit(.minutes(1)))
struct RateByClientTests {
    private static var router: Router<BasicRequestContext> {
        let router = Router()
        router.add(middleware: RateLimit(.perHour(1), key: .address { $0.clientAddress?.description }))
        router.get("page") { _, _ in "page" }
        return router
    }

    private func statuses(trusting networks: [String], _ addresses: [String]) async throws -> [Int] {
        var configuration = WebSocketServerConfiguration()
        configuration.trustedProxies = TrustedProxies(networks.compactMap { IPNetwork($0) })
        return try await withServer(Self.router, .webSockets(configuration: configuration)) { server in
            var statuses: [Int] = []
            for address in addresses {
                let client = try await RawClient.connect(port: server.port)
                try await client.send("GET /page HTTP/1.1\r\nHost: localhost\r\nX-Forwarded-For: \(address)\r\n\r\n")
                statuses.append(try await client.response().status)
            }
            return statuses
        }
    }

    @Test("Each client that a proxy of ours names has its own bucket, of IPv6 each network of 64 bits")
    func trusted() async throws {
        let addresses = [
            "203.0.113.5", "203.0.113.5", "203.0.113.6", "6.6.6.6, 203.0.113.6", "2001:db8::1", "2001:db8::2", "2001:db8:0:1::1",
        ]
        #expect(try await statuses(trusting: ["127.0.0.0/8"], addresses) == [200, 429, 200, 429, 200, 429, 200])
    }

    @Test("Who is no proxy of ours gets no other bucket by what it says")
    func strangers() async throws {
        #expect(try await statuses(trusting: ["10.0.0.0/8"], ["203.0.113.5", "203.0.113.6"]) == [200, 429])
    }
}
