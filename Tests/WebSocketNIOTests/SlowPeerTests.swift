import NIOCore
import NIOEmbedded
import Testing
import WebSocketProtocol
import WebSocketTesting

@testable import WebSocketNIO

@Suite("A peer that reads slowly, or not at all (A14, F11)")
struct SlowPeerTests {
    private func blocked(_ configuration: WebSocketConfiguration = .quiet, delegate: RecordingDelegate = RecordingDelegate()) throws
        -> EmbeddedSocket
    {
        let socket = try EmbeddedSocket(configuration: configuration, delegate: delegate)
        socket.valve.shut()
        socket.connection.send(text: "in flight")
        socket.loop.run()
        return socket
    }

    // MARK: The queue

    @Test("What is sent while bytes are in flight leaves in one write, in order")
    func coalescing() throws {
        let socket = try blocked()
        _ = socket.writes()
        for number in 0..<100 { socket.connection.send(text: "\(number)") }
        #expect(!socket.connection.isWritable)
        socket.valve.open()
        #expect(socket.writes() == [2 * 100 + 190])
        #expect(try socket.sent().dropFirst().map { String(decoding: $0.payload, as: UTF8.self) } == (0..<100).map { "\($0)" })
        #expect(socket.connection.isWritable)
    }

    @Test("The delegate is told once when all has left, and not when nothing ever waited")
    func drained() throws {
        let socket = try EmbeddedSocket()
        socket.connection.send(text: "at once")
        socket.loop.run()
        #expect(socket.delegate.takeEvents() == [])
        socket.valve.shut()
        socket.connection.send(text: "waits")
        socket.loop.run()
        socket.connection.send(text: "waits too")
        socket.loop.run()
        #expect(socket.connection.bufferedBytes == 18)
        socket.valve.open()
        socket.loop.run()
        #expect(socket.delegate.takeEvents() == [.drained])
        #expect(socket.connection.bufferedBytes == 0)
    }

    @Test("Long and short messages keep their order")
    func longAndShort() throws {
        let socket = try blocked(.quiet { $0.maxBufferedBytes = 16 << 20 })
        let sizes = [10, 40_000, 20, 3_000_000, 30, 31_000, 33_000, 5, 1_500_000]
        for (index, size) in sizes.enumerated() { socket.connection.send(ByteBuffer(repeating: UInt8(index), count: size), .binary) }
        socket.valve.open()
        let frames = try socket.sent().dropFirst()
        #expect(frames.map(\.payload.count) == sizes)
        #expect(frames.enumerated().allSatisfy { $0.element.payload.allSatisfy { [offset = $0.offset] byte in byte == UInt8(offset) } })
    }

    @Test("What is sent in `drained` leaves as well")
    func sendingInDrained() throws {
        let delegate = RecordingDelegate { event, socket in
            if event == .drained { socket.send(text: "more") }
        }
        let socket = try blocked(delegate: delegate)
        socket.valve.open()
        #expect(try socket.sent() == [.text("in flight"), .text("more")])
    }

    // MARK: The cap

