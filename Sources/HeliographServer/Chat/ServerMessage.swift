import FoundationEssentials
import NIOCore

/// A place in a room's stream of messages. Numbers of one epoch say nothing about another: a room that was forgotten starts a new one.
struct ChatPosition: Hashable, Sendable {
    let epoch: String
    let sequence: Int
}

/// A message that the room has.
struct ChatMessage: Encodable, Equatable, Sendable {
    var type = "message"
    /// From 1 on, without gaps.
    let seq: Int
    /// The member's id.
    let from: Int
    let name: String
    let text: String
    /// Milliseconds since 1970.
    let time: Int64
    /// The client's own name for it.
    let ref: String
}

/// What the server says. All but `welcome`, `pong` and `error` go to everybody in the room.
enum ServerMessage: Encodable, Equatable, Sendable {
    case welcome(Welcome)
    case message(ChatMessage)
    case joined(Person)
    case left(id: Int)
    case typing(id: Int, isActive: Bool)
    case error(ChatRefusal)
    case pong

    struct Person: Encodable, Equatable, Sendable {
        let id: Int
        let name: String
    }

    struct Welcome: Encodable, Equatable, Sendable {
        var type = "welcome"
        let room: String
        /// The newcomer's own id.
        let you: Int
        let epoch: String
        /// The last message's number.
        let seq: Int
        /// `history` is exactly what the newcomer has missed since the position it gave. Otherwise it is what the room remembers.
        let resumed: Bool
        let members: [Person]
        let typing: [Int]
        let history: [ChatMessage]
    }

    func encode(to encoder: any Encoder) throws {
        switch self {
        case .welcome(let welcome): try welcome.encode(to: encoder)
        case .message(let message): try message.encode(to: encoder)
        case .joined(let person): try Fields(type: "joined", member: person).encode(to: encoder)
        case .left(let id): try Fields(type: "left", id: id).encode(to: encoder)
        case .typing(let id, let isActive): try Fields(type: "typing", id: id, active: isActive).encode(to: encoder)
        case .error(let refusal): try Fields(refusal).encode(to: encoder)
        case .pong: try Fields(type: "pong").encode(to: encoder)
        }
    }

    /// The message as JSON. Strings and integers cannot fail to encode; should they, the peer gets an empty object, which it ignores.
    var json: ByteBuffer {
        ByteBuffer(bytes: (try? JSONEncoder().encode(self)) ?? Data("{}".utf8))
    }

    private struct Fields: Encodable {
        let type: String
        var member: Person?
        var id: Int?
        var active: Bool?
        var code: String?
        var message: String?
        var ref: String?
        var retryAfter: Int64?

        init(type: String, member: Person? = nil, id: Int? = nil, active: Bool? = nil) {
            self.type = type
            self.member = member
            self.id = id
            self.active = active
        }

        init(_ refusal: ChatRefusal) {
            type = "error"
            code = refusal.code.rawValue
            message = refusal.message
            ref = refusal.reference
            retryAfter = refusal.retryAfter?.milliseconds
        }
    }
}

extension Duration {
    /// Rounded up.
    fileprivate var milliseconds: Int64 {
        components.seconds * 1_000 + (components.attoseconds + 999_999_999_999_999) / 1_000_000_000_000_000
    }
}
