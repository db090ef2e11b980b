/// How we compress, and what we agree to (RFC 7692).
///
/// Compression is never on by itself: a connection has it when its configuration says so and the peer wants it. Think twice before you compress
/// a secret in one message with text that an attacker chooses (RFC 7692 §8, CRIME): send such a message uncompressed.
///
/// The defaults hold no memory for a connection between messages. With context takeover (`…NoContextTakeover: false`), later messages
/// are compressed by what earlier ones said, which makes small similar messages several times smaller; each connection then keeps about
/// 38 KB for compressing (window 12, memory level 5) and 11 to 39 KB for decompressing (window 12 to 15).
public struct DeflateConfiguration: Sendable {
    /// The server compresses each message by itself and keeps nothing between them. Default true.
    public var serverNoContextTakeover: Bool
    /// The client does. Default true.
    public var clientNoContextTakeover: Bool
    /// The binary logarithm of the window that the server compresses with, 9 to 15. Default 12: 4 KiB.
    ///
    /// zlib cannot compress with a window of 8 bits, which RFC 7692 would allow.
    public var serverMaxWindowBits: Int { didSet { self.serverMaxWindowBits = Self.windowBits.clamping(self.serverMaxWindowBits) } }
    /// The same for the client. Default 12. A client that does not let the server choose may use 15.
    public var clientMaxWindowBits: Int { didSet { self.clientMaxWindowBits = Self.windowBits.clamping(self.clientMaxWindowBits) } }
    /// zlib's compression level, 1 (fast) to 9 (small). Default 3: as fast as 1 on small messages, and smaller.
    public var level: Int { didSet { self.level = Self.levels.clamping(self.level) } }
    /// zlib's memory level, 1 to 9: how much memory finds matches and gathers symbols. Default 5.
    public var memoryLevel: Int { didSet { self.memoryLevel = Self.levels.clamping(self.memoryLevel) } }
    /// Messages below so many bytes are sent uncompressed. Default 64.
    public var minimumSize: Int
    /// What all connections with this configuration may spend together. Default ``DeflateBudget/shared``.
    public var budget: DeflateBudget

    private static let windowBits = 9...15
    private static let levels = 1...9

    /// A configuration; values out of range are brought into it.
    public init(
        serverNoContextTakeover: Bool = true,
        clientNoContextTakeover: Bool = true,
        serverMaxWindowBits: Int = 12,
        clientMaxWindowBits: Int = 12,
        level: Int = 3,
        memoryLevel: Int = 5,
        minimumSize: Int = 64,
        budget: DeflateBudget = .shared
    ) {
        self.serverNoContextTakeover = serverNoContextTakeover
        self.clientNoContextTakeover = clientNoContextTakeover
        self.serverMaxWindowBits = Self.windowBits.clamping(serverMaxWindowBits)
        self.clientMaxWindowBits = Self.windowBits.clamping(clientMaxWindowBits)
        self.level = Self.levels.clamping(level)
        self.memoryLevel = Self.levels.clamping(memoryLevel)
        self.minimumSize = minimumSize
        self.budget = budget
    }
}

extension ClosedRange<Int> {
    fileprivate func clamping(_ value: Int) -> Int {
        Swift.min(Swift.max(value, self.lowerBound), self.upperBound)
    }
}
