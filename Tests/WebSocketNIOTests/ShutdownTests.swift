import NIOCore
import NIOEmbedded
import Testing
import WebSocketProtocol
import WebSocketTesting

@testable import WebSocketNIO

@Suite("Graceful shutdown: sockets leave in paced batches (R5)")
struct ShutdownTests {
    private func quiesce(_ socket: EmbeddedSocket) {
        socket.channel.pipeline.syncOperations.fireUserInboundEventTriggered(ChannelShouldQuiesceEvent())
    }

    @Test("A socket is closed with 1001, or with the code that is configured", arguments: [CloseCode.goingAway, .serviceRestart])
    func code(code: CloseCode) throws {
        let socket = try EmbeddedSocket(configuration: .quiet { $0.shutdownCode = code })
        quiesce(socket)
        let frames = try socket.sent()
        #expect(frames.map(\.closeCode) == [code])
        try socket.receive(.close(code))
        #expect(socket.isClosed)
        #expect(socket.delegate.closeReason?.code == code)
    }

    @Test("500 at once, then 500 more each 100 ms")
    func batches() throws {
        let loop = EmbeddedEventLoop()
        let sockets = try (0..<1_200).map { _ in try EmbeddedSocket(on: loop) }
        for socket in sockets { quiesce(socket) }
        func closing() -> Int { sockets.count { !$0.connection.isOpen } }
        #expect(closing() == 0)
        loop.run()
        #expect(closing() == 500)
        loop.advanceTime(by: .milliseconds(99))
        #expect(closing() == 500)
        loop.advanceTime(by: .milliseconds(1))
        #expect(closing() == 1_000)
        loop.advanceTime(by: .milliseconds(100))
        #expect(closing() == 1_200)
    }

    @Test("With a window, many leave over the whole of it, and a few at once")
    func window() throws {
        let loop = EmbeddedEventLoop()
        let configuration = WebSocketConfiguration.quiet { $0.shutdownWindow = .seconds(2) }
        let sockets = try (0..<2_000).map { _ in try EmbeddedSocket(configuration: configuration, on: loop) }
        for socket in sockets { quiesce(socket) }
        func closing() -> Int { sockets.count { !$0.connection.isOpen } }
        loop.run()
        #expect(closing() == 100)
        loop.advanceTime(by: .seconds(1))
        #expect((1_000...1_200).contains(closing()))
        loop.advanceTime(by: .seconds(1))
        #expect(closing() == 2_000)
        let few = try (0..<50).map { _ in try EmbeddedSocket(configuration: configuration, on: loop) }
        for socket in few { quiesce(socket) }
        loop.run()
        #expect(few.allSatisfy { !$0.connection.isOpen })
    }

    @Test("The delegate is told first: what it sends still leaves, and its code is the one")
    func delegate() throws {
        final class Farewell: WebSocketDelegate {
            func leaving(_ socket: WebSocketConnection) {
                socket.send(text: "goodbye")
                socket.close(code: CloseCode(rawValue: 3_001), reason: "shutdown")
            }
        }
        let farewell = Farewell()
        let socket = try EmbeddedSocket()
        socket.connection.delegate = farewell
        quiesce(socket)
        let frames = try socket.sent()
        #expect(frames.map(\.opcode) == [.text, .close])
        #expect(frames.last?.closeCode == CloseCode(rawValue: 3_001))
    }

    @Test("A socket that closes while it waits for its turn is left alone, and one that is told twice leaves once")
    func others() throws {
        let loop = EmbeddedEventLoop()
        let sockets = try (0..<501).map { _ in try EmbeddedSocket(on: loop) }
        for socket in sockets { quiesce(socket) }
        let last = sockets[500]
        quiesce(last)
        try last.receive(.close(.normalClosure))
        #expect(last.isClosed)
        loop.advanceTime(by: .seconds(1))
        #expect(last.delegate.takeEvents().count == 1)
        #expect(try last.sent() == [.close(.normalClosure)])
    }

    @Test("Messages that were sent before go out before the Close frame, and those of the peer still come")
    func messages() throws {
        let socket = try EmbeddedSocket()
        socket.connection.send(text: "last")
        quiesce(socket)
        try socket.receive(.text("crossed"))
        #expect(try socket.sent().map(\.opcode) == [.text, .close])
        #expect(socket.delegate.takeEvents() == [.text("crossed")])
    }
}
