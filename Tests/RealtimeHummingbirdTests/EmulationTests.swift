import HTTPTypes
import NIOCore
import RealtimeHub
import RealtimeHummingbird
import RealtimeProtocol
import ServerTestSupport
import Testing
import WebSocketProtocol

@Suite("Commands by requests of their own", .timeLimit(.minutes(2)))
struct EmulationTests {
    private static let kinds = [EmulatedClient.Kind.httpStreamJSON, .httpStreamProtobuf]

    @Test("An unknown session is not told from a known one, an unknown node is", arguments: kinds)
    func guessing(kind: EmulatedClient.Kind) async throws {
        try await RealtimeServer.run { (server) async throws in
            let client = try await EmulatedClient.connect(server, kind)
            var commands = ByteBuffer()
            try Wire.write(Wire.Command(id: 9, body: .subscribe(Wire.SubscribeRequest(channel: "open:x"))), as: kind.format, to: &commands)
            for guess in ["", "0", String(repeating: "0", count: 32), client.session.uppercased() + " ", String(client.session.dropLast())]
            {
                #expect(try await client.post(commands, session: guess) == 204)
            }
            for node in ["", "0", client.session, String(client.node.dropLast())] {
                #expect(try await client.post(commands, node: node) == 404)
            }
            // None of them reached it.
            #expect(server.hub.channels().isEmpty)
            #expect(try await client.post(commands) == 204)
            #expect(try await client.reply(9).error == nil)
        }
    }

    @Test("Sessions of WebSockets and of clients that only listen cannot be spoken for")
    func others() async throws {
        try await RealtimeServer.run { (server) async throws in
            let events = try await server.events()
            let push = try Wire.Push(json: try await events.event().data)
            guard case .connect(let connect) = push.body else { throw Unexpected("\(push)") }
            #expect(!connect.session.isEmpty)
            #expect(connect.node.isEmpty)
            let body = #"{"session":"\#(connect.session)","node":"\#(server.hub.node)","data":"{\"id\":1,\"connect\":{}}"}"#
            #expect(try await server.status(.post, "/emulation", [:], body) == 204)
            server.hub.disconnect(client: connect.client)
            #expect(try Wire.Push(json: try await events.event().data).disconnectCode == 3_503, "not 3501 for a second connect")
        }
    }

    @Test(
        "Bodies that are nothing",
        arguments: [
            "", "{", "[]", "null", "{}x", "{}\n{}", #"{"session":1}"#, #"{"session":"a","node":"b","data":{}}"#, #"{"data":"\ud800"}"#,
            #"{"session":"a","session":"b"}"#, String(repeating: "[", count: 200), String(repeating: #"{"a":"#, count: 50), "\u{0}",
        ])
    func nonsense(body: String) async throws {
        try await RealtimeServer.run { (server) async throws in
            #expect(try await server.status(.post, "/emulation", [.contentType: "application/json"], body) == 400)
        }
    }

    @Test(
        "The same in Protobuf",
        arguments: [[0xFF], [0x0A, 0xFF, 0xFF, 0xFF, 0xFF, 0x0F], [0x1A, 5, 1], [0x0B], [0x0A, 2, 0xFF, 0xFE]] as [[UInt8]])
    func nonsense(bytes: [UInt8]) async throws {
        try await RealtimeServer.run { (server) async throws in
            let answer = try await StreamClient.send(
                port: server.port, .post, "/emulation", [.contentType: "application/octet-stream"], ByteBuffer(bytes: bytes))
            #expect(try await answer.status() == 400)
        }
    }

