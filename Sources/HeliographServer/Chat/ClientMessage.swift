import FoundationEssentials

/// What a client may say, a closed set.
///
/// Decoding is Foundation's. Its parser refuses more than 512 levels of nesting, and the limit of a message's bytes comes before it.
enum ClientMessage: Equatable, Sendable {
    case join(Join)
    case say(reference: ClientKey, text: ChatText)
    case typing(isActive: Bool)
    case ping

    struct Join: Equatable, Sendable {
        let name: ChatName
        let session: ClientKey
        /// Where the client's view ends: which life of the room, and the last message of it.
        var position: ChatPosition?
    }

    init(json: [UInt8], limits: ChatLimits) throws(ChatRefusal) {
        let fields: Fields
        do {
            fields = try JSONDecoder().decode(Fields.self, from: Data(json))
        } catch {
            throw ChatRefusal(.badJSON, Self.explain(error))
        }
        try self.init(fields, limits)
    }

    private init(_ fields: Fields, _ limits: ChatLimits) throws(ChatRefusal) {
        switch fields.type {
        case "join": self = .join(try Self.join(fields, limits))
        case "say": self = try Self.say(fields, limits)
        case "typing": self = .typing(isActive: fields.active ?? true)
        case "ping": self = .ping
        default: throw ChatRefusal(.badJSON, "\"type\" must be join, say, typing or ping.")
        }
    }

    private static func join(_ fields: Fields, _ limits: ChatLimits) throws(ChatRefusal) -> Join {
        guard let session = fields.session.flatMap(ClientKey.init) else {
            throw ChatRefusal(.badSession, "\"session\" must be 16 to 64 random letters and digits.")
        }
        var join = Join(name: try ChatName(fields.name ?? "", limits: limits), session: session)
        if let epoch = fields.epoch, let after = fields.after { join.position = ChatPosition(epoch: epoch, sequence: after) }
        return join
    }

    private static func say(_ fields: Fields, _ limits: ChatLimits) throws(ChatRefusal) -> ClientMessage {
        guard let reference = fields.ref.flatMap(ClientKey.init) else {
            throw ChatRefusal(.badReference, "\"ref\" must be 16 to 64 random letters and digits.")
        }
        do {
            return .say(reference: reference, text: try ChatText(fields.text ?? "", limits: limits))
        } catch {
            throw ChatRefusal(error.code, error.message, reference: reference.value)
        }
    }

    private struct Fields: Decodable {
        let type: String
        var name: String?
        var session: String?
        var epoch: String?
        var after: Int?
        var ref: String?
        var text: String?
        var active: Bool?
    }

    private static func explain(_ error: any Error) -> String {
        switch error {
        case DecodingError.keyNotFound: "The message has no \"type\"."
        case DecodingError.typeMismatch(_, let context), DecodingError.valueNotFound(_, let context):
            if let key = context.codingPath.last { "\"\(key.stringValue)\" has the wrong type." } else { "A message is a JSON object." }
        default: "A message is a JSON object."
        }
    }
}
