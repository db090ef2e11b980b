import NIOCore
import NIOEmbedded
import Testing
import WebSocketProtocol
import WebSocketTesting

@testable import WebSocketNIO

@Suite("The closing handshake on a channel (RFC 6455 §7)")
struct ClosingTests {
    // MARK: The peer closes

    @Test("A server answers the peer's Close frame and closes the connection first (§7.1.1)")
    func peerClosesServer() throws {
        let socket = try EmbeddedSocket(.server)
        try socket.receive(.close(.normalClosure, "bye"))
        #expect(try socket.sent() == [.close(.normalClosure)])
        #expect(socket.delegate.takeEvents() == [.closed(CloseReason(code: .normalClosure, text: "bye", origin: .peer))])
        #expect(socket.valve.history == ["write", "close"])
    }

    @Test("A client answers and waits for the server to close (§7.1.1)")
    func peerClosesClient() throws {
        let socket = try EmbeddedSocket(.client)
        try socket.receive(.close(.goingAway))
        #expect(try socket.sent() == [.close(.goingAway)])
        #expect(socket.delegate.closeReason?.code == .goingAway)
        #expect(!socket.isClosed)
        socket.endInput()
        #expect(socket.isClosed)
    }

    @Test("A client does not wait for ever for the server to close")
    func serverNeverCloses() throws {
        let socket = try EmbeddedSocket(.client)
        try socket.receive(.close(.goingAway))
        socket.advance(by: .seconds(7))
        #expect(socket.isClosed)
        #expect(socket.delegate.takeEvents().count == 1)
    }

