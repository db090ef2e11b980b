// A server with hooks, a backend, and clients of the protocol.

import Foundation
import HTTPTypes
import NIOCore
import PubSub
import RealtimeHub
import RealtimeProtocol
import ServerTestSupport
import Synchronization
import Testing
import WebSocketClient
import WebSocketNIO
import WebSocketProtocol

@testable import HeliographServer

@Suite("Hooks of a server", .timeLimit(.minutes(1)))
struct HookServerTests {
    private func run(
        _ yaml: (String) -> String, _ answer: @escaping @Sendable (TestBackend.Request) -> TestBackend.Answer,
        _ test: @escaping @Sendable (TestServer, TestBackend) async throws -> Void
    ) async throws {
        let backend = try await TestBackend(answer)
        let configuration = try await ServeConfiguration(yaml: yaml(backend.url), file: "test.yaml")
        try await TestServer.run(configuration) { server in try await test(server, backend) }
        try await backend.stop()
    }

    private static func everything(_ url: String) -> String {
        """
        client:
          proxy:
            connect: {enabled: true, endpoint: "\(url)/connect", timeout: 500ms, http_headers: [X-Session], emulated_headers: [Authorization]}
        channel:
          proxy:
            subscribe: {endpoint: "\(url)/subscribe", timeout: 500ms, include_connection_meta: true}
            publish: {endpoint: "\(url)/publish", timeout: 500ms}
          namespaces:
            - {name: chat, subscribe_proxy_enabled: true, publish_proxy_enabled: true, history_size: 10, history_ttl: 60s}
            - {name: open, allow_subscribe_for_client: true}
        rpc: {proxy: {endpoint: "\(url)/rpc", timeout: 500ms}, without_namespace: {proxy_enabled: true}}
        """
    }

