// The HTTP API on a live server, with clients that see what it does.

import Foundation
import HTTPTypes
import Hummingbird
import HummingbirdTesting
import NIOCore
import RealtimeProtocol
import ServerTestSupport
import Testing
import WebSocketClient
import WebSocketNIO
import WebSocketProtocol

@testable import HeliographServer

@Suite("HTTP API", .timeLimit(.minutes(2)))
struct APITests {
    static let key = "0123456789abcdef"
    static let configuration = """
        client:
          allow_anonymous: true
          token: {hmac_secret_key: \(TokenMaker.secret)}
        channel:
          without_namespace: &open {allow_subscribe_for_client: true, allow_subscribe_for_anonymous: true}
          namespaces:
            - name: history
              history_size: 10
              history_ttl: 60s
              allow_subscribe_for_client: true
              allow_subscribe_for_anonymous: true
            - {name: presence, presence: true, allow_subscribe_for_client: true}
            - {name: objects, publication_data_format: json_object}
        """

    /// A server, and the calls of its API.
    struct Service {
        let server: TestServer

        func status(_ method: String, _ body: String = "", _ headers: HTTPFields) async throws -> (HTTPResponse.Status, String) {
            let response = try await server.http.execute(
                uri: "/api/\(method)", method: .post, headers: headers, body: ByteBuffer(string: body))
            return (response.status, String(buffer: response.body))
        }

        func call(_ method: String, _ body: String = "") async throws -> String {
            try await status(method, body, [.authorization: "apikey \(APITests.key)"]).1
        }

        /// With headers of its own beside the key.
        func ask(_ method: String, _ body: ByteBuffer, _ headers: HTTPFields) async throws -> (HTTPResponse.Status, String) {
            var headers = headers
            headers[.authorization] = headers[.authorization] ?? "apikey \(APITests.key)"
            let response = try await server.http.execute(uri: "/api/\(method)", method: .post, headers: headers, body: body)
            return (response.status, String(buffer: response.body))
        }

