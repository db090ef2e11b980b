/// A rule that the peer broke, named by its clause, and the close code that answers it.
///
/// The description goes to the log and, in the Close frame, to the peer.
public struct ProtocolViolation: Error, Hashable, Sendable {
    /// The code that the connection is closed with.
    public let closeCode: CloseCode
    /// The rule, after its clause: `RFC 6455 §5.1: …`.
    public let rule: String

    init(_ closeCode: CloseCode, _ rule: String) {
        self.closeCode = closeCode
        self.rule = rule
    }
}

extension ProtocolViolation: CustomStringConvertible {
    /// The rule.
    public var description: String { rule }
}

extension ProtocolViolation {
    // RFC 6455 §5: frames
    static let unmaskedFrame = ProtocolViolation(.protocolError, "RFC 6455 §5.1: a client must mask every frame")
    static let maskedFrame = ProtocolViolation(.protocolError, "RFC 6455 §5.1: a server must not mask frames")
    static let reservedBits = ProtocolViolation(.protocolError, "RFC 6455 §5.2: a reserved bit is set that no extension has defined")
    static let compressedControlOrContinuation = ProtocolViolation(
        .protocolError, "RFC 7692 §6: only the first frame of a data message may have RSV1 set")
    static let reservedOpcode = ProtocolViolation(.protocolError, "RFC 6455 §5.2: a reserved opcode")
    static let lengthNotMinimal = ProtocolViolation(.protocolError, "RFC 6455 §5.2: a length not in its shortest form")
    static let lengthTopBit = ProtocolViolation(.protocolError, "RFC 6455 §5.2: a length with its most significant bit set")
    static let fragmentedControlFrame = ProtocolViolation(.protocolError, "RFC 6455 §5.5: a control frame must not be fragmented")
    static let longControlFrame = ProtocolViolation(.protocolError, "RFC 6455 §5.5: a control frame of over 125 bytes")
    static let loneContinuation = ProtocolViolation(.protocolError, "RFC 6455 §5.4: a continuation frame without a message to continue")
    static let unfinishedMessage = ProtocolViolation(.protocolError, "RFC 6455 §5.4: a new message inside an unfinished one")

    // RFC 6455 §5.5.1, §7.4: Close frames
    static let closeBodyOfOneByte = ProtocolViolation(.protocolError, "RFC 6455 §5.5.1: a Close frame with half a close code")
    static let closeReasonNotUTF8 = ProtocolViolation(.invalidPayload, "RFC 6455 §5.5.1: a close reason that is not UTF-8")
    static func reservedCloseCode(_ code: CloseCode) -> ProtocolViolation {
        ProtocolViolation(.protocolError, "RFC 6455 §7.4: close code \(code.rawValue) must not be sent")
    }

    // RFC 6455 §8.1, RFC 7692: payloads
    static let textNotUTF8 = ProtocolViolation(.invalidPayload, "RFC 6455 §8.1: text that is not UTF-8")
    static let corruptCompression = ProtocolViolation(.invalidPayload, "RFC 7692 §7.2.2: a compressed message that does not inflate")
    static let noMemoryToInflate = ProtocolViolation(.tryAgainLater, "RFC 6455 §10.4: the memory budget for compression is used up")

    // RFC 6455 §10.4: limits
    static func messageTooBig(limit: Int) -> ProtocolViolation {
        ProtocolViolation(.messageTooBig, "RFC 6455 §10.4: a message of over \(limit) bytes")
    }
    static func tooManyFragments(limit: Int) -> ProtocolViolation {
        ProtocolViolation(.policyViolation, "RFC 6455 §10.4: a message of over \(limit) fragments")
    }
    static let tooManyControlFrames = ProtocolViolation(.policyViolation, "RFC 6455 §10.4: too many pings and pongs")
    static let messageTimedOut = ProtocolViolation(.policyViolation, "RFC 6455 §10.4: a message was left unfinished for too long")
}
