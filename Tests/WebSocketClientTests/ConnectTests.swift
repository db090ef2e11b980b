import HTTPTypes
import NIOCore
import NIOPosix
import Synchronization
import Testing
import WebSocketClient
import WebSocketNIO
import WebSocketProtocol

@Suite("Connecting")
struct ConnectTests {
    static let echo: ScriptedServer.Script = { [.write($0.switching()), .echo] }

    @Test("a message goes there and back")
    func echo() async throws {
        try await ScriptedServer.run(script: Self.echo) { server in
            try await expectText("hello", from: server.url, sending: "hello")
        }
    }

    @Test("the request is the one of RFC 6455 §4.1")
    func request() async throws {
        var configuration = WebSocketClientConfiguration(subprotocols: ["chat.v2", "chat"])
        configuration.headers[.origin] = "https://example.com"
        configuration.headers[.userAgent] = "test"
        try await ScriptedServer.run(script: { [.write($0.switching("Sec-WebSocket-Protocol: chat\r\n")), .echo] }) { server in
            let socket = try await WebSocket.connect(to: server.url, configuration: configuration)
            #expect(socket.subprotocol == "chat")
            await socket.close()
            let request = try #require(server.requests.first)
            #expect(request.requestLine == "GET /path?query HTTP/1.1")
            #expect(request["Host"] == "127.0.0.1:\(server.port)")
            #expect(request["Upgrade"] == "websocket")
            #expect(request["Connection"] == "Upgrade")
            #expect(request["Sec-WebSocket-Version"] == "13")
            #expect(request["Sec-WebSocket-Key"]?.utf8.count == 24)
            #expect(request["Sec-WebSocket-Protocol"] == "chat.v2, chat")
            #expect(request["Sec-WebSocket-Extensions"] == nil)
            #expect(request["Origin"] == "https://example.com")
            #expect(request["User-Agent"] == "test")
            #expect(request["Content-Length"] == nil)
            #expect(request["Transfer-Encoding"] == nil)
        }
    }

    @Test("every connection has a key of its own")
    func keys() async throws {
        try await ScriptedServer.run(script: Self.echo) { server in
            for _ in 0..<3 { try await expectText("x", from: server.url, sending: "x") }
            #expect(Set(server.requests.map { $0["Sec-WebSocket-Key"] }).count == 3)
        }
    }

    @Test("credentials in the URL are sent as Basic; a field given by hand wins")
    func credentials() async throws {
        try await ScriptedServer.run(script: Self.echo) { server in
            let url = "ws://me:secret@127.0.0.1:\(server.port)/"
            _ = try await firstMessage(from: url, sending: "x")
            _ = try await firstMessage(from: url, .init(headers: [.authorization: "Bearer t"]), sending: "x")
            #expect(server.requests.map { $0["Authorization"] } == ["Basic bWU6c2VjcmV0", "Bearer t"])
        }
    }

    @Test("names are resolved; what does not exist fails")
    func names() async throws {
        try await ScriptedServer.run(script: Self.echo) { server in
            try await expectText("x", from: "ws://localhost:\(server.port)/", sending: "x")
        }
        let error = await connectError(to: "ws://does-not-exist.invalid/")
        guard case .connectionFailed = error as? WebSocketClientError else {
            Issue.record("a name under .invalid cannot be found (RFC 6761)")
            return
        }
        #expect("\(error.map { "\($0)" } ?? "")" == "could not connect: does-not-exist.invalid: the name was not found")
    }

    @Test("a port where nobody listens fails, and the error says so")
    func nobodyListens() async throws {
        let port = try await ScriptedServer.run(script: Self.echo) { $0.port }
        for (host, message) in [("127.0.0.1", "connection refused"), ("localhost", "127.0.0.1:\(port): connection refused")] {
            let error = await connectError(to: "ws://\(host):\(port)/")
            guard case .connectionFailed = error as? WebSocketClientError else {
                Issue.record("nobody listens there any more")
                return
            }
            #expect("\(error.map { "\($0)" } ?? "")".hasSuffix(message))
        }
    }

    @Test("a bad URL or configuration sends nothing")
    func invalid() async throws {
        try await ScriptedServer.run(script: Self.echo) { server in
            guard case .invalidURL = await connectError(to: server.url + "#f") as? WebSocketClientError else {
                Issue.record("a fragment is refused")
                return
            }
            let bad: [WebSocketClientConfiguration] = [
                .init(headers: [.upgrade: "x"]), .init(headers: [.secWebSocketKey: "x"]), .init(subprotocols: ["a b"]),
                .init(subprotocols: ["a", "a"]),
            ]
            for configuration in bad {
                guard case .invalidConfiguration = await connectError(to: server.url, configuration) as? WebSocketClientError else {
                    Issue.record("\(configuration.headers) \(configuration.subprotocols)")
                    return
                }
            }
            #expect(server.connections == 0)
        }
    }

    @Test("withConnection closes: 1000 after a result, 1001 after an error")
    func scoped() async throws {
        struct Stop: Error {}
        let reasons = Mutex<[CloseReason]>([])
        let closed = AsyncStream.makeStream(of: CloseReason.self)
        let script: ScriptedServer.Script = { request in
            [.write(request.switching()), .engine(.init(), .init(), { CloseWatcher(closed.continuation) })]
        }
        try await ScriptedServer.run(script: script) { server in
            let result = try await WebSocket.withConnection(to: server.url) { _ in 7 }
            #expect(result == 7)
            await #expect(throws: Stop.self) { try await WebSocket.withConnection(to: server.url) { _ in throw Stop() } }
            for await reason in closed.stream.prefix(2) { reasons.withLock { $0.append(reason) } }
            #expect(reasons.withLock { $0.map(\.code) } == [.normalClosure, .goingAway])
        }
    }

    @Test("the delegate form hears everything on the event loop, and is no async reader")
    func delegate() async throws {
        let events = AsyncStream.makeStream(of: String.self)
        try await ScriptedServer.run(script: Self.echo) { server in
            let socket = try await WebSocket.connect(to: server.url) { Recorder(events.continuation) }
            await #expect(throws: WebSocketError.readByDelegate) { for try await _ in socket.messages {} }
            var seen: [String] = []
            for await event in events.stream { seen.append(event) }
            #expect(seen == ["opened", "received hello", "closed 1000"])
        }
    }
}

/// Tells how the server's side ended.
final class CloseWatcher: WebSocketDelegate {
    private let closed: AsyncStream<CloseReason>.Continuation
    init(_ closed: AsyncStream<CloseReason>.Continuation) { self.closed = closed }
    func closed(_ socket: WebSocketConnection, _ reason: CloseReason) { self.closed.yield(reason) }
}

/// Says hello, closes after the answer, and tells everything.
private final class Recorder: WebSocketDelegate {
    private let events: AsyncStream<String>.Continuation
    init(_ events: AsyncStream<String>.Continuation) { self.events = events }

    func opened(_ socket: WebSocketConnection) {
        socket.eventLoop.assertInEventLoop()
        self.events.yield("opened")
        socket.send(text: "hello")
    }

    func received(_ payload: ByteBuffer, _ kind: MessageKind, on socket: WebSocketConnection) {
        self.events.yield("received \(payload.text)")
        socket.close()
    }

    func closed(_ socket: WebSocketConnection, _ reason: CloseReason) {
        self.events.yield("closed \(reason.code.rawValue)")
        self.events.finish()
    }
}
