import FoundationEssentials
import NIOCore
public import RealtimeHub
import RealtimeProtocol
import Synchronization

/// Chat rooms: the channel `chat:ROOM` has the people (presence, joins and leaves), the last hundred messages (history), and what was missed
/// by whoever comes back (recovery). That much are settings. This file adds names, and looks at what people send.
///
/// To enter, a client subscribes with `{"name": "Ada", "session": SECRET}`. It says something with `{"ref": KEY, "text": "Hello"}` and that it
/// is writing with `{"typing": true}`. Others see `{"ref", "text", "time"}`, and who it was in the publication's `chan_info`, which the hub
/// puts there: nobody can speak for another. A message that is sent again under its `ref`, because the answer was lost, is said once.
public final class ChatDemo: Demo {
    private let rooms: Mutex<ChatRooms>

    public init(limits: ChatLimits = ChatLimits()) {
        rooms = Mutex(ChatRooms(limits: limits))
    }

    public var namespaces: [String: ChannelSettings] {
        var chat = ChannelSettings()
        chat.nameRegex = try? ChannelRegex("^[a-z0-9]([a-z0-9-]{0,30}[a-z0-9])?$")
        chat.presence = true
        chat.joinLeave = true
        chat.historySize = 100
        chat.historyTTL = .seconds(3_600)
        chat.historyMetaTTL = .seconds(3_600)
        chat.forceRecovery = true
        chat.allowPublish = .subscribers
        chat.allowPresence = .subscribers
        chat.allowHistory = .subscribers
        return ["chat": chat]
    }

    /// Somebody enters, or comes back: who knows the session's secret gets its place, also while its old connection seems to be there still.
    public func subscribe(_ event: SubscribeEvent, on hub: Hub) async throws(HubRefusal) -> SubscribeGrant {
        guard let entry = try? JSONDecoder().decode(Entry.self, from: Data(event.data.readableBytesView)) else { throw .badEntry }
        let (name, session) = (try ChatName(entry.name), try ChatKey(entry.session))
        let place = try rooms.withLock { rooms throws(HubRefusal) in
            try rooms.enter(event.channel, client: event.identity.client, session: session, name: name, at: .now)
        }
        if let old = place.replaced { hub.unsubscribe(client: old, from: event.channel, .replaced) }
        let person = json(Person(id: session.publicID, name: place.name.text))
        return SubscribeGrant(info: person, data: ByteBuffer(bytes: person))
    }

    public func publish(_ event: PublishEvent, on hub: Hub) async throws(HubRefusal) -> PublishGrant {
        guard event.isAllowed else { throw .error(.permissionDenied) }
        let saying = try? JSONDecoder().decode(Saying.self, from: Data(event.data.readableBytesView))
        try rooms.withLock { rooms throws(HubRefusal) in
            try rooms.hear(event.identity.client, in: event.channel, isMessage: saying?.text != nil, at: .now)
        }
        guard let saying else { throw .badMessage }
        if let isTyping = saying.typing, saying.text == nil {
            return PublishGrant(data: ByteBuffer(bytes: json(Typing(typing: isTyping))), skipsHistory: true, excludesPublisher: true)
        }
        let (text, ref) = (try ChatText(saying.text ?? ""), try ChatKey(saying.ref ?? ""))
        let message = Message(ref: ref.text, text: text.text, time: Int64(Date().timeIntervalSince1970 * 1_000))
        return PublishGrant(data: ByteBuffer(bytes: json(message)), idempotencyKey: ref.text)
    }

    public func disconnected(_ identity: ClientIdentity) {
        rooms.withLock { $0.leave(identity.client) }
    }

    // MARK: What is sent

    private struct Entry: Decodable {
        var name: String
        var session: String
    }

    private struct Saying: Decodable {
        var ref: String?
        var text: String?
        var typing: Bool?
    }

    private struct Person: Encodable {
        var id: String
        var name: String
    }

    private struct Message: Encodable {
        var ref: String
        var text: String
        /// Milliseconds since 1970.
        var time: Int64
    }

    private struct Typing: Encodable {
        var typing: Bool
    }

    /// Strings and numbers cannot fail to encode.
    private func json(_ value: some Encodable) -> [UInt8] { (try? JSONEncoder().encode(value)).map { Array($0) } ?? Array("{}".utf8) }
}

