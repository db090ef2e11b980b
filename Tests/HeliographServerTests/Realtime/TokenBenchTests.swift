// `heliograph token`: what it makes is good, and what it says of a token is true.

import Foundation
import JWTKit
import RealtimeHub
import ServerTestSupport
import Testing

@testable import HeliographServer

@Suite("heliograph token", .timeLimit(.minutes(1)))
struct TokenBenchTests {
    private static let yaml = """
        client: {token: {hmac_secret_key: "\(TokenMaker.secret)", audience: chat, issuer: us}}
        channel: {without_namespace: {}}
        """

    private func bench(_ yaml: String = yaml) async throws -> TokenBench {
        TokenBench(try await ServeConfiguration(yaml: yaml, file: "test.yaml"), now: { 1_800_000_000 })
    }

    @Test("makes tokens that the server takes, with what the configuration asks for")
    func makes() async throws {
        let configuration = try await ServeConfiguration(yaml: Self.yaml, file: "test.yaml")
        let tokens = try #require(configuration.realtime?.tokens)
        let bench = TokenBench(configuration)
        let token = try await bench.make(user: "42", expires: "15m", claims: #"{"info": {"name": "Ada"}, "channels": ["news"]}"#)
        let claims = try await tokens.connection(token)
        #expect(claims.user == "42")
        #expect(claims.channels == ["news"])
        #expect(claims.info.map { String(decoding: $0, as: UTF8.self) } == #"{"name":"Ada"}"#)
        #expect(claims.expiresAt > 0)
        let subscription = try await bench.make(user: "4\"2", channel: "$secret", expires: "0s")
        #expect(try await tokens.subscription(subscription).user == "4\"2")
        #expect(try await tokens.subscription(subscription).expiresAt == 0)
    }

    @Test(
        "says what can't be made",
        arguments: [
            ("1", nil, "--expires 1"), ("1h", "[]", "must be a JSON object"), ("1h", #"{"sub":"7"}"#, "there already"),
            ("1h", "{", "must be a JSON object"),
        ] as [(String, String?, String)])
    func refuses(expires: String, claims: String?, words: String) async throws {
        let bench = try await bench()
        let error = await #expect(throws: ServeError.self) { try await bench.make(user: "1", expires: expires, claims: claims) }
        #expect(error?.description.contains(words) == true)
        let open = try await self.bench("client: {allow_anonymous: true}\nchannel: {without_namespace: {}}")
        let missing = await #expect(throws: ServeError.self) { try await open.make(user: "1", expires: "1h") }
        #expect(missing?.description.contains("no secret in the configuration") == true)
    }

    @Test("explains a good token, with its times in words")
    func explains() async throws {
        let bench = try await bench()
        let good = await bench.explain(try await bench.make(user: "42", expires: "3h"))
        #expect(good.isGood)
        #expect(good.text.contains("Signed with HS256."))
        #expect(good.text.contains(#"sub: "42""#))
        #expect(good.text.contains("in 3 hours"))
        #expect(good.text.contains("It is good: a connection token, for the user 42."))
        let subscription = await bench.explain(try await bench.make(user: "", channel: "news", expires: "0s"))
        #expect(subscription.text.contains("a subscription token for news, for somebody anonymous"))
    }

    @Test("explains what is wrong with others")
    func explainsBad() async throws {
        let bench = try await bench()
        // The server's clock is the true one.
        let now = TokenBench(try await ServeConfiguration(yaml: Self.yaml, file: "test.yaml"))
        let exp = Int(Date().timeIntervalSince1970) - 7_300
        let expired = await now.explain(try await TokenMaker.hmac().sign("{\"sub\":\"42\",\"aud\":\"chat\",\"iss\":\"us\",\"exp\":\(exp)}"))
        #expect(!expired.isGood)
        #expect(expired.text.contains("2 hours ago"))
        #expect(expired.text.contains("It is not good: it has expired"))
        let forged = await bench.explain(try await TokenMaker.hmac(String(TokenMaker.secret.reversed())).sign(#"{"sub":"42"}"#))
        #expect(forged.text.contains("It is not good: its signature is wrong."))
        #expect(await bench.explain("nonsense").text == "It is no token: it does not have three parts.\n")
        let unknown = TokenBench(ServeConfiguration())
        #expect(await unknown.explain(try await TokenMaker.hmac().sign(#"{"sub":"42"}"#)).text.contains("Nobody says whether it is good"))
    }

    @Test("measures how many are checked in a second, in a time that makes sense")
    func rate() async throws {
        #expect(try await TokenBench.rate(for: "50ms") > 100)
        for time in ["", "0s", "5"] { await #expect(throws: ServeError.self) { try await TokenBench.rate(for: time) } }
    }

    @Test("as a command: made by one, explained by the other")
    func command() async throws {
        let folder = try TemporaryFolder()
        defer { withExtendedLifetime(folder) {} }
        let file = try folder.write(Self.yaml, to: "heliograph.yaml")
        let path = try HeliographServerProcess.path
        let made = try await Command.run(path, ["token", "make", "--user", "42", "--config", file])
        #expect(made.code == 0)
        let token = made.output.trimmingCharacters(in: .whitespacesAndNewlines)
        let good = try await Command.run(path, ["token", "explain", token, "--config", file])
        #expect(good.code == 0)
        #expect(good.output.contains("for the user 42"))
        let bad = try await Command.run(path, ["token", "explain", token + "x", "--config", file])
        #expect(bad.code == 1)
        #expect(bad.output.contains("It is not good"))
    }
}
