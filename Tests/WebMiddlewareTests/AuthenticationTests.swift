import Foundation
import HTTPTypes
import Hummingbird
import HummingbirdTesting
import Testing
import WebMiddleware

@Suite("Authentication", .timeLimit(.minutes(1)))
struct AuthenticationTests {
    static let keys = APIKeys([APIKeys.Key("new", "key-of-tomorrow"), APIKeys.Key("old", "key-of-yesterday")])

    private func run(_ test: @escaping @Sendable (Site) async throws -> Void) async throws {
        let authentication = Authentication<TestContext>([
            .apiKey(Self.keys, realm: "the \"site\"") { key, context in context.caller = key.name },
            .bearer { token, context in
                if token == "narrow" { throw Problem.insufficientScope("all") }
                context.caller = "bearer"
                return token == "good.token"
            },
        ])
        try await Site.run([authentication], handler: { _, context in text(context.caller ?? "nobody") }, test)
    }

    @Test("lets in any of several keys, in either place, and says which it was")
    func keys() async throws {
        let name = try #require(HTTPField.Name("X-API-Key"))
        try await run { site async throws in
            #expect(try await site.text("/", .get, [name: "key-of-tomorrow"]) == "new")
            #expect(try await site.text("/", .get, [name: "key-of-yesterday"]) == "old")
            #expect(try await site.text("/", .get, [.authorization: "ApiKey key-of-yesterday"]) == "old")
            #expect(try await site.text("/", .get, [.authorization: "apikey  key-of-yesterday"]) == "old")
        }
    }

    @Test("lets in tokens that are good")
    func tokens() async throws {
        try await run { site async throws in
            #expect(try await site.text("/", .get, [.authorization: "Bearer good.token"]) == "bearer")
            #expect(try await site.text("/", .get, [.authorization: "bearer good.token"]) == "bearer")
        }
    }

    @Test(
        "asks who shows nothing, or something that it does not know, for any of the schemes",
        arguments: [nil, "Basic YTpi", "good.token", ""])
    func nothing(authorization: String?) async throws {
        try await run { site in
            let response = try await site.ask("/", .get, authorization.map { [.authorization: $0] } ?? [:])
            #expect(response.status == .unauthorized)
            #expect(response.headers[values: .wwwAuthenticate] == [#"ApiKey realm="the site""#, #"Bearer realm="api""#])
        }
    }

    @Test("refuses a wrong key, and tries it as nothing else", arguments: ["", "key-of-tomorrow0", "key", "good.token"])
    func wrongKeys(key: String) async throws {
        let name = try #require(HTTPField.Name("X-API-Key"))
        try await run { site in
            let response = try await site.ask("/", .get, [name: key, .authorization: "Bearer good.token"])
            #expect(response.status == .unauthorized)
            #expect(response.headers[values: .wwwAuthenticate] == [#"ApiKey realm="the site""#])
        }
    }

    @Test(
        "says what is wrong with a token (RFC 6750 §3.1)",
        arguments: [
            ("Bearer", HTTPResponse.Status.badRequest, "invalid_request"), ("Bearer a b", .badRequest, "invalid_request"),
            ("Bearer a,b", .badRequest, "invalid_request"),
            ("Bearer \(String(repeating: "a", count: 20_000))", .badRequest, "invalid_request"),
            ("Bearer other", .unauthorized, "invalid_token"), ("Bearer narrow", .forbidden, #"insufficient_scope", scope="all"#),
        ])
    func wrongTokens(authorization: String, status: HTTPResponse.Status, error: String) async throws {
        try await run { site in
            let response = try await site.ask("/", .get, [.authorization: authorization])
            #expect(response.status == status)
            #expect(response.headers[.wwwAuthenticate]?.contains(#"error="\#(error)""#) ?? false)
            #expect(!response.text.contains("narrow"))
        }
    }
}

@Suite("Keys of an API")
struct APIKeysTests {
    @Test("can be given by their hash")
    func hashes() throws {
        // printf %s secret | sha256sum
        let hash = "2bb80d537b1da3e38bd30361aa855686bde0eacd7162fef6a25fe97bf527a25b"
        let keys = APIKeys([try #require(APIKeys.Key("a", sha256: hash))])
        #expect(keys.key("secret")?.name == "a")
        #expect(keys.key(hash) == nil, "the hash is not the key")
        #expect(try #require(APIKeys.Key("a", sha256: hash.uppercased())) == APIKeys.Key("a", "secret"))
        for wrong in ["", "2b", hash + "00", String(hash.dropLast()) + "g", String(hash.dropLast()) + "é"] {
            #expect(APIKeys.Key("a", sha256: wrong) == nil)
        }
    }

    @Test("end when they are to end")
    func expiry() {
        let end = Date(timeIntervalSince1970: 1_000)
        let keys = APIKeys([APIKeys.Key("a", "secret", validUntil: end)])
        #expect(keys.key("secret", at: end.addingTimeInterval(-1))?.validUntil == end)
        #expect(keys.key("secret", at: end) == nil)
    }

    @Test("none of none")
    func none() {
        #expect(APIKeys([]).key("") == nil)
    }

    @Test(
        "are compared whole",
        arguments: [
            ("", "", true), ("a", "a", true), ("a", "", false), ("", "a", false), ("ab", "aba", false), ("ab", "abab", false),
            ("ab", "aB", false),
        ])
    func comparison(one: String, other: String, isEqual: Bool) {
        #expect(constantTimeEquals(Array(one.utf8), Array(other.utf8)) == isEqual)
    }
}