    @Test("Over the cap the connection is dropped with 1008; the message that meets it is not sent")
    func cap() throws {
        let socket = try blocked(.quiet { $0.maxBufferedBytes = 10_000 })
        for _ in 0..<12 { socket.connection.send(ByteBuffer(repeating: 0, count: 1_000), .binary) }
        #expect(socket.isClosed)
        #expect(
            socket.delegate.takeEvents() == [
                .closed(
                    CloseReason(
                        code: .policyViolation, text: "over 10000 bytes wait for the peer to read them", origin: .us))
            ])
        #expect(socket.connection.bufferedBytes == 0)
    }

    @Test("Just under the cap it is not")
    func underTheCap() throws {
        let socket = try blocked(.quiet { $0.maxBufferedBytes = 10_000 })
        for _ in 0..<9 { socket.connection.send(ByteBuffer(repeating: 0, count: 1_000), .binary) }
        #expect(socket.connection.isOpen)
        socket.valve.open()
        #expect(try socket.sent().count == 10)
    }

    @Test("Bytes that nobody tried to send yet don't count: a peer that reads may be sent any number in one turn")
    func manyInOneTurn() throws {
        let socket = try EmbeddedSocket(configuration: .quiet { $0.maxBufferedBytes = 10_000 })
        for _ in 0..<100 { socket.connection.send(ByteBuffer(repeating: 0, count: 1_000), .binary) }
        #expect(try socket.sent().count == 100)
        #expect(socket.connection.isOpen)
    }

    @Test("The same within a read")
    func manyInOneRead() throws {
        let delegate = RecordingDelegate { event, socket in
            if case .text = event { for _ in 0..<100 { socket.send(ByteBuffer(repeating: 0, count: 1_000), .binary) } }
        }
        let socket = try EmbeddedSocket(configuration: .quiet { $0.maxBufferedBytes = 10_000 }, delegate: delegate)
        try socket.receive(.text("everything, please"))
        #expect(try socket.sent().count == 100)
        #expect(socket.connection.isOpen)
    }

    @Test("One message longer than the cap does not shut out the next")
    func longMessage() throws {
        let socket = try blocked(.quiet { $0.maxBufferedBytes = 10_000 })
        socket.connection.send(ByteBuffer(repeating: 0, count: 1_000_000), .binary)
        socket.connection.send(text: "behind it")
        socket.loop.run()
        #expect(socket.connection.isOpen)
        for _ in 0..<12 { socket.connection.send(ByteBuffer(repeating: 0, count: 1_000), .binary) }
        #expect(!socket.connection.isOpen)
    }

    // MARK: The deadline

    @Test("A peer that takes nothing for the write timeout is lost")
    func deadline() throws {
        let socket = try blocked(.quiet { $0.writeTimeout = .seconds(10) })
        socket.advance(by: .seconds(9))
        #expect(!socket.isClosed)
        socket.advance(by: .seconds(3))
        #expect(socket.isClosed)
        #expect(socket.delegate.closeReason?.origin == .lost)
    }

    @Test("A peer that takes a little now and then is not")
    func progress() throws {
        let socket = try blocked(.quiet { $0.writeTimeout = .seconds(10) })
        for _ in 0..<10 {
            socket.connection.send(text: "more")
            socket.advance(by: .seconds(8))
            socket.valve.pass(1)
        }
        #expect(!socket.isClosed)
    }

    @Test("Nothing in flight, no deadline")
    func noDeadline() throws {
        let socket = try EmbeddedSocket(configuration: .quiet { $0.writeTimeout = .seconds(1) })
        socket.connection.send(text: "read at once")
        socket.advance(by: .minutes(10))
        #expect(!socket.isClosed)
    }

    // MARK: Pings

    @Test("While output is blocked, pings are answered with the last one only (§5.5.3)")
    func pings() throws {
        let socket = try blocked()
        for number in 0..<40 { try socket.receive(.ping("\(number)")) }
        #expect(socket.connection.bufferedBytes == 11)
        socket.valve.open()
        #expect(try socket.sent() == [.text("in flight"), .pong("39")])
        try socket.receive(.close())
        #expect(try socket.sent() == [.close()])
    }

    @Test("A flood of pings ends with 1008 (F11)")
    func pingFlood() throws {
        let socket = try blocked()
        for _ in 0..<200 { try socket.receive(.ping("x")) }
        #expect(socket.delegate.closeReason?.code == .policyViolation)
        socket.valve.open()
        #expect(try socket.sent().map(\.opcode) == [.text, .close])
    }

    // MARK: Reads

    @Test("Reads stop from half of the cap on, and go on below a quarter")
    func readsHeldBack() throws {
        let socket = try blocked(.quiet { $0.maxBufferedBytes = 100_000 }, delegate: .echo())
        try socket.receive(.binary(Array(repeating: 1, count: 40_000)))
        #expect(socket.isReading)
        try socket.receive(.binary(Array(repeating: 2, count: 40_000)))
        #expect(!socket.isReading)
        socket.valve.pass(1)
        socket.loop.run()
        #expect(!socket.isReading, "there are two long ones in flight now")
        socket.valve.open()
        socket.loop.run()
        #expect(socket.isReading)
    }

    @Test("Reads go on even if the rest of the output leaves at once")
    func readsReleased() throws {
        let socket = try blocked(.quiet { $0.maxBufferedBytes = 10_000 })
        socket.connection.send(ByteBuffer(repeating: 0, count: 8_000), .binary)
        socket.loop.run()
        #expect(!socket.isReading)
        // The first write is done while 8,000 bytes, more than a quarter, still wait.
        socket.valve.open()
        socket.loop.run()
        #expect(socket.isReading)
        #expect(socket.delegate.takeEvents() == [.drained])
    }

    @Test("A client reads on, lest both ends wait for the other to read")
    func clientsReadOn() throws {
        let socket = try EmbeddedSocket(.client, configuration: .quiet { $0.maxBufferedBytes = 10_000 })
        socket.valve.shut()
        socket.connection.send(ByteBuffer(repeating: 0, count: 9_000), .binary)
        socket.loop.run()
        #expect(socket.isReading)
    }

    @Test("The application's pause and ours don't undo each other")
    func twoPauses() throws {
        let socket = try blocked(.quiet { $0.maxBufferedBytes = 10_000 })
        socket.connection.send(ByteBuffer(repeating: 0, count: 8_000), .binary)
        socket.loop.run()
        socket.connection.pauseReading()
        socket.valve.open()
        socket.loop.run()
        #expect(!socket.isReading)
        socket.connection.resumeReading()
        #expect(socket.isReading)
    }

    @Test("A peer that breaks a rule while its reads are held is read on, to see its end")
    func readsGoOnAtTheEnd() throws {
        let socket = try blocked(.quiet { $0.maxBufferedBytes = 10_000 })
        socket.connection.send(ByteBuffer(repeating: 0, count: 8_000), .binary)
        socket.loop.run()
        try socket.receive(.text("bad").unmasked)
        #expect(socket.isReading)
    }
}
