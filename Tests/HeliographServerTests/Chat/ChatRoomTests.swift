import Testing

@testable import HeliographServer

/// A room driven by hand: the clock stands unless it is told to go on.
private struct Scene {
    var room: ChatRoom
    var now: ContinuousClock.Instant
    private var limits: ChatLimits

    init(_ limits: ChatLimits = ChatLimits()) throws {
        let name = try #require(RoomName("tea"))
        self.limits = limits
        now = .now
        room = ChatRoom(name: name, epoch: "e1", limits: limits, at: now)
    }

    var time: ChatTime { ChatTime(instant: now, unixMilliseconds: 1_700_000_000_000) }

    static func session(_ name: String) throws -> ClientKey {
        try #require(ClientKey("session-of-" + name.filter { $0 != " " } + "-0123456789"))
    }

    static func reference(_ number: Int) throws -> ClientKey {
        try #require(ClientKey("reference-000000\(number)"))
    }

    mutating func join(
        _ name: String, _ connection: ConnectionID, session: String? = nil, after position: ChatPosition? = nil
    ) throws -> [ChatEffect] {
        let join = ClientMessage.Join(
            name: try ChatName(name, limits: limits), session: try Self.session(session ?? name), position: position)
        return try room.join(join, connection: connection, at: time)
    }

    mutating func say(_ text: String, _ connection: ConnectionID, reference: Int) throws -> [ChatEffect] {
        try room.say(ChatText(text, limits: limits), reference: Self.reference(reference), connection: connection, at: time)
    }

    mutating func closed(_ connection: ConnectionID, isGoodbye: Bool = false) -> [ChatEffect] {
        room.closed(connection, isGoodbye: isGoodbye, at: time)
    }

    mutating func pass(_ duration: Duration) -> [ChatEffect] {
        now += duration
        return room.advance(to: now)
    }
}

extension [ChatEffect] {
    fileprivate var welcome: ServerMessage.Welcome? {
        for case .reply(.welcome(let welcome)) in self { return welcome }
        return nil
    }

    fileprivate var messages: [ChatMessage] {
        compactMap { effect in
            guard case .broadcast(.message(let message)) = effect else { return nil }
            return message
        }
    }
}

@Suite("A chat room")
struct ChatRoomTests {
    @Test("tells the others who joins, and the newcomer who is there")
    func joining() throws {
        var scene = try Scene()
        _ = try scene.join("Ada", 1)
        let effects = try scene.join("Grace", 2)
        #expect(effects.first == .broadcast(.joined(.init(id: 2, name: "Grace"))))
        #expect(effects.dropFirst().first == .admit, "after its own arrival was told to the others")
        let welcome = try #require(effects.welcome)
        #expect(welcome.you == 2)
        #expect(welcome.members.map(\.name) == ["Ada", "Grace"])
        #expect(!welcome.resumed)
    }

    @Test("numbers what is said, from 1 on and without gaps")
    func numbering() throws {
        var scene = try Scene()
        _ = try scene.join("Ada", 1)
        let said = try (1...5).flatMap { try scene.say("text \($0)", 1, reference: $0).messages }
        #expect(said.map(\.seq) == [1, 2, 3, 4, 5])
        #expect(said.allSatisfy { $0.from == 1 && $0.name == "Ada" })
    }

    @Test("says once what is sent twice, and answers both times")
    func saidTwice() throws {
        var scene = try Scene()
        _ = try scene.join("Ada", 1)
        let first = try scene.say("hello", 1, reference: 1)
        let again = try scene.say("hello", 1, reference: 1)
        #expect(first.messages.count == 1)
        #expect(again == [.reply(.message(first.messages[0]))])
    }

    @Test("listens to nobody who has not joined")
    func strangers() throws {
        var scene = try Scene()
        #expect(throws: ChatRefusal.notJoined) { try scene.say("hello", 9, reference: 1) }
        #expect(throws: ChatRefusal.notJoined) { try scene.room.typing(true, connection: 9, at: scene.time) }
        #expect(scene.closed(9) == [])
    }

    @Test("numbers people of one name, whatever its case")
    func sameName() throws {
        var scene = try Scene()
        _ = try scene.join("Ada", 1)
        _ = try scene.join("ada", 2, session: "two")
        let welcome = try #require(try scene.join("Ada", 3, session: "three").welcome)
        #expect(welcome.members.map(\.name) == ["Ada", "ada 2", "Ada 3"])
    }

    @Test("takes so many people and no more")
    func full() throws {
        var limits = ChatLimits()
        limits.members = 2
        var scene = try Scene(limits)
        _ = try scene.join("Ada", 1)
        _ = try scene.join("Grace", 2)
        let refusal = #expect(throws: ChatRefusal.self) { try scene.join("Linus", 3) }
        #expect(refusal?.code == .roomFull)
        #expect(try scene.join("Ada", 4).welcome != nil, "who is in it can come back to it")
    }

    // MARK: Coming back

    @Test("keeps the place of a lost connection for 5 s, and tells nobody when it comes back")
    func comingBack() throws {
        var scene = try Scene()
        _ = try scene.join("Ada", 1)
        _ = try scene.join("Grace", 2)
        #expect(scene.closed(2) == [])
        #expect(scene.pass(.seconds(4)) == [])
        let effects = try scene.join("Grace", 3)
        #expect(effects.welcome?.you == 2)
        #expect(effects.count == 2, "admit and welcome, no \"joined\"")
        #expect(scene.pass(.seconds(60)) == [])
    }

    @Test("tells that somebody left after 5 s, or at once after a good-bye")
    func leaving() throws {
        var scene = try Scene()
        _ = try scene.join("Ada", 1)
        _ = try scene.join("Grace", 2)
        #expect(scene.closed(1, isGoodbye: true) == [.broadcast(.left(id: 1))])
        #expect(scene.closed(2) == [])
        #expect(scene.pass(.seconds(5)) == [.broadcast(.left(id: 2))])
        #expect(scene.room.people == 0)
    }

