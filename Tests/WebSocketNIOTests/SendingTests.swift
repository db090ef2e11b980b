import NIOCore
import NIOEmbedded
import Testing
import WebSocketDeflate
import WebSocketProtocol
import WebSocketTesting

@testable import WebSocketNIO

@Suite("Sending on the event loop: one write, the order of the calls")
struct SendingTests {
    @Test("Answers to all messages of one read leave in one write, at its end", arguments: [WebSocketRole.server, .client])
    func oneWriteForARead(role: WebSocketRole) throws {
        let socket = try EmbeddedSocket(role, delegate: .echo())
        let messages = (0..<50).map { RawFrame.text("message \($0)") }
        try socket.receive(bytes: messages.flatMap { $0.bytes(from: role == .server ? .client : .server) })
        #expect(socket.writes().count == 1)
        #expect(try socket.sent() == messages)
    }

    @Test("Several pieces in one read event are one write too")
    func oneWriteForAReadEvent() throws {
        let socket = try EmbeddedSocket(delegate: .echo())
        for number in 0..<5 { socket.beginReading(.text("\(number)")) }
        #expect(socket.writes() == [])
        socket.endReading()
        #expect(socket.writes() == [15])
    }

    @Test("What is sent outside of a read leaves in one write at the end of the loop's turn")
    func oneWriteForATurn() throws {
        let socket = try EmbeddedSocket()
        for number in 0..<10 { socket.connection.send(text: "\(number)") }
        socket.connection.close()
        #expect(socket.valve.takeWrites() == [])
        #expect(socket.writes() == [34])
    }

