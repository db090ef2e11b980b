// The client against the library's own server: routes of a Hummingbird router.

import Hummingbird
import HummingbirdCore
import HummingbirdTLS
import HummingbirdTesting
import NIOCore
import NIOSSL
import ServerTestSupport
import Testing
import WebSocketClient
import WebSocketDeflate
import WebSocketHummingbird
import WebSocketNIO
import WebSocketProtocol

@Suite("With our own server")
struct HummingbirdTests {
    static func app(_ server: HTTPServerBuilder = .webSockets()) -> some ApplicationProtocol {
        let router = Router()
        var configuration = WebSocketConfiguration()
        configuration.compression = DeflateConfiguration()
        configuration.subprotocols = ["v1", "v2"]
        router.webSocket("echo/{name}", configuration: configuration) { socket, context in
            try await socket.send("hello \(context.parameters.get("name") ?? "")")
            for try await message in socket.messages { try await socket.send(message) }
        }
        router.webSocket(
            "closed",
            shouldUpgrade: { _, _ in throw HTTPError(.unauthorized, message: "who are you?") },
            onUpgrade: { _, _ in }
        )
        router.webSocket("code/{code}") { socket, context in
            await socket.close(code: CloseCode(rawValue: context.parameters.get("code", as: UInt16.self) ?? 1000), reason: "as asked")
        }
        return Application(router: router, server: server, configuration: .init(address: .hostname("127.0.0.1", port: 0)))
    }

    @Test("plain: parameters, subprotocol, messages of every length", arguments: [false, true])
    func plain(isCompressed: Bool) async throws {
        try await Self.app().test(.live) { client in
            var configuration = WebSocketClientConfiguration(subprotocols: ["v2", "v1"])
            configuration.webSocket.compression = isCompressed ? DeflateConfiguration() : nil
            let socket = try await WebSocket.connect(
                to: "ws://127.0.0.1:\(try #require(client.port))/echo/you?x=1", configuration: configuration)
            #expect(socket.isCompressed == isCompressed)
            #expect(socket.subprotocol == "v1")
            var messages = socket.messages.makeAsyncIterator()
            #expect(try await messages.next() == .text("hello you"))
            for length in [0, 1, 125, 126, 65_535, 65_536] {
                let message = WebSocketMessage.binary(ByteBuffer(bytes: (0..<length).map { UInt8(truncatingIfNeeded: $0 &* 31) }))
                try await socket.send(message)
                #expect(try await messages.next() == message)
            }
            #expect(try await socket.ping() > .zero)
            await socket.close()
            #expect(socket.closeReason?.code == .normalClosure)
        }
    }

    @Test("TLS")
    func secure() async throws {
        let server = try HTTPServerBuilder.tls(.webSockets(), tlsConfiguration: TestCertificate.names.server())
        try await Self.app(server).test(.live) { client in
            let configuration = WebSocketClientConfiguration(tls: try TestCertificate.names.trustingClient())
            try await expectText("hello you", from: "wss://localhost:\(try #require(client.port))/echo/you", configuration)
        }
    }

    @Test("a refusal before the upgrade is told with its status and body")
    func refused() async throws {
        try await Self.app().test(.live) { client in
            let error = await connectError(to: "ws://127.0.0.1:\(try #require(client.port))/closed")
            guard case .refused(let refusal) = error as? WebSocketClientError else {
                Issue.record("\(String(describing: error))")
                return
            }
            #expect(refusal.response.status == .unauthorized)
            #expect(refusal.body.text.contains("who are you?"))
        }
    }

    @Test("a route that is not there is a 404")
    func notFound() async throws {
        try await Self.app().test(.live) { client in
            guard
                case .refused(let refusal) = await connectError(to: "ws://127.0.0.1:\(try #require(client.port))/nothing")
                    as? WebSocketClientError
            else {
                Issue.record("connected")
                return
            }
            #expect(refusal.response.status == .notFound)
        }
    }

    @Test("the close code and text of the server arrive", arguments: [1000, 1001, 1008, 1011, 1012, 1013, 3000, 4999])
    func close(code: UInt16) async throws {
        try await Self.app().test(.live) { client in
            let socket = try await WebSocket.connect(to: "ws://127.0.0.1:\(try #require(client.port))/code/\(code)")
            for try await _ in socket.messages {}
            #expect(await socket.waitForClose() == CloseReason(code: CloseCode(rawValue: code), text: "as asked", origin: .peer))
        }
    }

    @Test("a hundred connections at once")
    func many() async throws {
        try await Self.app().test(.live) { client in
            let port = try #require(client.port)
            try await withThrowingTaskGroup(of: Void.self) { tasks in
                for number in 0..<100 {
                    tasks.addTask { try await expectText("hello \(number)", from: "ws://127.0.0.1:\(port)/echo/\(number)") }
                }
                try await tasks.waitForAll()
            }
        }
    }
}
