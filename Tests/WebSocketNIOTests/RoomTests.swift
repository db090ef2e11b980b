import NIOCore
import NIOEmbedded
import Testing
import WebSocketDeflate
import WebSocketProtocol
import WebSocketTesting

@testable import WebSocketNIO

@Suite("Rooms, on one event loop")
struct RoomTests {
    private let loop = EmbeddedEventLoop()

    private func member(
        of rooms: Room..., role: WebSocketRole = .server, configuration: WebSocketConfiguration = .quiet,
        deflate: DeflateParameters? = nil, delegate: RecordingDelegate = RecordingDelegate()
    ) throws -> EmbeddedSocket {
        let socket = try EmbeddedSocket(role, configuration: configuration, deflate: deflate, on: loop, delegate: delegate)
        for room in rooms { room.join(socket.connection) }
        return socket
    }

    // MARK: Members

    @Test("Members come by joining, and go by leaving and by closing")
    func count() throws {
        let room = Room()
        let (one, two) = (try member(of: room), try member(of: room))
        #expect(room.count == 2)
        room.join(one.connection)
        room.join(one.connection.webSocket)
        #expect(room.count == 2, "who is in the room stays once in it")
        room.leave(one.connection)
        room.leave(one.connection)
        #expect(room.count == 1)
        try two.receive(.close())
        #expect(room.count == 0)
        room.join(two.connection)
        #expect(room.count == 0, "a closed socket can't join")
    }

    @Test("A closing socket can't join, and is sent nothing")
    func closing() throws {
        let room = Room()
        let (outside, inside) = (try member(), try member(of: room))
        outside.connection.close()
        inside.connection.close()
        room.join(outside.connection)
        room.broadcast(text: "too late")
        #expect(room.count == 1)
        #expect(try outside.sent() == [.close(.normalClosure)])
        #expect(try inside.sent() == [.close(.normalClosure)])
    }

    @Test("Everyone in the room gets the message, nobody else, one write each")
    func broadcast() throws {
        let room = Room()
        let members = try (0..<5).map { _ in try member(of: room) }
        let stranger = try member(of: Room())
        room.broadcast(text: "1")
        room.broadcast(ByteBuffer(bytes: [2]), .binary)
        room.broadcast(.text("3"))
        for member in members {
            #expect(member.writes() == [9])
            #expect(try member.sent() == [.text("1"), .binary([2]), .text("3")])
        }
        #expect(try stranger.sent() == [])
    }

    @Test("Who joins gets what comes after, who leaves gets what came before")
    func joiningAndLeavingInATurn() throws {
        let room = Room()
        let leaver = try member(of: room), joiner = try member()
        room.broadcast(text: "1")
        room.leave(leaver.connection)
        room.join(joiner.connection)
        room.broadcast(text: "2")
        #expect(try leaver.sent() == [.text("1")])
        #expect(try joiner.sent() == [.text("2")])
        room.broadcast(text: "3")
        #expect(try leaver.sent() == [])
        #expect(try joiner.sent() == [.text("3")])
    }

    @Test("A WebSocket that joins on its loop gets the very next message")
    func joiningByTheHandle() throws {
        let room = Room()
        let socket = try member()
        room.join(socket.connection.webSocket)
        room.broadcast(text: "1")
        room.leave(socket.connection.webSocket)
        room.broadcast(text: "2")
        #expect(try socket.sent() == [.text("1")])
    }

    @Test("A member of two rooms gets the messages of both, each room's in order")
    func twoRooms() throws {
        let (red, blue) = (Room(), Room())
        let socket = try member(of: red, blue)
        red.broadcast(text: "red 1")
        blue.broadcast(text: "blue 1")
        red.broadcast(text: "red 2")
        let texts = try socket.sent().map { String(decoding: $0.payload, as: UTF8.self) }
        #expect(texts.filter { $0.hasPrefix("red") } == ["red 1", "red 2"])
        #expect(texts.count == 3)
        try socket.receive(.close())
        #expect(red.count + blue.count == 0)
    }

    @Test("A room that the application lets go of while it has members ends nothing")
    func roomIsGone() throws {
        var room: Room? = Room()
        weak let weakRoom = room
        let socket = try member()
        room?.join(socket.connection)
        room?.broadcast(text: "1")
        room = nil
        #expect(weakRoom == nil)
        #expect(try socket.sent() == [.text("1")])
        socket.connection.send(text: "2")
        #expect(try socket.sent() == [.text("2")])
        try socket.receive(.close())
    }

