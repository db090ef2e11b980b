// A room without sockets and without clocks: what happens comes in with the time it happened at, what is to be done comes out.

/// Which socket.
typealias ConnectionID = UInt64

/// When something happened: on the clock that only goes forward, for intervals, and on the one that people read.
struct ChatTime: Sendable {
    let instant: ContinuousClock.Instant
    let unixMilliseconds: Int64
}

/// What is to be done after an event, in this order.
enum ChatEffect: Equatable, Sendable {
    /// To everybody in the room.
    case broadcast(ServerMessage)
    /// From here on the socket that caused the event gets what is broadcast.
    case admit
    /// To the socket that caused the event.
    case reply(ServerMessage)
    /// Another socket has taken this one's place.
    case replace(ConnectionID)
}

/// A room: who is in it and what was said last.
struct ChatRoom: Sendable {
    private struct Member: Sendable {
        let id: Int
        let session: ClientKey
        let name: ChatName
        /// Nil: the connection was lost at `absentSince`, and may come back.
        var connection: ConnectionID?
        var absentSince: ContinuousClock.Instant?
        var typingUntil: ContinuousClock.Instant?
        var bucket: TokenBucket

        var person: ServerMessage.Person { ServerMessage.Person(id: id, name: name.value) }
    }

    let name: RoomName
    let epoch: String
    private let limits: ChatLimits
    private var members: [Member] = []
    private var history: ChatHistory
    private var lastID = 0
    private(set) var emptySince: ContinuousClock.Instant?

    /// - Parameter epoch: random, so that nobody takes this room for one of the same name that was forgotten.
    init(name: RoomName, epoch: String, limits: ChatLimits, at now: ContinuousClock.Instant) {
        self.name = name
        self.epoch = epoch
        self.limits = limits
        self.history = ChatHistory(maxCount: limits.historyCount, maxBytes: limits.historyBytes)
        self.emptySince = now
    }

    var people: Int { members.count }

    // MARK: Coming and going

    /// A session joins, or comes back: then it takes the place of its earlier connection, and nobody is told that it was away.
    mutating func join(_ join: ClientMessage.Join, connection: ConnectionID, at time: ChatTime) throws(ChatRefusal) -> [ChatEffect] {
        var effects: [ChatEffect] = []
        if let index = members.firstIndex(where: { $0.session == join.session }) {
            if let earlier = members[index].connection { effects.append(.replace(earlier)) }
            members[index].absentSince = nil
            members[index].connection = connection
            if !isCalled(members[index], join.name) { effects += remove(at: index, at: time.instant) }
        }
        if !members.contains(where: { $0.connection == connection }) {
            guard members.count < limits.members else {
                throw ChatRefusal(.roomFull, "The room is full: \(limits.members) people are in it.", retryAfter: .seconds(10))
            }
            effects.append(.broadcast(.joined(add(join, connection))))
        }
        return effects + [.admit, .reply(.welcome(welcome(join, connection)))]
    }

    /// The name that was asked for, or the numbered form of it that the member was given.
    private func isCalled(_ member: Member, _ name: ChatName) -> Bool {
        member.name == name || member.name == name.unique(among: members.filter { $0.id != member.id }.map(\.name))
    }

    private mutating func add(_ join: ClientMessage.Join, _ connection: ConnectionID) -> ServerMessage.Person {
        lastID += 1
        let member = Member(
            id: lastID, session: join.session, name: join.name.unique(among: members.map(\.name)), connection: connection,
            bucket: limits.messages)
        members.append(member)
        emptySince = nil
        return member.person
    }

    private func welcome(_ join: ClientMessage.Join, _ connection: ConnectionID) -> ServerMessage.Welcome {
        let missed = join.position.flatMap { $0.epoch == epoch ? history.messages(after: $0.sequence) : nil }
        return ServerMessage.Welcome(
            room: name.value, you: members.first { $0.connection == connection }?.id ?? 0, epoch: epoch, seq: history.lastSequence,
            resumed: missed != nil, members: members.map(\.person), typing: members.filter { $0.typingUntil != nil }.map(\.id),
            history: missed ?? history.messages)
    }

    /// A socket has closed. Who said good-bye (1000) is gone; who did not may be back in a moment.
    mutating func closed(_ connection: ConnectionID, isGoodbye: Bool, at time: ChatTime) -> [ChatEffect] {
        guard let index = members.firstIndex(where: { $0.connection == connection }) else { return [] }
        if isGoodbye { return remove(at: index, at: time.instant) }
        members[index].connection = nil
        members[index].absentSince = time.instant
        return stopTyping(at: index)
    }

    private mutating func remove(at index: Int, at now: ContinuousClock.Instant) -> [ChatEffect] {
        let member = members.remove(at: index)
        if members.isEmpty { emptySince = now }
        return [.broadcast(.left(id: member.id))]
    }

    // MARK: Talking

    /// A message that the room has already (its answer was lost on the way) is answered again and not said twice.
    mutating func say(
        _ text: ChatText, reference: ClientKey, connection: ConnectionID, at time: ChatTime
    ) throws(ChatRefusal) -> [ChatEffect] {
        let index = try member(connection)
        if let known = history.message(reference: reference) { return [.reply(.message(known))] }
        if let wait = members[index].bucket.take(at: time.instant) {
            throw ChatRefusal(.tooFast, "Slow down a little.", reference: reference.value, retryAfter: wait)
        }
        members[index].typingUntil = nil
        let message = ChatMessage(
            seq: history.lastSequence + 1, from: members[index].id, name: members[index].name.value, text: text.value,
            time: time.unixMilliseconds, ref: reference.value)
        history.append(message)
        return [.broadcast(.message(message))]
    }

    mutating func typing(_ isActive: Bool, connection: ConnectionID, at time: ChatTime) throws(ChatRefusal) -> [ChatEffect] {
        let index = try member(connection)
        guard isActive else { return stopTyping(at: index) }
        let wasTyping = members[index].typingUntil != nil
        members[index].typingUntil = time.instant + limits.typing
        return wasTyping ? [] : [.broadcast(.typing(id: members[index].id, isActive: true))]
    }

    private mutating func stopTyping(at index: Int) -> [ChatEffect] {
        guard members[index].typingUntil != nil else { return [] }
        members[index].typingUntil = nil
        return [.broadcast(.typing(id: members[index].id, isActive: false))]
    }

    private func member(_ connection: ConnectionID) throws(ChatRefusal) -> Int {
        guard let index = members.firstIndex(where: { $0.connection == connection }) else { throw .notJoined }
        return index
    }

    // MARK: Time

    /// To be called about once a second.
    mutating func advance(to now: ContinuousClock.Instant) -> [ChatEffect] {
        var effects: [ChatEffect] = []
        for index in members.indices.reversed() {
            if let since = members[index].absentSince, since + limits.absence <= now {
                effects += remove(at: index, at: now)
            } else if let until = members[index].typingUntil, until <= now {
                effects += stopTyping(at: index)
            }
        }
        return effects
    }

    /// Nobody has been here for long.
    func isForgotten(at now: ContinuousClock.Instant) -> Bool {
        guard let emptySince else { return false }
        return emptySince + limits.emptyRoom <= now
    }
}