    @Test("Pongs, answers and what is sent in between keep the order of the frames that caused them")
    func orderOfReplies() throws {
        let socket = try EmbeddedSocket(delegate: .echo())
        try socket.receive(.text("1"), .ping("2"), .text("3"), .ping("4"), .binary([5]), .ping("6"), .close(.normalClosure))
        #expect(
            try socket.sent() == [.text("1"), .pong("2"), .text("3"), .pong("4"), .binary([5]), .pong("6"), .close(.normalClosure)])
    }

    @Test("The order does not depend on what fits into the loop's staging area")
    func orderOfAllSizes() throws {
        let sizes = [0, 1, 30_000, 125, 126, 40_000, 31_999, 32_768, 5, 30_000, 30_000, 30_000, 65_536, 7]
        let socket = try EmbeddedSocket(configuration: .quiet { $0.limits.maxMessageSize = 1 << 20 }, delegate: .echo())
        let frames = sizes.enumerated().map { RawFrame.binary(Array(repeating: UInt8($0.offset), count: $0.element)) }
        try socket.receive(bytes: frames.flatMap { $0.bytes(from: .client) })
        #expect(try socket.sent() == frames)
    }

    @Test("Every size of header is right", arguments: [0, 1, 125, 126, 65_535, 65_536, 1 << 20, 3 << 20])
    func sizes(size: Int) throws {
        for role in [WebSocketRole.server, .client] {
            let socket = try EmbeddedSocket(role)
            socket.connection.send(ByteBuffer(repeating: 9, count: size), .binary)
            #expect(try socket.sent() == [.binary(Array(repeating: 9, count: size))])
        }
    }

    @Test("A prepared message is the same frame; to a server it is masked")
    func prepared() throws {
        let message = PreparedMessage(text: "to all")
        for role in [WebSocketRole.server, .client] {
            let socket = try EmbeddedSocket(role)
            socket.connection.sendPrepared(message)
            socket.connection.send(text: "to one")
            socket.connection.sendPrepared(PreparedMessage(binary: ByteBuffer(repeating: 1, count: 50_000)))
            #expect(try socket.sent() == [.text("to all"), .text("to one"), .binary(Array(repeating: 1, count: 50_000))])
        }
    }

    @Test("A prepared message can be JSON")
    func preparedJSON() throws {
        let socket = try EmbeddedSocket()
        socket.connection.sendPrepared(try PreparedMessage(json: ["a": 1]))
        #expect(try socket.sent() == [.text(#"{"a":1}"#)])
    }

    // MARK: Fragments

    @Test("Messages wait for the end of one that is sent in fragments; control frames don't (§5.4)")
    func deferred() throws {
        let socket = try EmbeddedSocket()
        socket.connection.sendFragment(ByteBuffer(string: "a"), .text, isFinal: false)
        socket.connection.send(text: "waits")
        socket.connection.ping(ByteBuffer(string: "now"))
        socket.connection.sendPrepared(PreparedMessage(text: "waits too"))
        socket.connection.sendFragment(ByteBuffer(string: "b"), .text, isFinal: false)
        socket.connection.sendFragment(ByteBuffer(string: "c"), .text, isFinal: true)
        socket.connection.send(text: "after")
        #expect(
            try socket.sent() == [
                .text("a").fragment, .ping("now"), .continuation("b").fragment, .continuation("c"), .text("waits"), .text("waits too"),
                .text("after"),
            ])
        #expect(socket.connection.bufferedBytes == 0)
    }

    @Test("Messages that wait for that count as waiting")
    func deferredBytes() throws {
        let socket = try EmbeddedSocket(configuration: .quiet { $0.maxBufferedBytes = 10_000 })
        socket.connection.sendFragment(ByteBuffer(string: "a"), .text, isFinal: false)
        socket.loop.run()
        for _ in 0..<5 { socket.connection.send(ByteBuffer(repeating: 0, count: 1_000), .binary) }
        #expect(socket.connection.bufferedBytes == 5_000)
        for _ in 0..<10 { socket.connection.send(ByteBuffer(repeating: 0, count: 1_000), .binary) }
        #expect(socket.delegate.closeReason?.code == .policyViolation)
    }

    @Test("Closing in the middle of a fragmented message: the Close frame goes, what waits does not")
    func closingWithinFragments() throws {
        let socket = try EmbeddedSocket()
        socket.connection.sendFragment(ByteBuffer(string: "a"), .text, isFinal: false)
        socket.connection.send(text: "waits")
        socket.connection.close()
        socket.connection.sendFragment(ByteBuffer(string: "b"), .text, isFinal: true)
        #expect(try socket.sent() == [.text("a").fragment, .close(.normalClosure)])
        try socket.receive(.close())
        #expect(socket.connection.bufferedBytes == 0)
    }

    // MARK: Compression

    @Test("What is sent compressed, opted out and shared is what the peer inflates", arguments: [true, false])
    func compressed(noContextTakeover: Bool) throws {
        let parameters = DeflateParameters(serverNoContextTakeover: noContextTakeover, clientNoContextTakeover: noContextTakeover)
        let socket = try EmbeddedSocket(deflate: parameters)
        let text = String(repeating: "the same words ", count: 20)
        let connection = socket.connection
        #expect(connection.isCompressed)
        connection.send(text: text)
        connection.sendPrepared(PreparedMessage(text: text + "shared"))
        connection.send(text: text + "again")
        connection.send(ByteBuffer(string: text), .text, compress: false)
        connection.sendFragment(ByteBuffer(string: text), .text, isFinal: false)
        connection.send(text: text + "waits")
        connection.sendPrepared(PreparedMessage(text: text + "shared, waits"))
        connection.send(text: text + "waits behind it")
        connection.sendFragment(ByteBuffer(), .text, isFinal: true)
        let sent = try socket.sent()
        #expect(sent.map { $0.reservedBits != 0 } == [true, true, true, false, false, false, true, true, true])
        let peer = try EmbeddedSocket(.client, deflate: parameters)
        try peer.receive(bytes: sent.flatMap { $0.bytes(from: .server) })
        let expected = ["", "shared", "again", "", "", "waits", "shared, waits", "waits behind it"].map { text + $0 }
        #expect(peer.delegate.takeEvents() == expected.map { .text($0) })
    }
}
