// The values of the chat that a peer chooses. Each can only be made from what is allowed, so that nothing behind it has to look again.

/// Why an input was refused, in words for the person who made it.
struct ChatRefusal: Error, Equatable {
    enum Code: String, Sendable {
        case badJSON = "bad_json"
        case badName = "bad_name"
        case badSession = "bad_session"
        case badReference = "bad_ref"
        case badText = "bad_text"
        case notJoined = "not_joined"
        case alreadyJoined = "already_joined"
        case roomFull = "room_full"
        case tooFast = "too_fast"
    }

    let code: Code
    let message: String
    /// The message it is about.
    var reference: String?
    /// When to try again.
    var retryAfter: Duration?

    static let notJoined = ChatRefusal(.notJoined, "Join first.")
    static let tooManyRooms = ChatRefusal(.roomFull, "There are too many rooms.", retryAfter: .seconds(60))

    init(_ code: Code, _ message: String, reference: String? = nil, retryAfter: Duration? = nil) {
        self.code = code
        self.message = message
        self.reference = reference
        self.retryAfter = retryAfter
    }
}

/// A room's name: 1 to 32 of a–z, 0–9 and, inside, hyphens.
struct RoomName: Hashable, Sendable {
    let value: String

    init?(_ text: String) {
        let bytes = text.utf8
        guard (1...32).contains(bytes.count), bytes.first != UInt8(ascii: "-"), bytes.last != UInt8(ascii: "-") else { return nil }
        guard bytes.allSatisfy(Self.isAllowed) else { return nil }
        value = text
    }

    private static func isAllowed(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"): true
        default: false
        }
    }
}

/// What a member is called: visible characters, words separated by single spaces.
struct ChatName: Hashable, Sendable {
    let value: String

    init(_ text: String, limits: ChatLimits) throws(ChatRefusal) {
        // Longer than any allowed name by far: not worth splitting.
        guard text.utf8.count <= 8 * limits.nameLength else { throw .tooLongName(limits) }
        let words = text.unicodeScalars.split(whereSeparator: \.properties.isWhitespace)
        guard words.joined().allSatisfy(\.isShown) else {
            throw ChatRefusal(.badName, "That name has characters that cannot be seen.")
        }
        let name = words.map { String($0) }.joined(separator: " ")
        guard name.unicodeScalars.contains(where: \.hasInk) else { throw ChatRefusal(.badName, "Others need something to call you.") }
        guard name.unicodeScalars.count <= limits.nameLength else { throw .tooLongName(limits) }
        value = name
    }

    private init(checked value: String) {
        self.value = value
    }

    /// The name, or the first of "name 2", "name 3" … that nobody in the room has.
    func unique(among taken: [ChatName]) -> ChatName {
        let taken = Set(taken.map { $0.value.lowercased() })
        if !taken.contains(value.lowercased()) { return self }
        for number in 2... where !taken.contains("\(value) \(number)".lowercased()) {
            return ChatName(checked: "\(value) \(number)")
        }
        return self
    }
}

extension ChatRefusal {
    fileprivate static func tooLongName(_ limits: ChatLimits) -> ChatRefusal {
        ChatRefusal(.badName, "A name has at most \(limits.nameLength) characters.")
    }
}

/// What somebody said: not empty, without control characters but tab and newline.
struct ChatText: Hashable, Sendable {
    let value: String

    init(_ text: String, limits: ChatLimits) throws(ChatRefusal) {
        guard text.unicodeScalars.contains(where: \.hasInk) else { throw ChatRefusal(.badText, "The message is empty.") }
        guard text.unicodeScalars.count <= limits.textLength else {
            throw ChatRefusal(.badText, "A message has at most \(limits.textLength) characters.")
        }
        guard text.unicodeScalars.allSatisfy({ $0 == "\n" || $0 == "\t" || $0.properties.generalCategory != .control }) else {
            throw ChatRefusal(.badText, "The message has control characters.")
        }
        value = text
    }
}

/// A name that a client made up at random: of its session (a secret: who knows it can take the member's place), or of a message.
struct ClientKey: Hashable, Sendable {
    let value: String

    /// 16 to 64 of A–Z, a–z, 0–9, `-` and `_`.
    init?(_ text: String) {
        guard (16...64).contains(text.utf8.count), text.utf8.allSatisfy(Self.isAllowed) else { return nil }
        value = text
    }

    private static func isAllowed(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"), UInt8(ascii: "0")...UInt8(ascii: "9"),
            UInt8(ascii: "-"), UInt8(ascii: "_"):
            true
        default: false
        }
    }
}

extension Unicode.Scalar {
    /// Not a control, format (such as those that turn the writing direction), private or unassigned character. Joiners are allowed:
    /// some scripts and emoji need them.
    fileprivate var isShown: Bool {
        if self == "\u{200D}" || self == "\u{200C}" { return true }
        switch properties.generalCategory {
        case .control, .format, .surrogate, .privateUse, .unassigned, .lineSeparator, .paragraphSeparator: return false
        default: return true
        }
    }

    /// Leaves something on the screen.
    fileprivate var hasInk: Bool {
        isShown && !properties.isWhitespace && !properties.isDefaultIgnorableCodePoint && properties.generalCategory != .nonspacingMark
            && self != "\u{2800}"
    }
}
