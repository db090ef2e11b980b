import Crypto
public import FoundationEssentials

/// The keys that may be presented, by their hashes: whoever reads them cannot use them.
///
/// Keys are long and random (`openssl rand -hex 32`), so one round of SHA-256 is enough; for passwords it would not be. To change a key, add the new one, give it to
/// those who call, and take the old one out, or let it end by itself.
public struct APIKeys: Sendable {
    /// One of them.
    public struct Key: Hashable, Sendable {
        /// What it is called, for logs: whose it is, or since when.
        public let name: String
        /// When it ends; nil: never.
        public let validUntil: Date?
        fileprivate let hash: [UInt8]

        /// - Parameters:
        ///   - name: what it is called.
        ///   - text: the key itself. It is not kept.
        ///   - validUntil: when it ends.
        public init(_ name: String, _ text: String, validUntil: Date? = nil) {
            self.name = name
            self.validUntil = validUntil
            hash = APIKeys.hash(text)
        }

        /// - Parameters:
        ///   - name: what it is called.
        ///   - sha256: the hash of the key in hexadecimal digits, as `printf %s KEY | sha256sum` writes it; nil comes of anything else.
        ///   - validUntil: when it ends.
        public init?(_ name: String, sha256: String, validUntil: Date? = nil) {
            let digits = sha256.utf8.compactMap { Character(Unicode.Scalar($0)).hexDigitValue }
            guard digits.count == 64, sha256.utf8.count == 64 else { return nil }
            self.name = name
            self.validUntil = validUntil
            hash = stride(from: 0, to: 64, by: 2).map { UInt8(digits[$0] << 4 | digits[$0 + 1]) }
        }

        /// Whether it has not ended.
        public func isValid(at now: Date = Date()) -> Bool { validUntil.map { now < $0 } ?? true }
    }

    private let keys: [Key]

    /// - Parameter keys: any of which may be presented.
    public init(_ keys: [Key]) {
        self.keys = keys
    }

    /// Which key a text is; nil if it is none, or one that has ended. It takes the same time whichever it is, and wherever it differs.
    public func key(_ text: String, at now: Date = Date()) -> Key? {
        let hash = Self.hash(text)
        var found: Key?
        for key in keys {
            let isEqual = constantTimeEquals(key.hash, hash)
            if isEqual { found = key }
        }
        guard let found, found.isValid(at: now) else { return nil }
        return found
    }

    private static func hash(_ text: String) -> [UInt8] {
        var hash = SHA256()
        var text = text
        text.withUTF8 { hash.update(bufferPointer: UnsafeRawBufferPointer($0)) }
        return Array(hash.finalize())
    }
}

/// Whether two texts are the same, in a time that depends on the length of the second alone, not on where they differ: for secrets.
///
/// - Parameters:
///   - secret: ours.
///   - presented: the other's.
public func constantTimeEquals(_ secret: [UInt8], _ presented: [UInt8]) -> Bool {
    var difference = secret.count ^ presented.count
    for (index, byte) in presented.enumerated() {
        difference |= Int(byte ^ (secret.isEmpty ? 0xFF : secret[index % secret.count]))
    }
    return difference == 0
}
