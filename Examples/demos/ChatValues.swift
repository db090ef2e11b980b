// What people choose in the chat. Each can only be made from what is allowed, so that nothing behind it has to look again.

import RealtimeHub

/// What somebody is called: visible characters, words separated by single spaces.
struct ChatName: Hashable, Sendable {
    static let maxLength = 32
    let text: String

    /// The length is in Unicode scalars (an accent counts), so that a name cannot grow upwards without end.
    init(_ text: String) throws(HubRefusal) {
        // Longer than any allowed name by far: not worth splitting.
        guard text.utf8.count <= 8 * Self.maxLength else { throw .badName("A name has at most \(Self.maxLength) characters.") }
        let words = text.unicodeScalars.split(whereSeparator: \.properties.isWhitespace)
        guard words.joined().allSatisfy(\.isShown) else { throw .badName("That name has characters that cannot be seen.") }
        let name = words.map { String($0) }.joined(separator: " ")
        guard name.unicodeScalars.contains(where: \.hasInk) else { throw .badName("Others need something to call you.") }
        guard name.unicodeScalars.count <= Self.maxLength else { throw .badName("A name has at most \(Self.maxLength) characters.") }
        self.text = name
    }

    private init(checked text: String) {
        self.text = text
    }

    /// The name, or the first of "name 2", "name 3" … that is not taken.
    func unique(among taken: [ChatName]) -> ChatName {
        let taken = Set(taken.map { $0.text.lowercased() })
        if !taken.contains(text.lowercased()) { return self }
        for number in 2... where !taken.contains("\(text) \(number)".lowercased()) { return ChatName(checked: "\(text) \(number)") }
        return self
    }
}

/// What somebody says: not empty, without control characters but tab and newline.
struct ChatText: Hashable, Sendable {
    static let maxLength = 2_000
    let text: String

    init(_ text: String) throws(HubRefusal) {
        guard text.unicodeScalars.contains(where: \.hasInk) else { throw .badText("The message is empty.") }
        guard text.unicodeScalars.count <= Self.maxLength else { throw .badText("A message has at most \(Self.maxLength) characters.") }
        guard text.unicodeScalars.allSatisfy({ $0 == "\n" || $0 == "\t" || $0.properties.generalCategory != .control }) else {
            throw .badText("The message has control characters.")
        }
        self.text = text
    }
}

/// A name that a page made up at random: of its session (a secret: who knows it can take its place), or of a message.
struct ChatKey: Hashable, Sendable {
    let text: String

    /// 16 to 64 of A–Z, a–z, 0–9, `-` and `_`.
    init(_ text: String) throws(HubRefusal) {
        guard (16...64).contains(text.utf8.count), text.utf8.allSatisfy(Self.isAllowed) else { throw .badKey }
        self.text = text
    }

    /// The same for the same session as long as the process runs. Swift's hashes are keyed at random per process, and 64 bits do not tell a secret
    /// of 128.
    var publicID: String { String(UInt(bitPattern: text.hashValue), radix: 36) }

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
