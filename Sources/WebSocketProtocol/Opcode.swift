/// What a frame is (RFC 6455 §5.2): four bits, of which six values have a meaning.
public struct Opcode: RawRepresentable, Hashable, Sendable {
    /// The four bits.
    public let rawValue: UInt8

    /// The lower four bits of `rawValue`.
    public init(rawValue: UInt8) {
        self.rawValue = rawValue & 0x0f
    }

    /// The next fragment of a message.
    public static let continuation = Opcode(rawValue: 0x0)
    /// A text, or its first fragment.
    public static let text = Opcode(rawValue: 0x1)
    /// A binary message, or its first fragment.
    public static let binary = Opcode(rawValue: 0x2)
    /// The last frame of its sender.
    public static let close = Opcode(rawValue: 0x8)
    /// Asks for a pong.
    public static let ping = Opcode(rawValue: 0x9)
    /// Answers a ping, or is a sign of life.
    public static let pong = Opcode(rawValue: 0xa)

    /// Whether frames of this opcode are control frames (RFC 6455 §5.5): the most significant bit says so.
    public var isControl: Bool { rawValue & 0x8 != 0 }

    /// Whether RFC 6455 gives this opcode a meaning; 3–7 and 11–15 are reserved.
    public var isDefined: Bool { rawValue <= 0x2 || (0x8...0xa).contains(rawValue) }
}

extension Opcode: CustomStringConvertible {
    /// The name of the RFC.
    public var description: String {
        switch self {
        case .continuation: "continuation"
        case .text: "text"
        case .binary: "binary"
        case .close: "close"
        case .ping: "ping"
        case .pong: "pong"
        default: "reserved(\(rawValue))"
        }
    }
}