    @Test("gives a session's place to its newest connection, and the end of the old one changes nothing")
    func replacing() throws {
        var scene = try Scene()
        _ = try scene.join("Ada", 1)
        let effects = try scene.join("Ada", 2)
        #expect(effects.first == .replace(1))
        #expect(effects.welcome?.you == 1)
        #expect(scene.closed(1) == [])
        #expect(try scene.say("still here", 2, reference: 1).messages.count == 1)
        #expect(throws: ChatRefusal.notJoined) { try scene.say("me too?", 1, reference: 2) }
    }

    @Test("shows a new name as somebody else")
    func renaming() throws {
        var scene = try Scene()
        _ = try scene.join("Ada", 1, session: "s")
        let effects = try scene.join("Countess", 2, session: "s")
        #expect(effects.contains(.broadcast(.left(id: 1))))
        #expect(effects.contains(.broadcast(.joined(.init(id: 2, name: "Countess")))))
        #expect(effects.welcome?.members.map(\.name) == ["Countess"])
    }

    @Test("gives a numbered namesake its number back")
    func renumbering() throws {
        var scene = try Scene()
        _ = try scene.join("Ada", 1)
        _ = try scene.join("Ada", 2, session: "two")
        let effects = try scene.join("Ada", 3, session: "two")
        #expect(effects.welcome?.you == 2)
        #expect(effects.welcome?.members.map(\.name) == ["Ada", "Ada 2"])
    }

    @Test("gives who comes back exactly what it missed")
    func resuming() throws {
        var scene = try Scene()
        _ = try scene.join("Ada", 1)
        for number in 1...6 { _ = try scene.say("text \(number)", 1, reference: number) }
        let welcome = try #require(try scene.join("Grace", 2, after: ChatPosition(epoch: "e1", sequence: 4)).welcome)
        #expect(welcome.resumed)
        #expect(welcome.history.map(\.seq) == [5, 6])
        #expect(welcome.seq == 6)
    }

    @Test("promises nothing it cannot keep", arguments: [("e0", 4), ("e1", 7), ("e1", -1), ("e1", .max), ("e1", .min)])
    func notResuming(epoch: String, sequence: Int) throws {
        var scene = try Scene()
        _ = try scene.join("Ada", 1)
        for number in 1...6 { _ = try scene.say("text \(number)", 1, reference: number) }
        let welcome = try #require(try scene.join("Grace", 2, after: ChatPosition(epoch: epoch, sequence: sequence)).welcome)
        #expect(!welcome.resumed)
        #expect(welcome.history.count == 6)
    }

    // MARK: Typing

    @Test("tells once that somebody types, until a message, a stop or 5 s")
    func typing() throws {
        var scene = try Scene()
        _ = try scene.join("Ada", 1)
        #expect(try scene.room.typing(true, connection: 1, at: scene.time) == [.broadcast(.typing(id: 1, isActive: true))])
        #expect(scene.pass(.seconds(3)) == [])
        #expect(try scene.room.typing(true, connection: 1, at: scene.time) == [], "it only lasts longer")
        #expect(scene.pass(.seconds(4)) == [])
        #expect(scene.pass(.seconds(1)) == [.broadcast(.typing(id: 1, isActive: false))])
        #expect(scene.pass(.seconds(1)) == [])

        _ = try scene.room.typing(true, connection: 1, at: scene.time)
        #expect(try scene.room.typing(false, connection: 1, at: scene.time) == [.broadcast(.typing(id: 1, isActive: false))])
        #expect(try scene.room.typing(false, connection: 1, at: scene.time) == [])

        _ = try scene.room.typing(true, connection: 1, at: scene.time)
        _ = try scene.say("done", 1, reference: 1)
        #expect(scene.pass(.seconds(10)) == [])
    }

    @Test("shows a newcomer who is typing, and stops showing who was lost")
    func typingAndPresence() throws {
        var scene = try Scene()
        _ = try scene.join("Ada", 1)
        _ = try scene.room.typing(true, connection: 1, at: scene.time)
        #expect(try scene.join("Grace", 2).welcome?.typing == [1])
        #expect(scene.closed(1) == [.broadcast(.typing(id: 1, isActive: false))])
    }

    // MARK: Limits

    @Test("lets through a burst, then asks for patience, with the time it takes")
    func tooFast() throws {
        var limits = ChatLimits()
        limits.messages = TokenBucket(burst: 3, perSecond: 2)
        var scene = try Scene(limits)
        _ = try scene.join("Ada", 1)
        for number in 1...3 { _ = try scene.say("text", 1, reference: number) }
        let refusal = #expect(throws: ChatRefusal.self) { try scene.say("text", 1, reference: 4) }
        #expect(refusal?.code == .tooFast)
        #expect(refusal?.retryAfter == .milliseconds(500))
        #expect(refusal?.reference == (try Scene.reference(4).value))
        _ = scene.pass(.milliseconds(500))
        #expect(try scene.say("text", 1, reference: 4).messages.map(\.seq) == [4])
    }

    @Test("is forgotten when nobody has been in it for ten minutes")
    func forgotten() throws {
        var scene = try Scene()
        _ = try scene.join("Ada", 1)
        _ = scene.pass(.seconds(3_600))
        #expect(!scene.room.isForgotten(at: scene.now))
        _ = scene.closed(1, isGoodbye: true)
        _ = scene.pass(.seconds(599))
        #expect(!scene.room.isForgotten(at: scene.now))
        _ = scene.pass(.seconds(1))
        #expect(scene.room.isForgotten(at: scene.now))
    }
}
