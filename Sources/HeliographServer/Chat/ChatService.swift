// The rooms and their sockets. The chat runs on the callback API: a socket that says nothing costs no task, and what a message causes is
// done before the next one is looked at.
//
// A room's value is behind a lock, and what it broadcasts is handed to the broadcast group while the lock is held, so that every member
// sees the room's order. (`Room` only queues; it calls nobody back.) What concerns a single socket is done after the lock, on that
// socket's event loop. So a newcomer may get a message twice, in its welcome and by broadcast, never too few: the number tells.

import FoundationEssentials
import NIOCore
import Synchronization
import WebSocketNIO
import WebSocketProtocol

/// The chat: rooms by name, made when somebody joins and forgotten when nobody has been there for long.
final class ChatService: Sendable {
    private struct HostedRoom: Sendable {
        var room: ChatRoom
        let group = Room()
        var sockets: [ConnectionID: WebSocket] = [:]

        mutating func takeReplaced(_ effects: [ChatEffect]) -> [WebSocket] {
            effects.compactMap { effect in
                guard case .replace(let id) = effect else { return nil }
                return sockets.removeValue(forKey: id)
            }
        }
    }

    let limits: ChatLimits
    private let rooms = Mutex<[RoomName: HostedRoom]>([:])

    init(limits: ChatLimits = ChatLimits()) {
        self.limits = limits
    }

    /// Everybody in all rooms.
    var people: Int { rooms.withLock { $0.values.reduce(0) { $0 + $1.room.people } } }

    /// Whether the room is there, or there is place for it.
    func admits(_ name: RoomName) -> Bool {
        rooms.withLock { $0[name] != nil || $0.count < limits.rooms || $0.contains { $0.value.room.people == 0 } }
    }

    // MARK: Events of a socket, on its event loop

    func join(_ name: RoomName, _ join: ClientMessage.Join, socket: WebSocketConnection) throws(ChatRefusal) {
        let time = ChatTime.now
        let handle = socket.webSocket
        let id = socket.id
        try update(name, socket: socket, makingRoomAt: time) { hosted throws(ChatRefusal) in
            let effects = try hosted.room.join(join, connection: id, at: time)
            hosted.sockets[id] = handle
            return effects
        }
    }

    func say(_ text: ChatText, reference: ClientKey, in name: RoomName, socket: WebSocketConnection) throws(ChatRefusal) {
        let id = socket.id
        try update(name, socket: socket) { hosted throws(ChatRefusal) in
            try hosted.room.say(text, reference: reference, connection: id, at: .now)
        }
    }

    func typing(_ isActive: Bool, in name: RoomName, socket: WebSocketConnection) throws(ChatRefusal) {
        let id = socket.id
        try update(name, socket: socket) { hosted throws(ChatRefusal) in
            try hosted.room.typing(isActive, connection: id, at: .now)
        }
    }

    func closed(_ id: ConnectionID, in name: RoomName, isGoodbye: Bool) {
        rooms.withLock { rooms in
            guard var hosted = rooms.removeValue(forKey: name) else { return }
            hosted.sockets[id] = nil
            Self.broadcast(hosted.room.closed(id, isGoodbye: isGoodbye, at: .now), to: hosted.group)
            rooms[name] = hosted
        }
    }

    // MARK: Time

    /// To be called about once a second.
    func advance(to now: ContinuousClock.Instant = .now) {
        rooms.withLock { rooms in
            for name in Array(rooms.keys) {
                guard var hosted = rooms.removeValue(forKey: name), !hosted.room.isForgotten(at: now) else { continue }
                Self.broadcast(hosted.room.advance(to: now), to: hosted.group)
                rooms[name] = hosted
            }
        }
    }

    // MARK: Rooms

    private func update(
        _ name: RoomName, socket: WebSocketConnection, makingRoomAt time: ChatTime? = nil,
        _ change: (inout HostedRoom) throws(ChatRefusal) -> [ChatEffect]
    ) throws(ChatRefusal) {
        let outcome = rooms.withLock { rooms -> Result<Outcome, ChatRefusal> in
            if rooms[name] == nil, let time { rooms[name] = newRoom(name, at: time, among: &rooms) }
            // Taken out and put back, so that the room is changed in place.
            guard var hosted = rooms.removeValue(forKey: name) else { return .failure(time == nil ? .notJoined : .tooManyRooms) }
            defer { rooms[name] = hosted }
            do throws(ChatRefusal) {
                let effects = try change(&hosted)
                Self.broadcast(effects, to: hosted.group)
                return .success(Outcome(effects: effects, group: hosted.group, replaced: hosted.takeReplaced(effects)))
            } catch {
                return .failure(error)
            }
        }
        try outcome.get().perform(on: socket)
    }

    private func newRoom(_ name: RoomName, at time: ChatTime, among rooms: inout [RoomName: HostedRoom]) -> HostedRoom? {
        if rooms.count >= limits.rooms {
            let idle = rooms.values.filter { $0.room.people == 0 }
                .min { ($0.room.emptySince ?? time.instant) < ($1.room.emptySince ?? time.instant) }
            guard let idle else { return nil }
            rooms[idle.room.name] = nil
        }
        let epoch = String(UInt64.random(in: .min ... .max), radix: 36)
        return HostedRoom(room: ChatRoom(name: name, epoch: epoch, limits: limits, at: time.instant))
    }

    private static func broadcast(_ effects: [ChatEffect], to group: Room) {
        for case .broadcast(let message) in effects { group.broadcast(PreparedMessage(message.json, .text)) }
    }

    /// What is left to do when the lock is free again.
    private struct Outcome {
        let effects: [ChatEffect]
        let group: Room
        let replaced: [WebSocket]

        func perform(on socket: WebSocketConnection) {
            for effect in effects {
                switch effect {
                case .admit: group.join(socket)
                case .reply(let message): socket.send(message.json, .text)
                case .broadcast, .replace: break
                }
            }
            for socket in replaced { socket.startClosing(code: .replaced, reason: "this conversation goes on in another window") }
        }
    }
}

extension CloseCode {
    /// The chat's own: the session was opened in another window.
    static let replaced: CloseCode = 4001
}

extension ChatTime {
    static var now: ChatTime {
        ChatTime(instant: .now, unixMilliseconds: Int64(Date().timeIntervalSince1970 * 1_000))
    }
}
