import Testing
import WebSocketClient
import WebSocketNIO

@Suite("Time and cancellation")
struct TimeTests {
    static let silent: ScriptedServer.Script = { _ in [.nextRequest] }

    static func expectTimeout(
        _ phase: WebSocketClientError.Phase, of url: String, _ configuration: WebSocketClientConfiguration,
        sourceLocation: SourceLocation = #_sourceLocation
    ) async {
        let error = await connectError(to: url, configuration)
        guard case .timeout(phase) = error as? WebSocketClientError else {
            Issue.record("\(String(describing: error))", sourceLocation: sourceLocation)
            return
        }
    }

    @Test("a server that does not answer: handshake timeout, and no connection is left")
    func silentServer() async throws {
        try await ScriptedServer.run(script: Self.silent) { server in
            await Self.expectTimeout(.handshake, of: server.url, .init(handshakeTimeout: .milliseconds(50)))
            await eventually { server.ended == 1 }
        }
    }

    @Test("half a head does not prolong it")
    func trickle() async throws {
        let script: ScriptedServer.Script = { _ in [.write("HTTP/1.1 101 Switching Protocols\r\nUpgrade: web"), .nextRequest] }
        try await ScriptedServer.run(script: script) { server in
            await Self.expectTimeout(.handshake, of: server.url, .init(handshakeTimeout: .milliseconds(50)))
        }
    }

    @Test("a proxy that does not answer counts as well")
    func silentProxy() async throws {
        try await ScriptedServer.run(script: Self.silent) { proxy in
            let configuration = WebSocketClientConfiguration(
                proxy: HTTPProxy(host: "127.0.0.1", port: proxy.port), handshakeTimeout: .milliseconds(50))
            await Self.expectTimeout(.handshake, of: "ws://chat.example/", configuration)
        }
    }

    @Test("the total timeout covers redirects")
    func total() async throws {
        let script: ScriptedServer.Script = { request in
            request.requestLine.hasPrefix("GET /new ") ? [.nextRequest] : FollowTests.redirect(to: "/new")(request)
        }
        try await ScriptedServer.run(script: script) { server in
            await Self.expectTimeout(.total, of: server.url, .init(redirects: .follow(max: 5), totalTimeout: .milliseconds(100)))
        }
    }

    @Test("timeouts of zero and of for ever are allowed")
    func extremes() async throws {
        try await ScriptedServer.run(script: FollowTests.echo) { server in
            let forever = Duration.seconds(Int64.max)
            try await expectText(
                "x", from: server.url, .init(connectTimeout: forever, handshakeTimeout: forever, totalTimeout: forever), sending: "x")
            await Self.expectTimeout(.total, of: server.url, .init(totalTimeout: .zero))
        }
    }

    @Test("a cancelled task leaves no connection")
    func cancelled() async throws {
        try await ScriptedServer.run(script: Self.silent) { server in
            let url = server.url
            let task = Task { try await WebSocket.connect(to: url) }
            await eventually { server.requests.count == 1 }
            task.cancel()
            await #expect(throws: CancellationError.self) { try await task.value }
            await eventually { server.ended == 1 }
        }
    }

    @Test("a task cancelled beforehand does not connect")
    func cancelledBefore() async throws {
        try await ScriptedServer.run(script: Self.silent) { server in
            let url = server.url
            let task = Task {
                withUnsafeCurrentTask { $0?.cancel() }
                _ = try await WebSocket.connect(to: url)
            }
            await #expect(throws: CancellationError.self) { try await task.value }
            #expect(server.connections == 0)
        }
    }
}
