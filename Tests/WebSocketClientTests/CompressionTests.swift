import Testing
import WebSocketClient
import WebSocketDeflate
import WebSocketNIO
import WebSocketProtocol

@Suite("Compression (RFC 7692)")
struct CompressionTests {
    static var compressing: WebSocketClientConfiguration {
        var configuration = WebSocketClientConfiguration()
        configuration.webSocket.compression = DeflateConfiguration()
        return configuration
    }

    /// Accepts the first offer as our own server does.
    static let accepting: ScriptedServer.Script = { request in
        let configuration = DeflateConfiguration()
        guard let offers = try? ExtensionHeader.parse([request["Sec-WebSocket-Extensions"] ?? ""]),
            let accepted = PerMessageDeflate.accept(offers, configuration: configuration)
        else { return [.close] }
        var engine = WebSocketConfiguration()
        engine.compression = configuration
        return [
            .write(request.switching("Sec-WebSocket-Extensions: \(ExtensionHeader.serialize([accepted.response]))\r\n")),
            .engine(engine, .init(deflate: accepted.parameters), { EchoDelegate() }),
        ]
    }

    @Test("is offered, agreed to and used")
    func agreed() async throws {
        try await ScriptedServer.run(script: Self.accepting) { server in
            let text = String(repeating: "the same again; ", count: 1_000)
            let socket = try await WebSocket.connect(to: server.url, configuration: Self.compressing)
            #expect(socket.isCompressed)
            try await socket.send(text)
            var messages = socket.messages.makeAsyncIterator()
            #expect(try await messages.next() == .text(text))
            await socket.close()
        }
    }

    @Test("a server without it is no obstacle")
    func declined() async throws {
        try await ScriptedServer.run(script: { [.write($0.switching()), .echo] }) { server in
            let socket = try await WebSocket.connect(to: server.url, configuration: Self.compressing)
            #expect(!socket.isCompressed)
            await socket.close()
            #expect(server.requests.first?["Sec-WebSocket-Extensions"]?.contains("permessage-deflate") == true)
        }
    }

    @Test(
        "an answer that RFC 7692 §7.1 does not allow fails",
        arguments: [
            "permessage-deflate; unknown", "permessage-deflate; server_max_window_bits=7", "permessage-deflate; server_max_window_bits",
            "permessage-deflate; server_no_context_takeover; server_no_context_takeover", "permessage-deflate, permessage-deflate",
        ])
    func badAnswer(answer: String) async throws {
        let script: ScriptedServer.Script = { [.write($0.switching("Sec-WebSocket-Extensions: \(answer)\r\n")), .nextRequest] }
        try await ScriptedServer.run(script: script) { server in
            let error = await connectError(to: server.url, Self.compressing)
            guard case .handshake = error as? WebSocketClientError else {
                Issue.record("\(String(describing: error))")
                return
            }
        }
    }
}
