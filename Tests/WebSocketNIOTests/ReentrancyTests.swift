import NIOCore
import NIOEmbedded
import Testing
import WebSocketProtocol
import WebSocketTesting

@testable import WebSocketNIO

@Suite("Whatever a delegate does inside a call")
struct ReentrancyTests {
    @Test("Closing: the messages behind still come, and the Close frame is behind the answers before")
    func closing() throws {
        let delegate = RecordingDelegate { event, socket in
            if case .text(let text) = event { socket.send(text: text) }
            if event == .text("2") { socket.close(code: 4_000) }
        }
        let socket = try EmbeddedSocket(delegate: delegate)
        try socket.receive(.text("1"), .text("2"), .text("3"))
        #expect(try socket.sent() == [.text("1"), .text("2"), .close(4_000)])
        #expect(delegate.takeEvents() == [.text("1"), .text("2"), .text("3")])
    }

    @Test("The channel dies: nothing more is delivered after `closed`")
    func channelDies() throws {
        let delegate = RecordingDelegate()
        let socket = try EmbeddedSocket(delegate: delegate)
        let channel = socket.channel
        delegate.onEvent = { event, connection in
            guard event == .text("2") else { return connection.send(text: "answer") }
            channel.close(promise: nil)
            connection.send(text: "nobody there")
            connection.close()
            connection.ping()
            connection.pauseReading()
        }
        try socket.receive(.text("1"), .text("2"), .text("3"), .ping("x"), .close())
        let events = delegate.takeEvents()
        #expect(events.prefix(2) == [.text("1"), .text("2")])
        #expect(events.count == 3)
        #expect(events.last?.isClosed == true)
        #expect(socket.connection.bufferedBytes == 0)
    }

    @Test("The channel dies while it is given several long messages")
    func channelDiesInAWrite() throws {
        let socket = try EmbeddedSocket(configuration: .quiet { $0.maxBufferedBytes = 8 << 20 })
        try socket.channel.pipeline.syncOperations.addHandler(Saboteur(afterWrites: 2), position: .after(socket.valve))
        for _ in 0..<8 { socket.connection.send(ByteBuffer(repeating: 0, count: 100_000), .binary) }
        socket.loop.run()
        #expect(socket.isClosed)
        #expect(socket.delegate.takeEvents().map(\.isClosed) == [true])
    }

    @Test("Sending in `opened` and in `closed`")
    func openedAndClosed() throws {
        let delegate = RecordingDelegate { event, socket in
            if event == .opened { socket.send(text: "welcome") }
            if event.isClosed {
                socket.send(text: "too late")
                socket.close()
                socket.ping()
                #expect(!socket.isOpen)
            }
        }
        let socket = try EmbeddedSocket(delegate: delegate)
        #expect(try socket.sent() == [.text("welcome")])
        try socket.receive(.close())
        #expect(try socket.sent() == [.close()])
        #expect(socket.isClosed)
    }

    @Test("Closing in `opened`")
    func closingInOpened() throws {
        let delegate = RecordingDelegate { event, socket in
            if event == .opened { socket.close(code: 4_003) }
        }
        #expect(try EmbeddedSocket(delegate: delegate).sent() == [.close(4_003)])
    }

    @Test("Sending to another connection of the same loop, which has sent something itself")
    func sendingToAnother() throws {
        let loop = EmbeddedEventLoop()
        let other = try EmbeddedSocket(on: loop)
        let delegate = RecordingDelegate { event, socket in
            guard case .text(let text) = event else { return }
            socket.send(text: "you said " + text)
            other.connection.send(text: "it said " + text)
        }
        let socket = try EmbeddedSocket(on: loop, delegate: delegate)
        try socket.receive(.text("1"), .text("2"))
        #expect(try socket.sent() == [.text("you said 1"), .text("you said 2")])
        #expect(try other.sent() == [.text("it said 1"), .text("it said 2")])
        #expect(other.writes().count <= 1)
    }

    @Test("A read of another connection within a read: each has its own answers")
    func readWithinARead() throws {
        let loop = EmbeddedEventLoop()
        let inner = try EmbeddedSocket(on: loop, delegate: .echo())
        let delegate = RecordingDelegate { event, socket in
            guard case .text(let text) = event else { return }
            socket.send(text: text)
            try? inner.receive(.text("inner " + text), .ping("inner"))
            socket.send(text: text + "!")
        }
        let outer = try EmbeddedSocket(on: loop, delegate: delegate)
        try outer.receive(.text("1"), .text("2"))
        #expect(try outer.sent() == [.text("1"), .text("1!"), .text("2"), .text("2!")])
        #expect(try inner.sent() == [.text("inner 1"), .pong("inner"), .text("inner 2"), .pong("inner")])
    }

    @Test("Dropping the connection that a delegate sends to, while that one is being read")
    func droppedByAnother() throws {
        let loop = EmbeddedEventLoop()
        let slow = try EmbeddedSocket(configuration: .quiet { $0.maxBufferedBytes = 1_000 }, on: loop)
        slow.valve.shut()
        let delegate = RecordingDelegate { event, _ in
            guard case .text = event else { return }
            slow.connection.send(ByteBuffer(repeating: 0, count: 600), .binary)
        }
        let fast = try EmbeddedSocket(on: loop, delegate: delegate)
        for _ in 0..<5 { try fast.receive(.text("x")) }
        #expect(slow.isClosed)
        #expect(slow.delegate.closeReason?.code == .policyViolation)
        #expect(!fast.isClosed)
    }

    @Test("Opening another connection in a call")
    func openingAnother() throws {
        let loop = EmbeddedEventLoop()
        var others: [EmbeddedSocket] = []
        let delegate = RecordingDelegate { event, _ in
            if case .text = event { others += [try? EmbeddedSocket(on: loop, delegate: .echo())].compactMap { $0 } }
        }
        let socket = try EmbeddedSocket(on: loop, delegate: delegate)
        try socket.receive(.text("1"), .text("2"))
        #expect(others.count == 2)
        for other in others {
            try other.receive(.text("hello"))
            #expect(try other.sent() == [.text("hello")])
        }
    }

    @Test("A delegate that closes many others in `closed`, from the timer")
    func closingOthersFromTheTimer() throws {
        let loop = EmbeddedEventLoop()
        var sockets: [EmbeddedSocket] = []
        let delegates = (0..<40).map { _ in RecordingDelegate() }
        for delegate in delegates {
            delegate.onEvent = { event, _ in
                if event.isClosed { for socket in sockets where !socket.isClosed { socket.channel.close(promise: nil) } }
            }
            sockets.append(
                try EmbeddedSocket(
                    configuration: .quiet { $0.keepalive = Keepalive(interval: .seconds(5), timeout: .seconds(2)) }, on: loop,
                    delegate: delegate))
        }
        loop.advanceTime(by: .seconds(10))
        #expect(sockets.allSatisfy { $0.isClosed })
        #expect(delegates.allSatisfy { $0.takeEvents().count == 1 })
        sockets = []
    }
}

/// Closes the channel in the middle of the engine's writes.
private final class Saboteur: ChannelOutboundHandler {
    typealias OutboundIn = ByteBuffer
    private var writesLeft: Int

    init(afterWrites: Int) {
        writesLeft = afterWrites
    }

    func write(context: ChannelHandlerContext, data: NIOAny, promise: EventLoopPromise<Void>?) {
        writesLeft -= 1
        if writesLeft == 0 { context.channel.close(promise: nil) }
        context.write(data, promise: promise)
    }
}