    @Test("More than is allowed is refused, by its length or as it comes", arguments: [StreamClient.HTTP.plain, .http2])
    func tooLong(http: StreamClient.HTTP) async throws {
        try await RealtimeServer.run(
            .init {
                $0.http = http
                $0.options.maxRequestBytes = 2_000
            }
        ) { (server) async throws in
            for path in ["/emulation", "/connection/http_stream", "/connection/sse", "/connection/uni_sse", "/connection/uni_http_stream"] {
                #expect(try await server.status(.post, path, [:], String(repeating: " ", count: 2_001)) == 413, "\(path)")
            }
            // As much as is allowed is read.
            #expect(try await server.status(.post, "/emulation", [:], String(repeating: " ", count: 2_000)) == 400)
            let chunked = try await server.send(.post, "/emulation", [.transferEncoding: "chunked"], String(repeating: " ", count: 3_000))
            if http == .plain { #expect(try await chunked.status() == 413) }
        }
    }

    @Test("A body that does not come ends the connection")
    func slowBody() async throws {
        try await RealtimeServer.run(.init { $0.options.requestTimeout = .milliseconds(200) }) { (server) async throws in
            for path in ["/emulation", "/connection/http_stream", "/connection/uni_sse"] {
                let request = try await server.send(.post, path, [.contentLength: "100"], "{")
                try await request.waitForClose()
            }
        }
    }

    @Test("Commands keep their order", arguments: kinds)
    func order(kind: EmulatedClient.Kind) async throws {
        try await RealtimeServer.run { (server) async throws in
            let client = try await EmulatedClient.connect(server, kind)
            try await client.subscribe("open:tea")
            for request in 0..<40 {
                var batch = ByteBuffer()
                for command in 0..<5 {
                    let number = request * 5 + command
                    let publish = Wire.PublishRequest(channel: "open:tea", data: ByteBuffer(string: "\(number)"))
                    try Wire.write(Wire.Command(id: UInt32(number + 100), body: .publish(publish)), as: kind.format, to: &batch)
                }
                #expect(try await client.post(batch) == 204)
            }
            var numbers: [Int] = []
            while numbers.count < 200 { numbers.append(Int(try await client.publication().text) ?? -1) }
            #expect(numbers == Array(0..<200))
        }
    }

    @Test("A request is answered when the commands before it are done: a client that waits for its answers is slowed down, and not cut off")
    func pacing() async throws {
        let gate = Gate()
        let settings = RealtimeServer.Settings {
            $0.handlers.call = { (_) async throws(HubRefusal) in
                await gate.wait()
                return ByteBuffer(string: "1")
            }
        }
        try await RealtimeServer.run(settings) { (server) async throws in
            let client = try await EmulatedClient.connect(server, .httpStreamJSON)
            let call = #"{"session":"\#(client.session)","node":"\#(client.node)","data":"{\"id\":5,\"rpc\":{\"method\":\"m\"}}"}"#
            let first = try await server.send(.post, "/emulation", [:], call)
            try await eventually("it is asked") { gate.waiting == 1 }
            #expect(first.inbox.isQuiet)
            gate.open()
            #expect(try await first.status() == 204)
            #expect(try await client.reply(5).error == nil)
        }
    }

    @Test("What waits for a session is bounded")
    func flood() async throws {
        let gate = Gate()
        let settings = RealtimeServer.Settings {
            $0.hub.maxWaitingBytes = 20_000
            $0.handlers.call = { (_) async throws(HubRefusal) in
                await gate.wait()
                return ByteBuffer(string: "1")
            }
        }
        try await RealtimeServer.run(settings) { (server) async throws in
            let client = try await EmulatedClient.connect(server, .httpStreamJSON)
            let call = #"{"session":"\#(client.session)","node":"\#(client.node)","data":"{\"id\":5,\"rpc\":{\"method\":\"m\"}}"}"#
            let publish = #"{\"id\":6,\"publish\":{\"channel\":\"open:tea\",\"data\":\"\#(String(repeating: "x", count: 8_000))\"}}"#
            let more = #"{"session":"\#(client.session)","node":"\#(client.node)","data":"\#(publish)"}"#
            var requests = [try await server.send(.post, "/emulation", [:], call)]
            try await eventually("it is asked") { gate.waiting == 1 }
            for _ in 0..<4 { requests.append(try await server.send(.post, "/emulation", [:], more)) }
            #expect(try await client.disconnect() == 3_008)
            for request in requests { #expect(try await request.status() == 204) }
            gate.open()
        }
    }

    @Test(
        "Browsers that ask first are told, and for how long",
        arguments: ["/emulation", "/connection/http_stream", "/connection/sse", "/connection/uni_sse"])
    func preflight(path: String) async throws {
        try await RealtimeServer.run(.init { $0.options.origins = .allow(["https://example.com"]) }) { (server) async throws in
            let answer = try await server.send(
                .options, path,
                [.origin: "https://example.com", .accessControlRequestMethod: "POST", .accessControlRequestHeaders: "content-type"])
            let head = try await answer.head()
            #expect(head.status == .noContent)
            #expect(head.headerFields[.accessControlAllowOrigin] == "https://example.com")
            #expect(head.headerFields[.accessControlAllowCredentials] == "true")
            #expect(head.headerFields[.accessControlAllowMethods]?.contains("POST") == true)
            #expect(head.headerFields[.accessControlAllowHeaders]?.lowercased().contains("content-type") == true)
            #expect(head.headerFields[.accessControlMaxAge] == "300")
            #expect(head.headerFields[.vary] == "Origin")
            #expect(try await server.status(.options, path, [.origin: "https://evil.example"]) == 403)
        }
    }
}
