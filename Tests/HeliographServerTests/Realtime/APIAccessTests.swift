// Keys and tokens of the API that are not for everything.

import Foundation
import HTTPTypes
import ServerTestSupport
import Testing

@testable import HeliographServer

@Suite("Access to the HTTP API", .timeLimit(.minutes(2)))
struct APIAccessTests {
    private static let secret = String(TokenMaker.secret.reversed())
    // printf %s hashed-key-of-20-chars | sha256sum
    private static let api = """
        {key: \(APITests.key), keys: [
          {name: news, key: news-0123456789ab, methods: [publish, broadcast, batch, info], channels: ["news:*", "history:**"]},
          {name: reader, key: reader-0123456789, methods: [history, presence]},
          {name: hashed, sha256: 10d1f4d5d80f588ff6fceee007b5b0dfe0d3efc3dbe816a75a818a970d540297},
          {name: slow, key: slow-0123456789ab, rate_limit: 2},
          {name: old, key: old-0123456789abc, valid_until: 1000000000}],
         token: {hmac_secret_key: \(secret)}}
        """

    private func run(_ test: @escaping @Sendable (APITests.Service) async throws -> Void) async throws {
        try await APITests.run(api: Self.api, test)
    }

    private static let refused = #""code":103"#

    @Test("a key is for its methods, in its channels")
    func channels() async throws {
        try await run { api in
            let key = "news-0123456789ab"
            try await api.check(key, "publish", #"{"channel":"history:a","data":1}"#, has: #""offset":1"#)
            try await api.check(key, "broadcast", #"{"channels":["news:a","history:a:b"],"data":1}"#, has: "responses")
            let others: [(String, String)] = [
                ("publish", #"{"channel":"presence:a","data":1}"#), ("publish", #"{"channel":"news:a:b","data":1}"#),
                ("publish", #"{"channel":"history","data":1}"#), ("broadcast", #"{"channels":["news:a","presence:a"],"data":1}"#),
                ("history", #"{"channel":"history:a"}"#), ("channels", "{}"), ("revoke", #"{"user":"1"}"#),
                // Allowed, but about no channel.
                ("info", "{}"),
                ("publish_pattern", #"{"pattern":"news:*","data":1}"#),
            ]
            for (method, body) in others { try await api.check(key, method, body, has: Self.refused) }
        }
    }

    @Test("in a batch each command is looked at")
    func batch() async throws {
        try await run { api in
            let body = #"{"commands":[{"publish":{"channel":"history:a","data":1}},{"publish":{"channel":"a","data":1}},{"channels":{}}]}"#
            let answer = try await api.ask(with: "news-0123456789ab", "batch", body)
            #expect(answer.hasPrefix(#"{"replies":[{"publish":{"offset":1,"#), "\(answer)")
            #expect(answer.components(separatedBy: Self.refused).count == 3, "\(answer)")
            let reader = try await api.ask(with: "reader-0123456789", "batch", #"{"commands":[{"publish":{"channel":"a","data":1}}]}"#)
            #expect(reader.contains(Self.refused), "\(reader)")
        }
    }

    @Test("a refusal has the status 403 where errors have one")
    func status() async throws {
        let mode = try #require(HTTPField.Name("X-Centrifugo-Error-Mode"))
        try await run { api in
            let headers: HTTPFields = [.authorization: "apikey reader-0123456789", mode: "transport"]
            let (status, _) = try await api.status("info", "", headers)
            #expect(status == .forbidden)
        }
        try await APITests.run(api: "{key: \(APITests.key), error_mode: transport}") { api in
            let (status, _) = try await api.status("publish", "", [.authorization: "apikey \(APITests.key)"])
            #expect(status == .badRequest, "as the file has it")
        }
    }

    @Test("a key may be known by its hash alone, and one that has ended is unknown")
    func hashes() async throws {
        try await run { api in
            try await api.check("hashed-key-of-20-chars", "info", has: "result")
            try await api.check("10d1f4d5d80f588ff6fceee007b5b0dfe0d3efc3dbe816a75a818a970d540297", "info", has: #""code":101"#)
            try await api.check("old-0123456789abc", "info", has: #""code":101"#)
        }
    }

    @Test("a key has so many calls a second, and a batch counts as its commands")
    func rate() async throws {
        try await run { api in
            let key = "slow-0123456789ab"
            let commands = Array(repeating: #"{"info":{}}"#, count: 50).joined(separator: ",")
            try await api.check(key, "batch", "{\"commands\":[\(commands)]}", has: "replies")
            try await api.check(key, "info", has: #""code":111"#)
            try await api.check(APITests.key, "info", has: "result")
        }
    }

    @Test("who publishes to several channels calls as often as those are")
    func broadcasts() async throws {
        try await run { api in
            let key = "slow-0123456789ab"
            let channels = (0..<50).map { "\"\($0)\"" }.joined(separator: ",")
            try await api.check(key, "broadcast", "{\"channels\":[\(channels)],\"data\":1}", has: "responses")
            try await api.check(key, "info", has: #""code":111"#)
        }
    }

    @Test("what costs more than a second's calls is let through after a pause, and paid back")
    func debt() {
        let start = ContinuousClock.now
        let rate = CallRate(perSecond: 10, at: start)
        #expect(rate.take(1, at: start))
        for count in [10, 1_000] { #expect(!rate.take(count, at: start), "a second's calls are not there") }
        #expect(rate.take(9, at: start))
        #expect(!rate.take(1, at: start))
        #expect(rate.take(50, at: start + .seconds(1)))
        #expect(!rate.take(1, at: start + .seconds(5)))
        #expect(rate.take(10, at: start + .seconds(6)))
        rate.owe(20)
        #expect(!rate.take(1, at: start + .seconds(8)))
        #expect(rate.take(1, at: start + .seconds(8) + .milliseconds(101)))
    }

    @Test("a token says what it is for")
    func tokens() async throws {
        let maker = try await TokenMaker.hmac(Self.secret)
        try await run { api in
            let all = try "Bearer \(maker.sign(#"{"exp":4000000000,"api":{}}"#))"
            try await api.check(all, "info", has: "result")
            let claims = #"{"exp":4000000000,"api":{"methods":["publish"],"channels":["history:*"]}}"#
            let news = try "Bearer \(maker.sign(claims))"
            try await api.check(news, "publish", #"{"channel":"history:a","data":1}"#, has: "offset")
            try await api.check(news, "publish", #"{"channel":"a","data":1}"#, has: Self.refused)
            try await api.check(news, "info", has: Self.refused)
        }
    }

    @Test(
        "a token that is not the API's is not good",
        arguments: [
            #"{"sub":"42","exp":4000000000}"#, #"{"api":{}}"#, #"{"exp":1,"api":{}}"#, #"{"exp":4000000000,"api":[]}"#,
            #"{"exp":4000000000,"api":{"method":["publish"]}}"#, #"{"exp":4000000000,"api":{"methods":"publish"}}"#,
            #"{"exp":4000000000,"api":{"channels":["***"]}}"#,
        ])
    func foreign(claims: String) async throws {
        let maker = try await TokenMaker.hmac(Self.secret)
        try await run { api in
            let token = try maker.sign(claims)
            let (status, _) = try await api.status("info", "", [.authorization: "Bearer \(token)"])
            #expect(status == .unauthorized)
        }
    }

    @Test("a client's token is not good, whoever signed it, and the API's is not good for a client")
    func apart() async throws {
        let client = try await TokenMaker.hmac().sign(#"{"sub":"42","exp":4000000000,"api":{}}"#)
        try await run { api in
            let (status, _) = try await api.status("info", "", [.authorization: "Bearer \(client)"])
            #expect(status == .unauthorized)
            let socket = try await RealtimeClient(api.server)
            await #expect(throws: (any Error).self) { try await socket.connect(client) }
        }
    }

    @Test("is taken over while the server runs")
    func reload() async throws {
        let yaml = "client: {allow_anonymous: true}\nchannel: {without_namespace: {}}\nhttp_api: {keys: [{name: a, key: \"KEY\"}]}"
        let old = try await ServeConfiguration(yaml: yaml.replacing("KEY", with: "aaaaaaaaaaaaaaaa"), file: "test.yaml")
        let new = try await ServeConfiguration(yaml: yaml.replacing("KEY", with: "bbbbbbbbbbbbbbbb"), file: "test.yaml")
        try await TestServer.run(old) { server in
            let api = APITests.Service(server: server)
            try await api.check("aaaaaaaaaaaaaaaa", "info", has: "result")
            let changed = try await server.application.reload(new).changed
            #expect(changed == ["http_api.keys[0].key"])
            try await api.check("aaaaaaaaaaaaaaaa", "info", has: #""code":101"#)
            try await api.check("bbbbbbbbbbbbbbbb", "info", has: "result")
        }
    }
}

extension APITests.Service {
    /// - Parameter credentials: a key, or what is in `Authorization`.
    fileprivate func ask(with credentials: String, _ method: String, _ body: String = "{}") async throws -> String {
        let authorization = credentials.contains(" ") ? credentials : "apikey \(credentials)"
        return try await status(method, body, [.authorization: authorization]).1
    }

    fileprivate func check(
        _ credentials: String, _ method: String, _ body: String = "{}", has part: String, _ location: SourceLocation = #_sourceLocation
    ) async throws {
        let answer = try await ask(with: credentials, method, body)
        #expect(answer.contains(part), "\(method) \(body): \(answer)", sourceLocation: location)
    }
}

@Suite("Rates of calls")
struct CallRateTests {
    @Test("so many at once, then as many as time has passed for")
    func rate() {
        let start = ContinuousClock.now
        let rate = CallRate(perSecond: 10, at: start)
        #expect((0..<12).filter { _ in rate.take(1, at: start) }.count == 10)
        #expect(!rate.take(1, at: start + .milliseconds(99)))
        #expect(rate.take(1, at: start + .milliseconds(101)))
        #expect((0..<30).filter { _ in rate.take(1, at: start + .seconds(60)) }.count == 10, "a pause is not saved up")
    }

    @Test("what costs more than there is is paid back")
    func debt() {
        let start = ContinuousClock.now
        let rate = CallRate(perSecond: 10, at: start)
        #expect(rate.take(100, at: start))
        #expect(!rate.take(1, at: start + .seconds(9)))
        #expect(rate.take(1, at: start + .milliseconds(9_200)))
    }

    @Test("a clock that goes back gives nothing")
    func backwards() {
        let start = ContinuousClock.now
        let rate = CallRate(perSecond: 1, at: start)
        #expect(rate.take(1, at: start))
        #expect(!rate.take(1, at: start - .seconds(86_400)))
        #expect(!rate.take(1, at: start + .milliseconds(900)))
    }
}