        func connect(_ user: String) async throws -> RealtimeClient {
            let client = try await RealtimeClient(server)
            try await client.connect(TokenMaker.hmac().sign(#"{"sub":"\#(user)","info":{"name":"\#(user)"}}"#))
            return client
        }
    }

    private func run(_ test: @escaping @Sendable (Service) async throws -> Void) async throws {
        try await Self.run(test)
    }

    /// - Parameter api: the section of the API.
    static func run(
        api: String = "{key: \(key), max_body_size: 4096}", _ test: @escaping @Sendable (Service) async throws -> Void
    ) async throws {
        var serve = ServeConfiguration()
        serve.hasDemo = false
        serve.realtime = try await RealtimeConfiguration(yaml: "\(configuration)\nhttp_api: \(api)\n", file: "test.yaml")
        try await TestServer.run(serve) { try await test(Service(server: $0)) }
    }

    // MARK: Who may call

    @Test("needs the key, in either header")
    func key() async throws {
        try await run { api in
            let name = try #require(HTTPField.Name("X-API-Key"))
            #expect(try await api.status("info", "", [name: Self.key]).0 == .ok)
            #expect(try await api.status("info", "", [.authorization: "apikey \(Self.key)"]).0 == .ok)
            #expect(try await api.status("info", "", [.authorization: "ApiKey \(Self.key)"]).0 == .ok)
            let wrong: [HTTPFields] = [
                [:], [name: ""], [name: "0123456789abcdeg"], [name: Self.key + "0"], [name: Self.key + Self.key], [name: "0123456789abcde"],
                [.authorization: "Bearer \(Self.key)"], [.authorization: "apikey"], [.authorization: Self.key],
            ]
            for headers in wrong {
                let (status, body) = try await api.status("info", "", headers)
                #expect(status == .unauthorized)
                #expect(body == #"{"error":{"code":101,"message":"unauthorized"}}"#)
            }
            // Nobody learns which methods there are.
            #expect(try await api.status("nothing", "", [:]).0 == .unauthorized)
        }
    }

    @Test("is not there without a key")
    func absent() async throws {
        var serve = ServeConfiguration()
        serve.realtime = try await RealtimeConfiguration(
            yaml: "{client: {allow_anonymous: true}, channel: {without_namespace: {}}}", file: "test.yaml")
        try await TestServer.run(serve) { server in
            let response = try await server.http.execute(uri: "/api/info", method: .post)
            #expect(response.status == .notFound)
        }
    }

    @Test("knows its methods, and only POST (RFC 9110 §15.5.6)")
    func methods() async throws {
        try await run { api in
            let (status, body) = try await api.status("nothing", "{}", [.authorization: "apikey \(Self.key)"])
            #expect(status == .notFound)
            #expect(body == #"{"error":{"code":104,"message":"method not found"}}"#)
            // Those that the router has no routes for.
            let others = try ["QUERY", "PROPFIND"].map { try #require(HTTPRequest.Method($0)) }
            for method in [HTTPRequest.Method.get, .head, .put, .patch, .delete, .options, .trace] + others {
                let answer = try await api.server.http.execute(
                    uri: "/api/info", method: method, headers: [.authorization: "apikey \(Self.key)"])
                #expect(answer.status == .methodNotAllowed)
                #expect(answer.headers[.allow] == "POST")
            }
        }
    }

    // MARK: What is wrong with a call

    @Test(
        "says what is wrong with a call",
        arguments: [
            ("publish", #"{"channel":"a"}"#, 107, "data is missing"), ("publish", #"{"data":1}"#, 107, "channel is missing"),
            ("publish", "", 107, "channel is missing"), ("publish", "[]", 107, "no JSON object"), ("publish", "{", 107, "no JSON object"),
            ("publish", #"{"channel":"a","data":{]}"#, 107, "no JSON object"), ("publish", #"{"channel":"a","data":1} x"#, 107, "no JSON"),
            ("publish", #"{"channel":"a","channel":"b","data":1}"#, 107, "twice"),
            ("publish", #"{"channel":7,"data":1}"#, 107, "channel must be text"),
            ("publish", #"{"channel":"a","data":1,"detla":true}"#, 107, "detla is not known"),
            ("publish", #"{"channel":"a","data":1,"delta":1}"#, 107, "delta must be"),
            ("publish", #"{"channel":"a","data":1,"tags":{"a":1}}"#, 107, "tags must be"),
            ("publish", #"{"channel":"a","data":1,"version":-1}"#, 107, "version must be"),
            ("publish", #"{"channel":"a","b64data":"%"}"#, 107, "b64data is not base64"),
            ("publish", #"{"channel":"none:a","data":1}"#, 102, "unknown channel"),
            ("publish", #"{"channel":"a b","data":1}"#, 107, "channel must be printable"),
            ("publish", #"{"channel":"objects:a","data":1}"#, 107, "bad request"),
            ("broadcast", #"{"channels":[],"data":1}"#, 107, "channels is missing"),
            ("broadcast", #"{"channels":"a","data":1}"#, 107, "channels must"),
            ("broadcast", #"{"channels":["a","é"],"data":1}"#, 107, "channels must be printable"),
            ("subscribe", #"{"channel":"é","user":"nobody"}"#, 107, "channel must be printable"),
            ("publish", #"{"channel":"a","b64data":"QUJDRB=="}"#, 107, "b64data is not base64"),
            ("history", #"{"channel":"a"}"#, 108, "not available"),
            ("history", #"{"channel":"history:a","since":3}"#, 107, "since must be"),
            ("history", #"{"channel":"history:a","limit":1,"since":{"offset":1,"epoch":"x"}}"#, 112, "unrecoverable"),
            ("history", #"{"channel":"history:a","limit":1.5}"#, 107, "limit must be"),
            ("history_remove", #"{"channel":"a"}"#, 108, "not available"), ("presence", #"{"channel":"a"}"#, 108, "not available"),
            ("presence_stats", #"{"channel":"none:a"}"#, 102, "unknown channel"),
            ("disconnect", "{}", 107, "user or client or session is missing"),
            ("disconnect", #"{"user":"a","disconnect":{"code":1000}}"#, 107, "3000 to 4999"),
            ("disconnect", #"{"user":"a","sesion":"x"}"#, 107, "sesion is not known"),
            ("unsubscribe", #"{"user":"a"}"#, 107, "channel is missing"),
            ("unsubscribe", #"{"channel":"a"}"#, 107, "user or client or session is missing"), ("info", #"{"a":1}"#, 107, "a is not known"),
        ] as [(String, String, Int, String)])
    func mistakes(method: String, body: String, code: Int, words: String) async throws {
        try await run { api in
            let (status, answer) = try await api.status(method, body, [.authorization: "apikey \(Self.key)"])
            #expect(status == .ok)
            #expect(answer.hasPrefix(#"{"error":{"code":\#(code),"message":""#), "\(answer)")
            #expect(answer.contains(words), "\(answer)")
        }
    }

    @Test("takes no body that is too long")
    func longBody() async throws {
        try await run { api in
            let body = #"{"channel":"a","data":"\#(String(repeating: "a", count: 5_000))"}"#
            let (status, answer) = try await api.status("publish", body, [.authorization: "apikey \(Self.key)"])
            #expect(status == .contentTooLarge)
            #expect(answer.contains("4096"))
        }
    }

    // MARK: publish, broadcast

    @Test("publishes data as it was written, with its tags")
    func publish() async throws {
        try await run { api in
            let client = try await api.connect("42")
            try await client.subscribe("news")
            #expect(
                try await api.call("publish", #"{"channel":"news","data":{"b": 1.50, "a":[1e400, "é\u00e9"]},"tags":{"k":"v"}}"#)
                    == #"{"result":{"offset":0,"epoch":""}}"#)
            let push = try await client.push()
            guard case .publication(let publication) = push.body else { throw Unexpected("\(push)") }
            #expect(push.channel == "news")
            #expect(String(buffer: publication.data) == #"{"b":1.50,"a":[1e400,"é\u00e9"]}"#)
            #expect(publication.tags == ["k": "v"])
        }
    }

    @Test("publishes bytes, once for an idempotency key, and no version that is old")
    func options() async throws {
        try await run { api in
            let first = try await api.call("publish", #"{"channel":"history:a","b64data":"eyJhIjoxfQ==","idempotency_key":"k"}"#)
            #expect(first.hasPrefix(#"{"result":{"offset":1,"epoch":""#))
            #expect(try await api.call("publish", #"{"channel":"history:a","data":2,"idempotency_key":"k"}"#) == first)
            #expect(try await api.call("publish", #"{"channel":"history:a","data":3,"skip_history":true}"#).contains(#""offset":0"#))
            #expect(
                try await api.call("publish", #"{"channel":"history:a","data":4,"version":7,"version_epoch":"x"}"#).contains(#""offset":2"#)
            )
            #expect(
                try await api.call("publish", #"{"channel":"history:a","data":5,"version":6,"version_epoch":"x"}"#).contains(#""offset":2"#)
            )
            let history = try await api.call("history", #"{"channel":"history:a","limit":-1}"#)
            #expect(history.contains(#"[{"data":{"a":1},"offset":1},{"data":4,"offset":2}]"#), "\(history)")
        }
    }

    @Test("broadcasts, with an answer for each channel")
    func broadcast() async throws {
        try await run { api in
            let client = try await api.connect("42")
            try await client.subscribe("one")
            try await client.subscribe("two")
            #expect(
                try await api.call("broadcast", #"{"channels":["one","none:x","two"],"data":7}"#)
                    == #"{"result":{"responses":[{"result":{"offset":0,"epoch":""}},{"error":{"code":102,"message":"unknown channel"}},"#
                    + #"{"result":{"offset":0,"epoch":""}}]}}"#)
            #expect(Set([try await client.push().channel, try await client.push().channel]) == ["one", "two"])
        }
    }

    // MARK: history

    @Test("reads history forwards, backwards and from a position, and removes it")
    func history() async throws {
        try await run { api in
            for number in 1...4 { _ = try await api.call("publish", #"{"channel":"history:a","data":\#(number)}"#) }
            let position = try await api.call("history", #"{"channel":"history:a"}"#)
            let epoch = try #require(position.firstMatch(of: /"epoch":"([^"]+)"/)?.output.1)
            #expect(position == #"{"result":{"publications":[],"offset":4,"epoch":"\#(epoch)"}}"#)
            #expect(
                try await api.call("history", #"{"channel":"history:a","limit":2,"since":{"offset":1,"epoch":"\#(epoch)"}}"#)
                    .contains(#"[{"data":2,"offset":2},{"data":3,"offset":3}]"#))
            #expect(
                try await api.call("history", #"{"channel":"history:a","limit":2,"reverse":true}"#)
                    .contains(#"[{"data":4,"offset":4},{"data":3,"offset":3}]"#))
            #expect(try await api.call("history_remove", #"{"channel":"history:a"}"#) == #"{"result":{}}"#)
            #expect(try await api.call("history", #"{"channel":"history:a","limit":-1}"#) == position)
        }
    }

    @Test("shows bytes that are no JSON in base64")
    func bytes() async throws {
        try await run { api in
            _ = try await api.call("publish", #"{"channel":"history:b","b64data":"/wA="}"#)
            #expect(try await api.call("history", #"{"channel":"history:b","limit":1}"#).contains(#"[{"b64data":"/wA=","offset":1}]"#))
        }
    }

    // MARK: presence, channels, info

    @Test("says who is in a channel, and how many")
    func presence() async throws {
        try await run { api in
            let client = try await RealtimeClient(api.server)
            let id = try await client.connect(TokenMaker.hmac().sign(#"{"sub":"42","info":{"name":"Ann"}}"#)).client
            try await client.subscribe("presence:a")
            #expect(
                try await api.call("presence", #"{"channel":"presence:a"}"#)
                    == #"{"result":{"presence":{"\#(id)":{"user":"42","client":"\#(id)","conn_info":{"name":"Ann"}}}}}"#)
            #expect(try await api.call("presence_stats", #"{"channel":"presence:a"}"#) == #"{"result":{"num_clients":1,"num_users":1}}"#)
            #expect(try await api.call("presence", #"{"channel":"presence:b"}"#) == #"{"result":{"presence":{}}}"#)
        }
    }

    @Test("lists channels by a pattern, and counts what there is")
    func channels() async throws {
        try await run { api in
            let (one, two) = (try await api.connect("1"), try await api.connect("2"))
            try await one.subscribe("news.sport")
            try await two.subscribe("news.sport")
            try await two.subscribe("other")
            #expect(
                try await api.call("channels", #"{"pattern":"n*s.?port"}"#) == #"{"result":{"channels":{"news.sport":{"num_clients":2}}}}"#)
            #expect(try await api.call("channels").contains(#""other":{"num_clients":1}"#))
            let info = try await api.call("info")
            #expect(info.contains(#""num_clients":2,"num_users":2,"num_channels":2,"num_subs":3"#), "\(info)")
            withExtendedLifetime((one, two)) {}
        }
    }

    // MARK: unsubscribe, disconnect

    @Test("unsubscribes a user, or one connection")
    func unsubscribe() async throws {
        try await run { api in
            let (one, two) = (try await api.connect("1"), try await api.connect("1"))
            for client in [one, two] { try await client.subscribe("news") }
            #expect(try await api.call("unsubscribe", #"{"user":"1","channel":"news"}"#) == #"{"result":{}}"#)
            for client in [one, two] {
                guard case .unsubscribe(let push) = try await client.push().body else { throw Unexpected("no unsubscribe") }
                #expect(push.code == 2_000)
            }
            #expect(try await api.call("channels") == #"{"result":{"channels":{}}}"#)
        }
    }

    @Test("disconnects a user but for some, with a code, and one client only if it is that user's")
    func disconnect() async throws {
        try await run { api in
            let (one, two) = (try await RealtimeClient(api.server), try await RealtimeClient(api.server))
            let token = try await TokenMaker.hmac().sign(#"{"sub":"1"}"#)
            let (first, second) = (try await one.connect(token).client, try await two.connect(token).client)
            _ = try await api.call("disconnect", #"{"user":"1","whitelist":["\#(second)"],"disconnect":{"code":4100,"reason":"enough"}}"#)
            #expect(await one.socket.waitForClose().code.rawValue == 4_100)
            _ = try await api.call("disconnect", #"{"user":"2","client":"\#(second)"}"#)
            _ = try await api.call("disconnect", #"{"client":"\#(first)"}"#)
            #expect(try await two.ask(.publish(Wire.PublishRequest(channel: "none:x"))).error?.code == 102, "it is still there")
            _ = try await api.call("disconnect", #"{"user":"1","client":"\#(second)"}"#)
            #expect(await two.socket.waitForClose().code.rawValue == 3_503)
        }
    }
}

@Suite("Globs")
struct GlobTests {
    @Test(
        "match",
        arguments: [("*", ""), ("*", "abc"), ("a*c", "abbc"), ("a*c*e", "abcde"), ("?b?", "abc"), ("**", "x"), ("a*", "a"), ("", "")])
    func matching(pattern: String, text: String) {
        #expect(Glob(pattern).matches(text))
    }

    @Test("don't", arguments: [("a", "b"), ("a*c", "ab"), ("?", ""), ("", "a"), ("a?", "a"), ("*b", "ba")])
    func different(pattern: String, text: String) {
        #expect(!Glob(pattern).matches(text))
    }

    @Test("are quick even where stars could be tried in many ways")
    func costly() {
        #expect(!Glob(String(repeating: "*a", count: 60) + "b").matches(String(repeating: "a", count: 250)))
    }
}