    @Test("Messages before the peer's Close frame are delivered and may be answered, also in one read")
    func messagesBeforeClose() throws {
        let socket = try EmbeddedSocket(delegate: .echo())
        try socket.receive(.text("last words"), .close())
        #expect(try socket.sent() == [.text("last words"), .close()])
        #expect(
            socket.delegate.takeEvents() == [.text("last words"), .closed(CloseReason(code: .noStatusReceived, origin: .peer))])
    }

    @Test("What comes behind the peer's Close frame is not looked at (§5.5.1)")
    func bytesBehindClose() throws {
        let socket = try EmbeddedSocket(.client)
        try socket.receive(.close(), .text("too late"), .ping("too late"))
        try socket.receive(.text("later still"))
        #expect(try socket.sent() == [.close()])
        #expect(socket.delegate.takeEvents().count == 1)
    }

    // MARK: We close

    @Test("Our Close frame, the peer's answer, the end", arguments: [WebSocketRole.server, .client])
    func weClose(role: WebSocketRole) throws {
        let socket = try EmbeddedSocket(role)
        socket.connection.close(code: 4_000, reason: "enough")
        #expect(try socket.sent() == [.close(4_000, "enough")])
        #expect(!socket.connection.isOpen)
        #expect(socket.delegate.takeEvents() == [])
        try socket.receive(.close(4_000))
        #expect(socket.delegate.takeEvents() == [.closed(CloseReason(code: 4_000, text: "enough", origin: .us))])
        #expect(socket.isClosed == (role == .server))
        socket.endInput()
        #expect(socket.isClosed)
        #expect(try socket.sent() == [])
    }

    @Test("Closing is idempotent, and nothing is sent after it")
    func idempotent() throws {
        let socket = try EmbeddedSocket()
        socket.connection.close(code: 4_001)
        socket.connection.close(code: 4_002)
        socket.connection.send(text: "too late")
        socket.connection.sendPrepared(PreparedMessage(text: "too late"))
        socket.connection.sendFragment(ByteBuffer(string: "too late"), .text, isFinal: true)
        socket.connection.ping()
        #expect(try socket.sent() == [.close(4_001)])
        try socket.receive(.close(4_001))
        socket.connection.close()
        socket.connection.send(text: "too late")
        #expect(try socket.sent() == [])
        #expect(socket.delegate.takeEvents().count == 1)
    }

    @Test("Messages that were on their way when we closed are delivered; pings are answered")
    func messagesAfterOurClose() throws {
        let socket = try EmbeddedSocket()
        socket.connection.close()
        try socket.receive(.text("crossed"), .ping("hello"))
        #expect(socket.delegate.takeEvents() == [.text("crossed")])
        #expect(try socket.sent() == [.close(.normalClosure), .pong("hello")])
    }

    @Test("A peer that does not answer our Close frame is dropped after the close timeout (F21)")
    func noAnswer() throws {
        let socket = try EmbeddedSocket()
        socket.connection.close()
        socket.advance(by: .milliseconds(4_900))
        #expect(!socket.isClosed)
        socket.advance(by: .milliseconds(1_200))
        #expect(socket.isClosed)
        #expect(socket.delegate.closeReason?.code == .abnormalClosure)
    }

    @Test("Reads that were held back go on when we close, so that the peer's answer is seen")
    func closingResumesReading() throws {
        let socket = try EmbeddedSocket()
        socket.connection.pauseReading()
        #expect(!socket.isReading)
        socket.connection.close()
        #expect(socket.isReading)
    }

    @Test("What was sent before goes out before the Close frame, however slowly the peer reads")
    func dataBeforeClose() throws {
        let socket = try EmbeddedSocket(configuration: .quiet { $0.maxBufferedBytes = 8 << 20 })
        socket.valve.shut()
        for _ in 0..<5 { socket.connection.send(ByteBuffer(repeating: 7, count: 1 << 20), .binary) }
        socket.connection.close()
        socket.loop.run()
        // A message each 4 s, header and payload: 20 s in all, but never 5 s without progress.
        var frames: [UInt8] = []
        for _ in 0..<12 {
            socket.advance(by: .seconds(4))
            socket.valve.pass(2)
            socket.loop.run()
            frames += socket.valve.takeBytes()
        }
        let opcodes = try RawFrame.read(frames).map(\.opcode)
        #expect(opcodes == Array(repeating: .binary, count: 5) + [.close])
    }

    @Test("A peer that takes nothing of what waits when we close is dropped after the close timeout (F21)")
    func closingToADeafPeer() throws {
        let socket = try EmbeddedSocket()
        socket.valve.shut()
        socket.connection.send(text: "never read")
        socket.connection.close()
        socket.advance(by: .milliseconds(4_500))
        #expect(!socket.isClosed)
        socket.advance(by: .seconds(3))
        #expect(socket.isClosed)
        #expect(socket.delegate.closeReason?.origin == .lost)
    }

    // MARK: The peer breaks a rule

    @Test("First the Close frame with the rule, then the end of output, then the peer's bytes are thrown away (§7.1.7)")
    func violation() throws {
        let socket = try EmbeddedSocket()
        try socket.receive(.text("good"), .text("bad").unmasked, .text("good again"))
        let frames = try socket.sent()
        #expect(frames.count == 1)
        #expect(frames.first?.closeCode == .protocolError)
        #expect(frames.first?.closeText.contains("§5.1") == true)
        #expect(socket.valve.history == ["write", "end of output"])
        let events = socket.delegate.takeEvents()
        #expect(events.first == .text("good"))
        #expect(events.count == 2)
        for _ in 0..<100 { try socket.receive(.text("ignored"), .close(), .ping()) }
        #expect(try socket.sent() == [])
        #expect(socket.delegate.takeEvents() == [])
        #expect(!socket.isClosed)
        socket.endInput()
        #expect(socket.isClosed)
    }

    @Test("A peer that does not end its side after a violation is dropped after the close timeout")
    func violationWithoutEnd() throws {
        let socket = try EmbeddedSocket()
        try socket.receive(.text("bad").unmasked)
        socket.advance(by: .seconds(7))
        #expect(socket.isClosed)
        #expect(socket.delegate.closeReason?.code == .protocolError)
    }

    @Test("A Close frame after a violation goes out behind what the peer has not read yet")
    func violationOfASlowPeer() throws {
        let socket = try EmbeddedSocket()
        socket.valve.shut()
        socket.connection.send(text: "first")
        socket.loop.run()
        try socket.receive(.text("bad").unmasked)
        #expect(!socket.valve.hasHalfClosed)
        socket.valve.open()
        let frames = try socket.sent()
        #expect(frames.map(\.opcode) == [.text, .close])
        #expect(socket.valve.hasHalfClosed)
    }

    @Test("A message left unfinished ends with 1008 after its time (F8, F10)")
    func unfinished() throws {
        let socket = try EmbeddedSocket(configuration: .quiet { $0.limits.unfinishedMessageTimeout = .seconds(3) })
        try socket.receive(.text("begun").fragment)
        socket.advance(by: .seconds(2))
        try socket.receive(.continuation("and").fragment)
        #expect(try socket.sent() == [])
        socket.advance(by: .seconds(3))
        #expect(try socket.sent().first?.closeCode == .policyViolation)
        #expect(socket.valve.hasHalfClosed)
        #expect(socket.delegate.closeReason?.code == .policyViolation)
    }

    @Test("A message is not overdue while we don't read")
    func unfinishedAndHeldBack() throws {
        let socket = try EmbeddedSocket(configuration: .quiet { $0.limits.unfinishedMessageTimeout = .seconds(3) })
        try socket.receive(.text("begun").fragment)
        socket.connection.pauseReading()
        socket.advance(by: .minutes(1))
        #expect(try socket.sent() == [])
        socket.connection.resumeReading()
        try socket.receive(.continuation(" and ended"))
        #expect(socket.delegate.takeEvents() == [.text("begun and ended")])
    }

    // MARK: The connection is lost

    @Test("The end of the peer's bytes without a Close frame is a loss (1006)")
    func endOfInput() throws {
        let socket = try EmbeddedSocket()
        socket.endInput()
        #expect(socket.isClosed)
        #expect(socket.delegate.closeReason?.code == .abnormalClosure)
        #expect(socket.delegate.closeReason?.isClean == false)
    }

    @Test("What waits when the peer ends its side is sent before we close, for as long as the peer takes it")
    func endOfInputWithOutputWaiting() throws {
        let socket = try EmbeddedSocket(delegate: .echo())
        socket.valve.shut()
        try socket.receive(.text("first"))
        try socket.receive(.text("second"))
        socket.endInput()
        #expect(!socket.isClosed)
        socket.advance(by: .seconds(4))
        socket.valve.open()
        #expect(try socket.sent() == [.text("first"), .text("second")])
        #expect(socket.isClosed)
    }

    @Test("What waits is given up when the peer takes nothing")
    func endOfInputOfADeafPeer() throws {
        let socket = try EmbeddedSocket(delegate: .echo())
        socket.valve.shut()
        try socket.receive(.text("first"))
        socket.endInput()
        socket.advance(by: .seconds(7))
        #expect(socket.isClosed)
    }

    @Test("The end of the peer's bytes in the middle of a read: what came with it is answered")
    func endOfInputWithinARead() throws {
        let socket = try EmbeddedSocket(delegate: .echo())
        socket.beginReading(.text("last"))
        socket.endInput()
        #expect(try socket.sent() == [.text("last")])
        #expect(socket.isClosed)
    }

    @Test("An error of the transport is a loss that names it")
    func error() throws {
        let socket = try EmbeddedSocket()
        socket.channel.pipeline.syncOperations.fireErrorCaught(IOError(errnoCode: 104, reason: "read"))
        socket.loop.run()
        #expect(socket.isClosed)
        #expect(socket.delegate.closeReason?.text.contains("read") == true)
    }

    @Test("A write that fails is a loss, not progress")
    func failedWrite() throws {
        let socket = try EmbeddedSocket()
        socket.valve.shut()
        socket.connection.send(text: "one")
        socket.loop.run()
        socket.connection.send(text: "two")
        socket.valve.failure = IOError(errnoCode: 32, reason: "write")
        socket.valve.open()
        socket.loop.run()
        #expect(socket.isClosed)
        #expect(socket.delegate.takeEvents().map(\.isClosed) == [true], "no drained")
    }

    @Test("A write that fails at once is a loss")
    func writeThatFailsAtOnce() throws {
        let socket = try EmbeddedSocket()
        socket.valve.failure = IOError(errnoCode: 32, reason: "write")
        socket.connection.send(text: "one")
        socket.loop.run()
        #expect(socket.isClosed)
        #expect(socket.delegate.closeReason?.text.contains("write") == true)
    }

    @Test("The channel's end is a loss, told once")
    func channelEnds() throws {
        let socket = try EmbeddedSocket()
        socket.channel.close(promise: nil)
        socket.loop.run()
        #expect(socket.delegate.takeEvents().map(\.isClosed) == [true])
        socket.connection.send(text: "nobody there")
        socket.connection.close()
        socket.connection.pauseReading()
        socket.advance(by: .minutes(1))
    }

    @Test("TLS that is cut off after a closing handshake is no loss (H18)")
    func errorAfterHandshake() throws {
        let socket = try EmbeddedSocket(.client)
        try socket.receive(.close(.normalClosure))
        socket.channel.pipeline.syncOperations.fireErrorCaught(IOError(errnoCode: 0, reason: "unclean shutdown"))
        #expect(socket.isClosed)
        #expect(socket.delegate.closeReason == CloseReason(code: .normalClosure, origin: .peer))
    }
}

extension RecordingDelegate.Event {
    var isClosed: Bool {
        if case .closed = self { true } else { false }
    }
}
