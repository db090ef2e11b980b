import HTTPTypes
import NIOCore
import RealtimeHub
import RealtimeProtocol
import Testing
import WebSocketProtocol

@testable import RealtimeHummingbird

@Suite("Which pages may use the streams (H1)", .timeLimit(.minutes(2)))
struct OriginTests {
    private static let paths: [(HTTPRequest.Method, String)] = [
        (.post, "/connection/http_stream"), (.post, "/connection/sse"),
        (.get, "/connection/sse?cf_connect=%7B%22id%22:1,%22connect%22:%7B%7D%7D"),
        (.get, "/connection/uni_sse"), (.post, "/connection/uni_sse"), (.post, "/connection/uni_http_stream"), (.post, "/emulation"),
    ]

    private func isPermitted(
        _ server: RealtimeServer, _ fields: HTTPFields
    ) async throws -> Bool {
        var verdicts: Set<Bool> = []
        for (method, path) in Self.paths {
            let status = try await server.status(method, path, fields, method == .post ? #"{"id":1,"connect":{}}"# : "")
            verdicts.insert(status != 403)
        }
        guard let verdict = verdicts.first, verdicts.count == 1 else { throw Unexpected("one route says yes, another no: \(fields)") }
        return verdict
    }

    @Test("By default those of the same host, as for WebSockets")
    func sameHost() async throws {
        try await RealtimeServer.run { (server) async throws in
            let own = "http://localhost:\(server.port)"
            for origin in [own, own.uppercased()] { #expect(try await isPermitted(server, [.origin: origin]), "\(origin)") }
            let others = [
                "http://localhost", "http://localhost:1", "https://evil.example", "null", "",
                "http://localhost.evil.example:\(server.port)", "http://user@localhost:\(server.port)", "file://",
                "localhost:\(server.port)",
            ]
            for origin in others { #expect(try await !isPermitted(server, [.origin: origin]), "\(origin)") }
            #expect(try await isPermitted(server, [:]), "a program")
        }
    }

    @Test("A request with cookies and without an Origin is the browser's word or nobody's")
    func cookies() async throws {
        let site = try #require(HTTPField.Name("Sec-Fetch-Site"))
        try await RealtimeServer.run { (server) async throws in
            #expect(try await !isPermitted(server, [.cookie: "a=b"]))
            #expect(try await isPermitted(server, [.cookie: "a=b", site: "same-origin"]))
            for other in ["cross-site", "same-site", "none", "", "same-origin, same-origin"] {
                #expect(try await !isPermitted(server, [.cookie: "a=b", site: other]), "\(other)")
            }
            #expect(try await !isPermitted(server, [.cookie: "a=b", site: "same-origin", .origin: "https://evil.example"]))
        }
    }

    @Test("A list has those on it, and not even the same host if that is not on it")
    func list() async throws {
        let site = try #require(HTTPField.Name("Sec-Fetch-Site"))
        try await RealtimeServer.run(.init { $0.options.origins = .allow(["https://*.example.com"]) }) { (server) async throws in
            #expect(try await isPermitted(server, [.origin: "https://a.example.com"]))
            #expect(try await !isPermitted(server, [.origin: "http://localhost:\(server.port)"]))
            #expect(try await !isPermitted(server, [.cookie: "a=b", site: "same-origin"]))
        }
    }

    @Test("Permitted pages of other hosts can read the answer, be it a refusal")
    func fields() async throws {
        try await RealtimeServer.run(.init { $0.options.origins = .allow(["https://example.com"]) }) { (server) async throws in
            for (method, path) in Self.paths + [(.get, "/connection/uni_sse?token=bad"), (.get, "/connection/uni_sse?cf_connect=x")] {
                let answer = try await server.send(method, path, [.origin: "https://example.com"])
                let fields = try await answer.head().headerFields
                #expect(fields[.accessControlAllowOrigin] == "https://example.com", "\(path)")
                #expect(fields[.accessControlAllowCredentials] == "true")
                #expect(fields[.vary] == "Origin")
            }
            let own = try await server.send(.get, "/connection/uni_sse").head()
            #expect(own.headerFields[.accessControlAllowOrigin] == nil)
        }
    }
}

@Suite("Requests that are no streams", .timeLimit(.minutes(2)))
struct HostileRequestTests {
    @Test("An upgrade gets no stream, on a fresh connection and on a used one")
    func upgrades() async throws {
        try await RealtimeServer.run { (server) async throws in
            let fields: HTTPFields = [
                .connection: "Upgrade", .upgrade: "websocket", .secWebSocketVersion: "13", .secWebSocketKey: "dGhlIHNhbXBsZSBub25jZQ==",
            ]
            for path in ["/connection/uni_sse", "/connection/sse?cf_connect=%7B%22id%22:1,%22connect%22:%7B%7D%7D"] {
                #expect(try await server.status(.get, path, fields) == 501)
            }
            #expect(server.hub.counts.clients == 0)
        }
    }

    @Test("Other methods are not there", arguments: ["/connection/http_stream", "/connection/uni_http_stream", "/emulation"])
    func methods(path: String) async throws {
        try await RealtimeServer.run { (server) async throws in
            for method in [HTTPRequest.Method.get, .put, .delete] { #expect(try await (404...405).contains(server.status(method, path))) }
        }
    }

    static let batches: [[UInt8]] =
        [
            "{", "}", "[]", "null", "{}", "{}{}", "\n", "\n\n", "{}\n\n{}", #"{"id":0,"connect":{}}"#, #"{"id":-1,"connect":{}}"#,
            #"{"id":1}"#, #"{"id":4294967296,"connect":{}}"#, #"{"id":1,"connect":[]}"#, #"{"id":1,"connect":{"token":"\ud800"}}"#,
            #"{"id":1,"connect":{},"publish":{}}"#, #"{"id":1,"subscribe":{"channel":"open:x"}}"#, "\u{0}", "\u{FEFF}{}",
            String(repeating: "[", count: 60_000), String(repeating: #"{"a":"#, count: 10_000),
            "{" + String(repeating: "\"a\":1,", count: 9_000),
        ].map { Array($0.utf8) } + [
            [0xFF], [0xC0, 0x80], [0x7B, 0xFF, 0x7D], [0x80], Array(repeating: 0x80, count: 100), [0x05, 0x08],
            [0xFF, 0xFF, 0xFF, 0xFF, 0x0F],
        ]

    @Test("A batch that is none ends the session and nothing else", arguments: EmulatedClient.Kind.allCases)
    func corpus(kind: EmulatedClient.Kind) async throws {
        try await RealtimeServer.run { (server) async throws in
            for batch in Self.batches where kind != .eventsByGET || batch.count < 2_000 {
                let client = try await EmulatedClient.open(server, kind, ByteBuffer(bytes: batch))
                let status = try await client.stream.status()
                // Not text at all in an address is nothing at all.
                #expect(status == 200)
                if status == 200 { #expect(try await client.disconnect() == 3_501, "\(batch.prefix(40))") }
            }
            for batch in Self.batches {
                let client = try await EmulatedClient.connect(server, kind == .eventsByGET ? .events : kind)
                // In JSON the commands travel as text.
                guard kind == .httpStreamProtobuf || String(validating: batch, as: UTF8.self) != nil else { continue }
                let status = try await client.post(ByteBuffer(bytes: batch))
                // As a JSON string some are longer than a body may be.
                #expect([204, 400, 413].contains(status))
                // A subscription is what it is, and one empty message is an early pong.
                if status == 204, batch != Array(#"{"id":1,"subscribe":{"channel":"open:x"}}"#.utf8) {
                    #expect(try await client.disconnect() == 3_501, "\(batch.prefix(40))")
                }
            }
            try await eventually("nobody is left but the last subscriber") { server.hub.counts.clients <= 1 }
        }
    }
}

@Suite("Queries of addresses")
struct QueryStringTests {
    @Test(
        "are read as forms write them",
        arguments: [
            ("a=1&b=2", ["a": "1", "b": "2"]), ("a=x+y%20z%2B", ["a": "x y z+"]), ("a", ["a": ""]), ("a=", ["a": ""]),
            ("a=b=c", ["a": "b=c"]), ("a=1&a=2", ["a": "1"]), ("%61=%F0%9F%8C%8D", ["a": "🌍"]), ("", [:]), ("&&", [:]),
        ])
    func reads(query: String, values: [String: String]) {
        for (name, value) in values { #expect(QueryString(query)[name] == value) }
    }

    @Test("What is broken is not there", arguments: ["a=%", "a=%4", "a=%zz", "a=%ff", "a=%C0%80", "%ff=1"])
    func broken(query: String) {
        #expect(QueryString(query)["a"] == nil)
    }
}
