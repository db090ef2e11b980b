import NIOCore
import NIOEmbedded
import Testing
import WebSocketProtocol
import WebSocketTesting

@testable import WebSocketNIO

@Suite("Keepalive: a quiet peer is pinged, a dead one found")
struct KeepaliveTests {
    private static var everyTenSeconds: WebSocketConfiguration {
        .quiet { $0.keepalive = Keepalive(interval: .seconds(10), timeout: .seconds(4)) }
    }

    /// Seconds until the first Ping.
    private func firstPing(of socket: EmbeddedSocket, within seconds: Int) throws -> Int? {
        for second in 1...seconds {
            socket.advance(by: .seconds(1))
            if try socket.sent() == [.ping()] { return second }
        }
        return nil
    }

    @Test("The first Ping comes at a random point of the interval")
    func phase() throws {
        let phases = try (0..<40).map { _ in
            try #require(try firstPing(of: EmbeddedSocket(configuration: Self.everyTenSeconds), within: 11))
        }
        #expect(Set(phases).count > 3)
    }

    @Test("A peer that answers is pinged again, an interval later")
    func interval() throws {
        let socket = try EmbeddedSocket(configuration: Self.everyTenSeconds)
        _ = try #require(try firstPing(of: socket, within: 11))
        for _ in 0..<3 {
            try socket.receive(.pong())
            let seconds = try #require(try firstPing(of: socket, within: 11))
            #expect(9...11 ~= seconds)
        }
        #expect(!socket.isClosed)
    }

    @Test("A peer that sends nothing after a Ping is dead when the timeout is over, and not before")
    func death() throws {
        let socket = try EmbeddedSocket(configuration: Self.everyTenSeconds)
        _ = try #require(try firstPing(of: socket, within: 11))
        socket.advance(by: .milliseconds(2_700))
        #expect(!socket.isClosed)
        socket.advance(by: .milliseconds(2_400))
        #expect(socket.isClosed)
        #expect(socket.delegate.closeReason?.code == .abnormalClosure)
        #expect(socket.delegate.closeReason?.text.contains("Ping") == true)
        #expect(try socket.sent() == [])
    }

    @Test("Any byte is a sign of life", arguments: [RawFrame.text("x"), .pong("unasked"), .ping("me too")])
    func life(frame: RawFrame) throws {
        let socket = try EmbeddedSocket(configuration: Self.everyTenSeconds)
        _ = try #require(try firstPing(of: socket, within: 11))
        try socket.receive(frame)
        socket.advance(by: .seconds(7))
        #expect(!socket.isClosed)
    }

    @Test("A peer that is heard of all the time is not pinged")
    func busy() throws {
        let socket = try EmbeddedSocket(configuration: Self.everyTenSeconds)
        for _ in 0..<60 {
            try socket.receive(.text("busy"))
            socket.advance(by: .milliseconds(500))
            #expect(try socket.sent() == [])
        }
    }

    @Test("Without keepalive a silent socket stays open, and is sent nothing")
    func off() throws {
        let socket = try EmbeddedSocket()
        socket.advance(by: .hours(3))
        #expect(try socket.sent() == [])
        #expect(!socket.isClosed)
    }

    @Test("A peer whose bytes we don't read is not dead, however long that lasts")
    func heldBack() throws {
        let socket = try EmbeddedSocket(configuration: Self.everyTenSeconds)
        socket.connection.pauseReading()
        socket.advance(by: .minutes(5))
        #expect(!socket.isClosed)
        #expect(try socket.sent().contains(.ping()), "the kernel finds out if the peer is gone")
        socket.connection.resumeReading()
        try socket.receive(.text("still here"))
        socket.advance(by: .seconds(5))
        #expect(!socket.isClosed)
    }

    @Test("A peer that is silent when we read again is dead")
    func resumedAndSilent() throws {
        let socket = try EmbeddedSocket(configuration: Self.everyTenSeconds)
        socket.connection.pauseReading()
        socket.advance(by: .minutes(1))
        socket.connection.resumeReading()
        socket.advance(by: .seconds(16))
        #expect(socket.isClosed)
    }

    @Test("A closing socket is not pinged")
    func closing() throws {
        let socket = try EmbeddedSocket(configuration: .quiet { $0.keepalive = Keepalive(interval: .seconds(1), timeout: .seconds(1)) })
        socket.connection.close()
        socket.advance(by: .milliseconds(3_900))
        #expect(try socket.sent() == [.close(.normalClosure)])
    }

    @Test("An application's own Ping is told of when it is answered")
    func ownPing() throws {
        let socket = try EmbeddedSocket()
        socket.connection.ping(ByteBuffer(string: "mine"))
        #expect(try socket.sent() == [.ping("mine")])
        try socket.receive(.pong("mine"))
        #expect(socket.delegate.takeEvents() == [.pong("mine")])
    }
}
