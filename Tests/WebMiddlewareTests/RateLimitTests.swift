import HTTPTypes
import Hummingbird
import HummingbirdTesting
import NIOCore
import Synchronization
import Testing

@testable import WebMiddleware

@Suite("RateLimit", .timeLimit(.minutes(1)))
struct RateLimitTests {
    static let user = HTTPField.Name("X-User")
    static let forwarded = HTTPField.Name("X-Forwarded-For")

    @Test("answers with what is left, and refuses what is too much with when to come back")
    func headers() async throws {
        let now = NIODeadline.uptimeNanoseconds(5_000_000_000)
        let limit = RateLimit<TestContext>(.perMinute(60, burst: 2), key: .everybody, now: { now })
        try await Site.run([limit]) { site in
            let first = try await site.ask()
            #expect(first.status == .ok)
            #expect(first["RateLimit-Limit"] == "2")
            #expect(first["RateLimit-Remaining"] == "1")
            #expect(first["RateLimit-Reset"] == "1")
            #expect(first["RateLimit-Policy"] == "60;w=60")
            _ = try await site.ask()
            let refused = try await site.ask()
            #expect(refused.status == .tooManyRequests)
            #expect(refused["Retry-After"] == "1")
            #expect(refused["RateLimit-Remaining"] == "0")
            #expect(refused["Content-Type"] == "application/problem+json")
        }
    }

    @Test("counts each user for itself, and those without a name together")
    func byHeader() async throws {
        let name = try #require(Self.user)
        try await Site.run([RateLimit<TestContext>(.perHour(1), key: .header(name))]) { site async throws in
            #expect(try await site.status("/", .get, [name: "a"]) == .ok)
            #expect(try await site.status("/", .get, [name: "b"]) == .ok)
            #expect(try await site.status("/", .get, [name: "a"]) == .tooManyRequests)
            #expect(try await site.status() == .ok)
            #expect(try await site.status() == .tooManyRequests)
        }
    }

    @Test("counts by address")
    func byAddress() async throws {
        try await Site.run([RateLimit<TestContext>(.perHour(1), key: .peerAddress)], live: true) { site async throws in
            #expect(try await site.status() == .ok)
            #expect(try await site.status() == .tooManyRequests)
        }
    }

    @Test("believes what our own proxies say, and nothing before it")
    func forwardedAddress() async throws {
        let name = try #require(Self.forwarded)
        try await Site.run([RateLimit<TestContext>(.perHour(1), key: .forwardedAddress(proxies: 2))]) { site async throws in
            #expect(try await site.status("/", .get, [name: "6.6.6.6, 1.2.3.4, 10.0.0.1"]) == .ok)
            #expect(try await site.status("/", .get, [name: "7.7.7.7,1.2.3.4 , 10.0.0.9"]) == .tooManyRequests)
            #expect(try await site.status("/", .get, [name: "1.2.3.5, 10.0.0.1"]) == .ok)
            // An IPv6 customer has 64 bits to choose from.
            #expect(try await site.status("/", .get, [name: "2001:db8::1, 10.0.0.1"]) == .ok)
            #expect(try await site.status("/", .get, [name: "2001:db8:0:0:ffff::2, 10.0.0.1"]) == .tooManyRequests)
            #expect(try await site.status("/", .get, [name: "2001:db8:0:1::2, 10.0.0.1"]) == .ok)
            // The same address in the other family's form.
            #expect(try await site.status("/", .get, [name: "::ffff:1.2.3.4, 10.0.0.1"]) == .tooManyRequests)
            #expect(try await site.status("/", .get, [name: "10.0.0.1"]) == .ok, "too few: all of these together")
            #expect(try await site.status() == .tooManyRequests)
        }
    }

    @Test("keeps no key that is longer than a hash")
    func longKeys() async throws {
        let name = try #require(Self.user)
        let long = String(repeating: "a", count: 4_000)
        try await Site.run([RateLimit<TestContext>(.perHour(1), key: .header(name))]) { site async throws in
            #expect(try await site.status("/", .get, [name: long]) == .ok)
            #expect(try await site.status("/", .get, [name: long + "b"]) == .ok)
            #expect(try await site.status("/", .get, [name: long]) == .tooManyRequests)
        }
        let key = RateLimitKey<TestContext> { _, _ in long }
        let request = Request(
            head: HTTPRequest(method: .get, scheme: nil, authority: nil, path: "/"), body: RequestBody(buffer: ByteBuffer()))
        let context = TestContext.alone
        #expect(try #require(key(request, context)).utf8.count < 200)
    }

    @Test("leaves alone whom the key leaves alone, and charges what a request costs")
    func costs() async throws {
        let free = RateLimitKey<TestContext> { request, _ in request.headers[.from] == "us" ? nil : "all" }
        let limit = RateLimit<TestContext>(.perHour(3), key: free, cost: { $0.method == .post ? 3 : 1 })
        try await Site.run([limit]) { site in
            #expect(try await site.status("/", .post) == .ok)
            #expect(try await site.status() == .tooManyRequests)
            let own = try await site.ask("/", .get, [.from: "us"])
            #expect(own.status == .ok)
            #expect(own["RateLimit-Limit"] == nil)
        }
    }

    @Test("says what is left on errors too")
    func errors() async throws {
        try await Site.run([RateLimit<TestContext>(.perHour(3), key: .everybody)], handler: { _, _ in throw HTTPError(.badRequest) }) {
            site in
            let response = try await site.ask()
            #expect(response.status == .badRequest)
            #expect(response["RateLimit-Remaining"] == "2")
        }
    }
}