    @Test("connect, subscribe, publish and rpc, each decided by the backend")
    func all() async throws {
        try await run(Self.everything) { request in
            switch request.path {
            case "/connect": .json(#"{"result":{"user":"42","data":{"hello":1},"channels":["open:news"],"meta":{"plan":"gold"}}}"#)
            case "/subscribe":
                request.body.contains("chat:tea")
                    ? .json(#"{"result":{"data":[1],"info":{"role":"x"}}}"#) : .json(#"{"error":{"code":403,"message":"no"}}"#)
            case "/publish": .json(#"{"result":{"data":{"said":true}}}"#)
            default: .json(#"{"result":{"data":{"answer":2019}}}"#)
            }
        } _: { server, backend in
            let client = try await RealtimeClient(server)
            var request = Wire.ConnectRequest(data: ByteBuffer(string: #"{"a":1}"#), name: "js")
            request.headers = ["Authorization": "Bearer x"]
            guard case .connect(let connected) = try await client.ask(.connect(request)).body else { throw Unexpected("not connected") }
            #expect(String(buffer: connected.data) == #"{"hello":1}"#)
            #expect(Set(connected.subs.keys) == ["open:news"])
            #expect(String(buffer: try await client.subscribe("chat:tea").data) == "[1]")
            #expect(try await client.ask(.subscribe(Wire.SubscribeRequest(channel: "chat:coffee"))).error?.code == 403)
            let publish = Wire.PublishRequest(channel: "chat:tea", data: ByteBuffer(string: "1"))
            #expect(try await client.ask(.publish(publish)).error == nil)
            let history = try await server.application.hub.history(of: "chat:tea", .init(limit: .count(1)))
            #expect(history.publications.map { String(decoding: $0.data, as: UTF8.self) } == [#"{"said":true}"#])
            guard case .rpc(let answer) = try await client.ask(.rpc(Wire.RPCRequest(data: ByteBuffer(string: "1"), method: "year"))).body
            else {
                throw Unexpected("no answer")
            }
            #expect(String(buffer: answer.data) == #"{"answer":2019}"#)
            #expect(backend.requests.map(\.path) == ["/connect", "/subscribe", "/subscribe", "/publish", "/rpc"])
            #expect(backend.requests[0]["authorization"] == "Bearer x")
            #expect(backend.requests[0].body.contains(#""name":"js","data":{"a":1}}"#))
            #expect(backend.requests[1].body.hasSuffix(#""user":"42","channel":"chat:tea","meta":{"plan":"gold"}}"#))
        }
    }

    @Test("a call of the API asks the same backend, as nobody's")
    func callOfAPI() async throws {
        let yaml = { (url: String) in Self.everything(url) + "\nhttp_api: {key: \(APITests.key)}\n" }
        try await run(yaml) { request in
            request.body.contains(#""method":"sum""#)
                ? .json(#"{"result":{"data":3}}"#) : .json(#"{"error":{"code":4000,"message":"not today"}}"#)
        } _: { server, backend async throws in
            let api = APITests.Service(server: server)
            #expect(try await api.call("rpc", #"{"method":"sum","params":[1,2]}"#) == #"{"result":{"data":3}}"#)
            #expect(try await api.call("rpc", #"{"method":"other"}"#) == #"{"error":{"code":4000,"message":"not today"}}"#)
            // In no namespace that is enabled: nobody is asked.
            #expect(try await api.call("rpc", #"{"method":"math:sum"}"#) == #"{"error":{"code":104,"message":"method not found"}}"#)
            #expect(backend.requests.map(\.path) == ["/rpc", "/rpc"])
            #expect(backend.requests[0].body.hasPrefix(#"{"client":"","#))
            #expect(backend.requests[0].body.hasSuffix(#""method":"sum","data":[1,2]}"#))
        }
    }

    @Test("the client's own fields reach the backend, and only those that are named")
    func fields() async throws {
        try await run(Self.everything) { _ in
            .json(#"{"result":{"user":"42"}}"#)
        } _: { server, backend in
            var configuration = WebSocketClientConfiguration()
            if let name = HTTPField.Name("X-Session") { configuration.headers[name] = "abc" }
            configuration.headers[.userAgent] = "test"
            let socket = try await server.connect("/connection/websocket", configuration)
            try await socket.send(#"{"id":1,"connect":{}}"#)
            var messages = socket.messages.makeAsyncIterator()
            _ = try await messages.next()
            #expect(backend.requests.first?["x-session"] == "abc")
            #expect(backend.requests.first?["user-agent"] != "test")
        }
    }

    @Test("a backend that is down: error 100, temporary, at once or in time; and a token still connects")
    func down() async throws {
        let yaml = { (url: String) in
            Self.everything(url).replacing("client:\n", with: "client:\n  token: {hmac_secret_key: \"\(TokenMaker.secret)\"}\n")
        }
        try await run(yaml) { _ in
            .silence
        } _: { server, _ in
            let client = try await RealtimeClient(server)
            let reply = try await client.ask(.connect(Wire.ConnectRequest()))
            #expect((reply.error?.code, reply.error?.temporary) == (100, true))
            let other = try await RealtimeClient(server)
            try await other.connect(try await TokenMaker.hmac(TokenMaker.secret).sign(#"{"sub":"42"}"#))
            #expect(try await other.ask(.subscribe(Wire.SubscribeRequest(channel: "chat:tea"))).error?.code == 100)
            try await other.subscribe("open:a")
            let publish = Wire.PublishRequest(channel: "chat:tea", data: ByteBuffer(string: "1"))
            #expect(try await other.ask(.publish(publish)).error?.code == 100)
            #expect(try await other.ask(.rpc(Wire.RPCRequest(data: ByteBuffer(string: "1"), method: "m"))).error?.code == 100)
        }
    }

    @Test("a backend that sends somebody away")
    func disconnect() async throws {
        try await run(Self.everything) { _ in
            .json(#"{"disconnect":{"code":4501,"reason":"unauthorized"}}"#)
        } _: { server, _ in
            let socket = try await server.connect("/connection/websocket")
            try await socket.send(#"{"id":1,"connect":{}}"#)
            #expect(await socket.waitForClose().code.rawValue == 4_501)
        }
    }

    @Test("a connection that the backend prolongs, and ends")
    func refresh() async throws {
        let yaml = { (url: String) in
            """
            client:
              proxy:
                connect: {enabled: true, endpoint: "\(url)/connect"}
                refresh: {enabled: true, endpoint: "\(url)/refresh"}
            channel: {namespaces: [{name: open, allow_subscribe_for_client: true}]}
            """
        }
        let count = Mutex(0)
        try await run(yaml) { request in
            let soon = Int64(Date().timeIntervalSince1970) + 2
            guard request.path == "/refresh" else { return .json(#"{"result":{"user":"42","expire_at":\#(soon)}}"#) }
            return count.withLock { count in
                count += 1
                return count == 1 ? .json(#"{"result":{"expire_at":\#(soon)}}"#) : .json(#"{"result":{"expired":true}}"#)
            }
        } _: { server, backend in
            let client = try await RealtimeClient(server)
            #expect(try await !client.connect().expires)
            #expect(await client.socket.waitForClose().code.rawValue == 3_005)
            #expect(backend.requests.map(\.path) == ["/connect", "/refresh", "/refresh"])
            #expect(backend.requests[1].body.hasSuffix(#""user":"42"}"#))
        }
    }

    @Test("events of a client's life, in order, signed; the rest when the server ends")
    func events() async throws {
        let yaml = { (url: String) in
            """
            client: {proxy: {connect: {enabled: true, endpoint: "\(url)/connect"}}}
            channel:
              namespaces:
                - {name: chat, allow_subscribe_for_client: true, join_leave: true}
                - {name: silent, allow_subscribe_for_client: true, events_enabled: false}
            events: {endpoint: "\(url)/events", secrets: [0123456789abcdef], vacated_delay: 0s}
            """
        }
        let log = Mutex<[String]>([])
        try await run(yaml) { request in
            guard request.path == "/events" else { return .json(#"{"result":{"user":"42","info":{"name":"Ada"}}}"#) }
            log.withLock { $0.append(request.body) }
            return .status(204)
        } _: { server, _ in
            let client = try await RealtimeClient(server)
            try await client.connect()
            try await client.subscribe("chat:tea")
            try await client.subscribe("silent:a")
            _ = try await client.ask(.unsubscribe(Wire.UnsubscribeRequest(channel: "chat:tea")))
            // It goes by itself, and the server ends at once.
        }
        struct Batch: Decodable {
            struct Event: Decodable { var type: String; var code: Int? }
            var events: [Event]
        }
        let events = try log.withLock { $0 }.flatMap { try JSONDecoder().decode(Batch.self, from: Data($0.utf8)).events }
        #expect(
            events.filter { $0.type != "vacated" }.map(\.type) == [
                "started", "connected", "subscribed", "occupied", "joined", "left", "unsubscribed", "disconnected",
            ])
        #expect(events.contains { $0.type == "vacated" })
        let code = events.first { $0.type == "disconnected" }?.code ?? 0
        #expect([3_000, 3_001].contains(code), "whichever end was first")
        #expect(log.withLock { $0.joined() }.contains(#""conn_info":{"name":"Ada"}"#))
    }
}