/// What a chat may grow to. Everything that a peer can make bigger has a bound here, in its channel's settings, or in the hub's configuration.
public struct ChatLimits: Sendable {
    /// People in a room.
    public var people = 200
    /// Rooms with people in them.
    public var rooms = 500
    /// Messages that somebody may say at once, and then per second; more are refused with 111, to be sent again.
    public var messages = TokenBucket(burst: 8, perSecond: 2)
    /// Messages, refused ones, typing and entering together; more end the connection.
    public var events = TokenBucket(burst: 60, perSecond: 15)

    public init() {}
}

/// Lets through a burst, and after it so many per second.
public struct TokenBucket: Sendable {
    private let burst: Double
    private let perSecond: Double
    private var tokens: Double
    private var filledAt: ContinuousClock.Instant?

    public init(burst: Int, perSecond: Int) {
        (self.burst, self.perSecond, tokens) = (Double(burst), Double(perSecond), Double(burst))
    }

    /// Whether there was a token to take.
    public mutating func take(at now: ContinuousClock.Instant) -> Bool {
        if let filledAt, filledAt < now { tokens = min(burst, tokens + (filledAt.duration(to: now) / .seconds(1)) * perSecond) }
        filledAt = now
        guard tokens >= 1 else { return false }
        tokens -= 1
        return true
    }
}

/// Who is in which room, by connection. A value without clock and sockets.
struct ChatRooms: Sendable {
    private struct Member: Sendable {
        var session: ChatKey
        var name: ChatName
        var messages: TokenBucket
        var events: TokenBucket
    }

    private let limits: ChatLimits
    /// By room, then by client.
    private var rooms: [String: [String: Member]] = [:]

    init(limits: ChatLimits) {
        self.limits = limits
    }

    /// Takes a place in a room, under the name or, when somebody has it, "name 2", "name 3"…
    mutating func enter(
        _ room: String, client: String, session: ChatKey, name: ChatName, at now: ContinuousClock.Instant
    ) throws(HubRefusal) -> (name: ChatName, replaced: String?) {
        guard rooms[room] != nil || rooms.count < limits.rooms else { throw .tooManyRooms }
        var members = rooms[room, default: [:]]
        let earlier = members.first { $0.value.session == session }
        var member = members[client] ?? earlier?.value
        // Its own connection's, or that of the session: whoever enters again and again is noticed.
        guard member?.events.take(at: now) ?? true else { throw .tooMuch }
        if let earlier { members[earlier.key] = nil }
        members[client] = nil
        guard members.count < limits.people else { throw .roomIsFull }
        let free = name.unique(among: members.values.map(\.name))
        member?.session = session
        member?.name = free
        members[client] = member ?? Member(session: session, name: free, messages: limits.messages, events: limits.events)
        rooms[room] = members
        return (free, earlier?.key == client ? nil : earlier?.key)
    }

    /// Somebody sends something.
    mutating func hear(_ client: String, in room: String, isMessage: Bool, at now: ContinuousClock.Instant) throws(HubRefusal) {
        guard rooms[room]?[client] != nil else { throw .error(.permissionDenied) }
        guard rooms[room]?[client]?.events.take(at: now) == true else { throw .tooMuch }
        guard !isMessage || rooms[room]?[client]?.messages.take(at: now) == true else { throw .error(.tooManyRequests) }
    }

    /// A connection is over.
    mutating func leave(_ client: String) {
        for room in rooms.keys where rooms[room]?[client] != nil {
            rooms[room]?[client] = nil
            if rooms[room]?.isEmpty == true { rooms[room] = nil }
        }
    }

    var people: Int { rooms.values.reduce(0) { $0 + $1.count } }
}

extension HubRefusal {
    private static func chat(_ number: UInt32, _ message: String) -> HubRefusal { .error(.init(number, message: message)) }

    fileprivate static var badEntry: HubRefusal { chat(1_000, "To enter, send a name and a session.") }
    static func badName(_ why: String) -> HubRefusal { chat(1_001, why) }
    static var badKey: HubRefusal { chat(1_002, "A session or ref is 16 to 64 random letters and digits.") }
    fileprivate static var badMessage: HubRefusal { chat(1_003, "A message is a JSON object with ref and text, or with typing.") }
    static func badText(_ why: String) -> HubRefusal { chat(1_004, why) }
    fileprivate static var roomIsFull: HubRefusal { chat(1_005, "The room is full.") }
    fileprivate static var tooManyRooms: HubRefusal { chat(1_006, "There are too many rooms.") }
    fileprivate static var tooMuch: HubRefusal { .disconnect(.tooManyErrors) }
}

extension UnsubscribeCode {
    /// The session was opened in another window.
    static var replaced: UnsubscribeCode { UnsubscribeCode(2_100, reason: "this conversation goes on in another window") }
}
