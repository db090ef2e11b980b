/// What a channel may be called.
public struct ChannelNameRules: Hashable, Sendable {
    /// What is wrong with a name.
    public enum Violation: Error, Hashable, Sendable {
        case isEmpty
        case isTooLong(bytes: Int, limit: Int)
        case hasForbiddenCharacter
    }

    /// Which characters a name may have.
    public enum Alphabet: Hashable, Sendable {
        /// `!` to `~`: what looks the same everywhere, is compared byte by byte, and can't break a line of a log.
        case printableASCII
        /// All but control characters. Names are equal if Unicode says that they are.
        case unicode
    }

    /// How long a name may be, in bytes of UTF-8.
    public var maximumBytes: Int
    /// Which characters it may have.
    public var alphabet: Alphabet

    public init(maximumBytes: Int = 255, alphabet: Alphabet = .printableASCII) {
        self.maximumBytes = maximumBytes
        self.alphabet = alphabet
    }

    /// Throws if the name breaks a rule.
    public func check(_ name: String) throws(Violation) {
        let count = name.utf8.count
        if count == 0 { throw .isEmpty }
        if count > maximumBytes { throw .isTooLong(bytes: count, limit: maximumBytes) }
        if !isAllowed(name) { throw .hasForbiddenCharacter }
    }

    private func isAllowed(_ name: String) -> Bool {
        switch alphabet {
        case .printableASCII: name.utf8.allSatisfy { (0x21...0x7E).contains($0) }
        case .unicode: name.unicodeScalars.allSatisfy { $0.value >= 0x20 && !(0x7F...0x9F).contains($0.value) }
        }
    }
}
