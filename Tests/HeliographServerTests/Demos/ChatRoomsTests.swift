import RealtimeHub
import RealtimeProtocol
import Testing

@testable import Demos

/// Who is in which room, without sockets and with a time of the test's own.
@Suite("The rooms of the chat")
struct ChatRoomsTests {
    private let start = ContinuousClock.now
    private let ada = "session-of-ada-0"
    private let grace = "session-of-grace"

    private func rooms(_ change: (inout ChatLimits) -> Void = { _ in }) -> ChatRooms {
        var limits = ChatLimits()
        change(&limits)
        return ChatRooms(limits: limits)
    }

    /// The name that was given, and the client that was replaced.
    private func enter(
        _ rooms: inout ChatRooms, _ client: String, _ session: String, _ name: String, room: String = "chat:tea"
    ) throws -> [String?] {
        let place = try rooms.enter(room, client: client, session: ChatKey(session), name: ChatName(name), at: start)
        return [place.name.text, place.replaced]
    }

    /// Why something was refused; nil: it was not.
    private func refusal(_ body: () throws -> Void) -> HubRefusal? {
        do { try body() } catch { return error as? HubRefusal }
        return nil
    }

    @Test("number people of one name, in each room for itself")
    func names() throws {
        var rooms = rooms()
        #expect(try enter(&rooms, "1", ada, "Ada") == ["Ada", nil])
        #expect(try enter(&rooms, "2", grace, "ada") == ["ada 2", nil])
        #expect(try enter(&rooms, "2", grace, "Ada", room: "chat:coffee") == ["Ada", nil])
    }

    @Test("give a session's place to its newest connection, and the end of the old one changes nothing")
    func replacing() throws {
        var rooms = rooms()
        _ = try enter(&rooms, "1", ada, "Ada")
        #expect(try enter(&rooms, "2", ada, "Ada") == ["Ada", "1"])
        rooms.leave("1")
        #expect(rooms.people == 1)
        try rooms.hear("2", in: "chat:tea", isMessage: true, at: start)
        #expect(refusal { try rooms.hear("1", in: "chat:tea", isMessage: true, at: start) } == .error(.permissionDenied))
    }

    @Test("give a namesake its number back, and a new name at once")
    func renaming() throws {
        var rooms = rooms()
        _ = try enter(&rooms, "1", ada, "Ada")
        _ = try enter(&rooms, "2", grace, "Ada")
        #expect(try enter(&rooms, "2", grace, "Ada") == ["Ada 2", nil], "the same connection again")
        rooms.leave("1")
        #expect(try enter(&rooms, "3", grace, "Ada") == ["Ada", "2"])
        #expect(try enter(&rooms, "4", grace, "Grace") == ["Grace", "3"])
        #expect(rooms.people == 1)
    }

    @Test("listen to nobody who is not in the room")
    func strangers() throws {
        var rooms = rooms()
        _ = try enter(&rooms, "1", ada, "Ada")
        for (client, room) in [("2", "chat:tea"), ("1", "chat:coffee")] {
            #expect(refusal { try rooms.hear(client, in: room, isMessage: true, at: start) } == .error(.permissionDenied))
        }
    }

    @Test("take so many people and no more; who comes back is not one more")
    func full() throws {
        var rooms = rooms { $0.people = 2 }
        _ = try enter(&rooms, "1", ada, "Ada")
        _ = try enter(&rooms, "2", grace, "Grace")
        #expect(throws: HubRefusal.self) { try enter(&rooms, "3", "session-of-linus", "Linus") }
        #expect(try enter(&rooms, "4", ada, "Ada") == ["Ada", "1"])
        rooms.leave("2")
        #expect(try enter(&rooms, "3", "session-of-linus", "Linus") == ["Linus", nil])
    }

    @Test("are so many and no more; one that nobody is in makes place")
    func tooMany() throws {
        var rooms = rooms { $0.rooms = 2 }
        _ = try enter(&rooms, "1", ada, "Ada", room: "chat:one")
        _ = try enter(&rooms, "2", ada, "Ada", room: "chat:two")
        #expect(throws: HubRefusal.self) { try enter(&rooms, "3", ada, "Ada", room: "chat:three") }
        rooms.leave("1")
        _ = try enter(&rooms, "3", ada, "Ada", room: "chat:three")
    }

    @Test("let through a burst of messages, then ask for patience; typing is not one")
    func tooFast() throws {
        var rooms = rooms { $0.messages = TokenBucket(burst: 2, perSecond: 1) }
        _ = try enter(&rooms, "1", ada, "Ada")
        for _ in 1...2 { try rooms.hear("1", in: "chat:tea", isMessage: true, at: start) }
        #expect(refusal { try rooms.hear("1", in: "chat:tea", isMessage: true, at: start) } == .error(.tooManyRequests))
        try rooms.hear("1", in: "chat:tea", isMessage: false, at: start)
        try rooms.hear("1", in: "chat:tea", isMessage: true, at: start + .seconds(1))
    }

    @Test("throw out who does too much of anything, coming and going included")
    func tooMuch() throws {
        var rooms = rooms { $0.events = TokenBucket(burst: 5, perSecond: 1) }
        _ = try enter(&rooms, "1", ada, "Ada")
        for _ in 1...2 { try rooms.hear("1", in: "chat:tea", isMessage: false, at: start) }
        for _ in 1...3 { _ = try enter(&rooms, "1", ada, "Ada") }
        #expect(refusal { try rooms.hear("1", in: "chat:tea", isMessage: false, at: start) } == .disconnect(.tooManyErrors))
        #expect(throws: HubRefusal.disconnect(.tooManyErrors)) { try enter(&rooms, "1", ada, "Ada") }
        #expect(throws: HubRefusal.disconnect(.tooManyErrors), "nor by a new connection of the same session") {
            try enter(&rooms, "2", ada, "Ada")
        }
        _ = try enter(&rooms, "3", grace, "Grace")
    }
}
