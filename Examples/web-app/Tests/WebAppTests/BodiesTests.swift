import HTTPTypes
import HummingbirdTesting
import NIOCore
import Testing

@testable import WebApp

@Suite struct BodiesTests {
    let ada = Greeting(name: "Ada", times: 2)

    @Test func jsonComesBackAsJSON() async throws {
        try await inMemory { client in
            let response = try await client.execute(uri: "/bodies/json", method: .post, body: .json(#"{"name":"Ada","times":2}"#))
            #expect(response.headers[.contentType]?.hasPrefix("application/json") == true)
            #expect(try response.json(Greeting.self) == ada)
        }
    }

    @Test func aFormIsDecodedIntoTheSameType() async throws {
        try await inMemory { client in
            let response = try await client.execute(
                uri: "/bodies/form",
                method: .post,
                headers: [.contentType: "application/x-www-form-urlencoded"],
                body: ByteBuffer(string: "name=Ada&times=2")
            )
            #expect(try response.json(Greeting.self) == ada)
        }
    }

    @Test func aFieldOfTheWrongTypeIsNamed() async throws {
        try await inMemory { client in
            let response = try await client.execute(uri: "/bodies/json", method: .post, body: .json(#"{"name":"Ada","times":"2"}"#))
            #expect(response.status == .badRequest)
            #expect(response.text.contains("times"))
        }
    }

    @Test func bytesAreLimitedPerRoute() async throws {
        try await inMemory { client in
            let small = try await client.execute(uri: "/bodies/bytes", method: .put, body: ByteBuffer(bytes: [1, 2, 3]))
            #expect(Array(small.body.readableBytesView) == [3, 2, 1])
            let large = try await client.execute(uri: "/bodies/bytes", method: .put, body: ByteBuffer(repeating: 0, count: 64 * 1024 + 1))
            #expect(large.status == .contentTooLarge)
        }
    }

    @Test func jsonIsLimitedByTheContext() async throws {
        try await inMemory { client in
            let name = String(repeating: "x", count: 256 * 1024)
            let response = try await client.execute(uri: "/bodies/json", method: .post, body: .json(#"{"name":"\#(name)","times":1}"#))
            #expect(response.status == .contentTooLarge)
        }
    }

    @Test func textNothingRedirectAndCookie() async throws {
        try await inMemory { client in
            #expect(try await client.execute(uri: "/bodies/text", method: .get).text == "a String is text/plain")
            #expect(try await client.execute(uri: "/bodies/nothing", method: .get).status == .noContent)
            let moved = try await client.execute(uri: "/bodies/moved", method: .get)
            #expect(moved.status == .temporaryRedirect)
            #expect(moved.headers[.location] == "/bodies/text")
            let cookie = try await client.execute(uri: "/bodies/cookie", method: .get).headers[.setCookie] ?? ""
            for part in ["theme=dark", "Secure", "HttpOnly", "SameSite=Lax"] { #expect(cookie.contains(part)) }
        }
    }
}
