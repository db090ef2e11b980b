import NIOCore

/// How and why a connection ended.
public struct CloseReason: Hashable, Sendable {
    /// Who ended it.
    public enum Origin: Hashable, Sendable {
        /// The peer sent its Close frame first.
        case peer
        /// We sent our Close frame first: the application closed, or the peer broke a rule.
        case us
        /// The connection was lost without a Close frame from either side, or a deadline passed.
        case lost
    }

    /// The code of the Close frame; 1005 when it held none, 1006 when there was no Close frame.
    public let code: CloseCode
    /// The text beside the code, at most 123 bytes of UTF-8; for logs, not for people.
    public let text: String
    /// Who ended it.
    public let origin: Origin

    /// A reason as it is told to the application.
    public init(code: CloseCode, text: String = "", origin: Origin) {
        self.code = code
        self.text = text
        self.origin = origin
    }

    /// Whether Close frames ended the connection, rather than a loss of it.
    public var isClean: Bool { origin != .lost }

    /// The connection was lost (1006), with the cause as far as it is known.
    public static func lost(_ text: String) -> CloseReason {
        CloseReason(code: .abnormalClosure, text: text, origin: .lost)
    }
}

extension CloseReason: CustomStringConvertible {
    /// Code, origin and text.
    public var description: String {
        let by =
            switch origin {
            case .peer: "by the peer"
            case .us: "by us"
            case .lost: "lost"
            }
        return text.isEmpty ? "\(code) \(by)" : "\(code) \(by): \(text)"
    }
}

extension CloseReason {
    /// A control frame's payload is at most 125 bytes (RFC 6455 §5.5), two of which hold the code.
    static let maxTextBytes = 123

    /// What `text` a Close frame can hold: cut at a character, never inside one.
    static func cut(_ text: String) -> String {
        var left = maxTextBytes
        return String(
            text.prefix { character in
                left -= character.utf8.count
                return left >= 0
            })
    }

    /// The body of our Close frame (RFC 6455 §5.5.1); empty when the code may not be sent.
    var body: ByteBuffer {
        var body = ByteBuffer()
        guard code.isSendable else { return body }
        body.writeInteger(code.rawValue)
        body.writeString(Self.cut(text))
        return body
    }

    /// Reads the body of a peer's Close frame (RFC 6455 §5.5.1, §7.4).
    static func parse(_ body: UnsafeRawBufferPointer) throws(ProtocolViolation) -> CloseReason {
        if body.isEmpty { return CloseReason(code: .noStatusReceived, origin: .peer) }
        guard body.count >= 2 else { throw .closeBodyOfOneByte }
        let code = CloseCode(rawValue: UInt16(body[0]) << 8 | UInt16(body[1]))
        guard code.isSendable else { throw .reservedCloseCode(code) }
        let rest = UnsafeRawBufferPointer(rebasing: body[2...])
        guard UTF8Validator.isValid(rest) else { throw .closeReasonNotUTF8 }
        return CloseReason(code: code, text: String(decoding: rest, as: UTF8.self), origin: .peer)
    }
}