    // MARK: Order

    @Test("A member's own sends keep their place among the broadcasts")
    func order() throws {
        let room = Room()
        let (one, two) = (try member(of: room), try member(of: room))
        room.broadcast(text: "all 1")
        one.connection.send(text: "one 1")
        room.broadcast(text: "all 2")
        one.connection.sendPrepared(PreparedMessage(text: "one 2"))
        room.broadcast(text: "all 3")
        one.connection.close()
        room.broadcast(text: "all 4")
        #expect(
            try one.sent() == [
                .text("all 1"), .text("one 1"), .text("all 2"), .text("one 2"), .text("all 3"), .close(.normalClosure),
            ])
        #expect(try two.sent() == (1...4).map { .text("all \($0)") })
    }

    @Test("The same when the member has said something before in the read")
    func orderInARead() throws {
        let room = Room()
        let delegate = RecordingDelegate { event, socket in
            guard case .text(let text) = event else { return }
            socket.send(text: text + " a")
            room.broadcast(text: text + " to all")
            socket.send(text: text + " b")
        }
        let (speaker, listener) = (try member(of: room, delegate: delegate), try member(of: room))
        try speaker.receive(.text("1"), .text("2"))
        #expect(
            try speaker.sent() == [
                .text("1 a"), .text("1 to all"), .text("1 b"), .text("2 a"), .text("2 to all"), .text("2 b"),
            ])
        #expect(try listener.sent() == [.text("1 to all"), .text("2 to all")])
    }

    @Test("The same when the peer is slow")
    func orderOfASlowMember() throws {
        let room = Room()
        let socket = try member(of: room)
        socket.valve.shut()
        for number in 0..<4 {
            socket.connection.send(text: "own \(number)")
            room.broadcast(text: "all \(number)")
            loop.run()
        }
        room.broadcast(ByteBuffer(repeating: 0, count: 100_000), .binary)
        socket.valve.open()
        let frames = try socket.sent()
        #expect(frames.dropLast() == (0..<4).flatMap { [.text("own \($0)"), .text("all \($0)")] }[...])
        #expect(frames.last?.payload.count == 100_000)
    }

    @Test("Broadcasts wait for the end of a message that is sent in fragments")
    func fragments() throws {
        let room = Room()
        let socket = try member(of: room)
        socket.connection.sendFragment(ByteBuffer(string: "a"), .text, isFinal: false)
        room.broadcast(text: "all 1")
        loop.run()
        socket.connection.send(text: "own")
        room.broadcast(text: "all 2")
        socket.connection.sendFragment(ByteBuffer(string: "b"), .text, isFinal: true)
        room.broadcast(text: "all 3")
        #expect(
            try socket.sent() == [.text("a").fragment, .continuation("b"), .text("all 1"), .text("own"), .text("all 2"), .text("all 3")])
    }

    @Test("Who broadcasts in a callback of a delivery is heard by all, once")
    func broadcastDuringDelivery() throws {
        let room = Room(maxBufferedBytes: 1_000, slowReaders: .disconnect(.policyViolation))
        let delegate = RecordingDelegate { event, _ in
            if event.isClosed { room.broadcast(text: "it left") }
        }
        var members: [EmbeddedSocket] = []
        members.append(try member(of: room))
        let slow = try member(of: room, delegate: delegate)
        members.append(try member(of: room))
        slow.valve.shut()
        slow.connection.send(ByteBuffer(repeating: 0, count: 2_000), .binary)
        loop.run()
        room.broadcast(text: "hello")
        loop.run()
        #expect(slow.isClosed)
        for member in members { #expect(try member.sent() == [.text("hello"), .text("it left")]) }
        room.broadcast(text: "next")
        for member in members { #expect(try member.sent() == [.text("next")]) }
    }

    @Test("Members who leave and join in each other's callbacks")
    func churnDuringDelivery() throws {
        let room = Room(maxBufferedBytes: 1_000, slowReaders: .disconnect(.policyViolation))
        var members: [EmbeddedSocket] = []
        let leaving = RecordingDelegate { event, _ in
            guard event.isClosed else { return }
            for member in members.prefix(3) { room.leave(member.connection) }
            for member in members.suffix(2) { room.join(member.connection) }
        }
        for _ in 0..<5 { members.append(try member(of: room)) }
        let slow = try member(of: room, delegate: leaving)
        for _ in 0..<5 { members.append(try member(of: room)) }
        for _ in 0..<2 { members.append(try member()) }
        slow.valve.shut()
        slow.connection.send(ByteBuffer(repeating: 0, count: 2_000), .binary)
        loop.run()
        room.broadcast(text: "hello")
        loop.run()
        // All that were members when it was sent have it exactly once; those that joined during the delivery may not.
        for member in members.dropLast(2) { #expect(try member.sent() == [.text("hello")]) }
        for member in members.suffix(2) { #expect(try member.sent() == []) }
        #expect(room.count == 9)
    }

    // MARK: Slow readers

    private func slowMember(of room: Room) throws -> EmbeddedSocket {
        let socket = try member(of: room)
        socket.valve.shut()
        room.broadcast(ByteBuffer(repeating: 0, count: 2_000), .binary)
        loop.run()
        #expect(socket.connection.bufferedBytes > 2_000)
        return socket
    }

    @Test("disconnect: the slow one is dropped with the code, the others notice nothing")
    func disconnect() throws {
        let room = Room(maxBufferedBytes: 1_000, slowReaders: .disconnect(.tryAgainLater))
        let other = try member(of: room)
        let slow = try slowMember(of: room)
        room.broadcast(text: "next")
        loop.run()
        #expect(slow.isClosed)
        #expect(slow.delegate.closeReason?.code == .tryAgainLater)
        #expect(room.count == 1)
        #expect(try other.sent().count == 2)
    }

    @Test("skip: what does not fit is left out, what comes later is not")
    func skip() throws {
        let room = Room(maxBufferedBytes: 1_000, slowReaders: .skip)
        let slow = try slowMember(of: room)
        for number in 0..<10 {
            room.broadcast(text: "skipped \(number)")
            loop.run()
        }
        slow.valve.open()
        loop.run()
        room.broadcast(text: "seen")
        #expect(try slow.sent().dropFirst() == [.text("seen")])
    }

    @Test("keepLatest: the newest of what was left out comes when the member has caught up")
    func keepLatest() throws {
        let room = Room(maxBufferedBytes: 1_000, slowReaders: .keepLatest)
        let slow = try slowMember(of: room)
        for number in 0..<10 {
            room.broadcast(text: "price \(number)")
            room.broadcast(text: "price \(number) and a half")
            loop.run()
        }
        slow.valve.open()
        loop.run()
        room.broadcast(text: "price 10")
        #expect(try slow.sent().dropFirst() == [.text("price 9 and a half"), .text("price 10")])
    }

    @Test("keepLatest: a newer message that got through is not followed by an older one")
    func keepLatestIsLatest() throws {
        let room = Room(maxBufferedBytes: 1_000, slowReaders: .keepLatest)
        let slow = try slowMember(of: room)
        room.broadcast(text: "old")
        loop.run()
        // Half of what waits goes: below the cap, but it has not caught up.
        slow.connection.send(text: "own")
        slow.valve.pass(2)
        slow.valve.shut()
        loop.run()
        room.broadcast(text: "new")
        loop.run()
        slow.valve.open()
        loop.run()
        let texts = try slow.sent().map { String(decoding: $0.payload, as: UTF8.self) }
        #expect(texts.last == "new")
    }

    @Test("keepLatest: behind a message in fragments the newest comes too")
    func keepLatestBehindFragments() throws {
        let room = Room(maxBufferedBytes: 1_000, slowReaders: .keepLatest)
        let socket = try member(of: room)
        socket.connection.sendFragment(ByteBuffer(string: "a"), .text, isFinal: false)
        room.broadcast(ByteBuffer(repeating: 0, count: 2_000), .binary)
        loop.run()
        for number in 0..<3 {
            room.broadcast(text: "price \(number)")
            loop.run()
        }
        socket.connection.sendFragment(ByteBuffer(), .text, isFinal: true)
        #expect(try socket.sent().dropFirst(3) == [.text("price 2")])
    }

    @Test("Nobody is slow for what was sent in this very turn")
    func manyInOneTurn() throws {
        for policy in [SlowReaderPolicy.disconnect(.policyViolation), .skip, .keepLatest] {
            let room = Room(maxBufferedBytes: 1_000, slowReaders: policy)
            let socket = try member(of: room)
            for _ in 0..<10 {
                room.broadcast(ByteBuffer(repeating: 0, count: 500), .binary)
                socket.connection.send(text: "own")
            }
            #expect(try socket.sent().count == 20)
        }
    }

    @Test("A room's cap may be above the socket's: own sends meet the socket's")
    func twoCaps() throws {
        let room = Room(maxBufferedBytes: 100_000)
        let socket = try member(of: room, configuration: .quiet { $0.maxBufferedBytes = 1_000 })
        socket.valve.shut()
        for _ in 0..<10 {
            room.broadcast(ByteBuffer(repeating: 0, count: 1_000), .binary)
            loop.run()
        }
        #expect(socket.connection.isOpen)
        socket.connection.send(text: "own")
        #expect(!socket.connection.isOpen)
    }

    // MARK: Forms

    @Test("Members that are clients get frames of their own, masked", arguments: [false, true])
    func clients(hasOwnSend: Bool) throws {
        let room = Room()
        let (client, server) = (try member(of: room, role: .client), try member(of: room))
        room.broadcast(text: "1")
        if hasOwnSend { client.connection.send(text: "own") }
        room.broadcast(ByteBuffer(repeating: 7, count: 70_000), .binary)
        let long = RawFrame.binary(Array(repeating: 7, count: 70_000))
        #expect(try client.sent() == (hasOwnSend ? [.text("1"), .text("own"), long] : [.text("1"), long]))
        #expect(try server.sent() == [.text("1"), long])
    }

    @Test("Compressed members share one form; others get the plain one", arguments: [true, false])
    func compressed(noContextTakeover: Bool) throws {
        let room = Room()
        let parameters = DeflateParameters(serverNoContextTakeover: noContextTakeover, clientNoContextTakeover: noContextTakeover)
        let members = try (0..<3).map { _ in try member(of: room, deflate: parameters) }
        let plain = try member(of: room)
        let text = String(repeating: "the same words ", count: 20)
        let message = PreparedMessage(text: text)
        room.broadcast(message)
        room.broadcast(PreparedMessage(ByteBuffer(string: text), .text, compress: false))
        #expect(try plain.sent() == [.text(text), .text(text)])
        let frames = try members.map { try $0.sent() }
        #expect(Set(frames).count == 1)
        #expect(frames[0].map(\.reservedBits) == [0b100, 0])
        #expect(try #require(message.compressedFrame(DeflateConfiguration())).readableBytes < 60)
    }

    @Test("With context takeover, own messages between and behind shared ones are what the peer inflates")
    func contextTakeover() throws {
        let room = Room()
        let parameters = DeflateParameters()
        let socket = try member(of: room, deflate: parameters)
        let peer = try EmbeddedSocket(.client, deflate: parameters)
        var expected: [String] = []
        var random = SeededRandom(seed: 7)
        for number in 0..<200 {
            let text = "\(number) " + String(repeating: "words that were said before ", count: Int.random(in: 0...20, using: &random))
            switch Int.random(in: 0..<4, using: &random) {
            case 0: socket.connection.send(text: text)
            case 1: socket.connection.sendPrepared(PreparedMessage(text: text))
            default: room.broadcast(text: text)
            }
            expected.append(text)
            if Int.random(in: 0..<3, using: &random) == 0 { loop.run() }
        }
        loop.run()
        try peer.receive(bytes: socket.valve.takeBytes())
        #expect(peer.delegate.takeEvents() == expected.map { .text($0) })
    }

    @Test("A member whose peer wants a small window gets the plain form")
    func smallWindow() throws {
        let room = Room()
        let socket = try member(of: room, deflate: DeflateParameters(serverNoContextTakeover: true, serverMaxWindowBits: 9))
        let text = String(repeating: "the same words ", count: 20)
        room.broadcast(text: text)
        #expect(try socket.sent() == [.text(text)])
    }

    @Test("A long broadcast is not copied for each member")
    func longBroadcast() throws {
        let room = Room()
        let members = try (0..<3).map { _ in try member(of: room) }
        for member in members { member.valve.shut() }
        room.broadcast(ByteBuffer(repeating: 1, count: 1 << 20), .binary)
        loop.run()
        for member in members {
            member.valve.open()
            #expect(try member.sent().map(\.payload.count) == [1 << 20])
        }
    }
}
