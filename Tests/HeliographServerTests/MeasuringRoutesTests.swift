import NIOCore
import ServerTestSupport
import Testing
import WebSocketClient
import WebSocketDeflate
import WebSocketNIO
import WebSocketProtocol

@testable import HeliographServer

@Suite("The routes for measuring", .timeLimit(.minutes(1)))
struct MeasuringRoutesTests {
    private static var generous: WebSocketClientConfiguration {
        var configuration = WebSocketClientConfiguration()
        configuration.webSocket.limits = WebSocketLimits(maxMessageSize: 17 << 20, maxFragments: 200_000)
        configuration.webSocket.maxBufferedBytes = 64 << 20
        return configuration
    }

    @Test("/echo sends text back as text and bytes as bytes", arguments: ["/echo", "/demo/echo"])
    func echo(path: String) async throws {
        try await TestServer.run { server in
            let socket = try await server.connect(path)
            var messages = socket.messages.makeAsyncIterator()
            let sent: [WebSocketMessage] = [
                .text(""), .text("grüß dich"), .binary(ByteBuffer()), .binary(ByteBuffer(bytes: [0, 255, 128])),
                .text(String(repeating: "x", count: 60_000)),
            ]
            for message in sent {
                try await socket.send(message)
                #expect(try await messages.next() == message)
            }
            await socket.close()
        }
    }

    @Test("/echo takes messages of 16 MiB and refuses a byte more with 1009")
    func largest() async throws {
        try await TestServer.run { server in
            let socket = try await server.connect("/echo", Self.generous)
            var messages = socket.messages.makeAsyncIterator()
            let largest = ByteBuffer(repeating: 7, count: 16 << 20)
            try await socket.send(largest)
            #expect(try await messages.next() == .binary(largest))
            try? await socket.send(ByteBuffer(repeating: 7, count: (16 << 20) + 1))
            #expect(await socket.waitForClose().code == .messageTooBig)
        }
    }

    @Test("/echo takes messages in 100,000 fragments and refuses one more with 1008")
    func fragments() async throws {
        try await TestServer.run { server in
            let socket = try await server.connect("/echo", Self.generous)
            var messages = socket.messages.makeAsyncIterator()
            let piece = ByteBuffer(bytes: [1])
            // The writer ends the message with a frame of its own.
            try await socket.sendStream(.binary) { writer in
                for _ in 1..<100_000 { try await writer.write(piece) }
            }
            #expect(try await messages.next()?.bytes.readableBytes == 99_999)
            try? await socket.sendStream(.binary) { writer in
                for _ in 1...100_001 { try await writer.write(piece) }
            }
            #expect(await socket.waitForClose().code == .policyViolation)
        }
    }

    @Test("/echo compresses for who offers it, /demo/echo for nobody", arguments: [("/echo", true), ("/demo/echo", false)])
    func compression(path: String, isCompressed: Bool) async throws {
        try await TestServer.run { server in
            var configuration = WebSocketClientConfiguration()
            configuration.webSocket.compression = DeflateConfiguration()
            let socket = try await server.connect(path, configuration)
            #expect(socket.isCompressed == isCompressed)
            var messages = socket.messages.makeAsyncIterator()
            try await socket.send(String(repeating: "again ", count: 1_000))
            #expect(try await messages.next() == .text(String(repeating: "again ", count: 1_000)))
        }
    }

    @Test("/broadcast sends to all, the sender included, in one order")
    func broadcast() async throws {
        try await TestServer.run { server in
            var sockets: [WebSocket] = []
            for _ in 1...3 { sockets.append(try await server.connect("/broadcast")) }
            // A socket is in the group when it is open for the server: its own message coming back proves that.
            var iterators = sockets.map { $0.messages.makeAsyncIterator() }
            for (index, socket) in sockets.enumerated() {
                try await socket.send("hello \(index)")
                while try await iterators[index].next() != .text("hello \(index)") {}
            }
            try await sockets[0].send(ByteBuffer(bytes: [1, 2, 3]))
            try await sockets[0].send("last")
            for index in iterators.indices {
                while true {
                    guard let message = try await iterators[index].next() else { throw Unexpected("closed") }
                    if message == .binary(ByteBuffer(bytes: [1, 2, 3])) { break }
                }
                #expect(try await iterators[index].next() == .text("last"))
            }
        }
    }
}
