/// Why a connection ends, as a number (RFC 6455 §7.4 and the IANA registry of close codes).
///
/// The set is open: 3000–3999 are registered with IANA by libraries, 4000–4999 belong to the application.
///
/// ```swift
/// await socket.close(code: 4001, reason: "signed in elsewhere")
/// ```
public struct CloseCode: RawRepresentable, Hashable, Sendable {
    /// The number.
    public let rawValue: UInt16

    /// Any number; not all may be sent (``isSendable``).
    public init(rawValue: UInt16) {
        self.rawValue = rawValue
    }

    /// The purpose of the connection is fulfilled.
    public static let normalClosure = CloseCode(rawValue: 1000)
    /// A server is going down, or a browser has left the page.
    public static let goingAway = CloseCode(rawValue: 1001)
    /// The other side broke a rule of the protocol.
    public static let protocolError = CloseCode(rawValue: 1002)
    /// A kind of data that this endpoint does not accept.
    public static let unsupportedData = CloseCode(rawValue: 1003)
    /// Never sent: the Close frame held no code.
    public static let noStatusReceived = CloseCode(rawValue: 1005)
    /// Never sent: the connection was lost without a Close frame.
    public static let abnormalClosure = CloseCode(rawValue: 1006)
    /// Data that does not fit the message's kind, such as text that is not UTF-8.
    public static let invalidPayload = CloseCode(rawValue: 1007)
    /// A message or a behaviour against the endpoint's policy.
    public static let policyViolation = CloseCode(rawValue: 1008)
    /// A message too big to process.
    public static let messageTooBig = CloseCode(rawValue: 1009)
    /// Sent by clients only: the server did not agree to an extension that the client needs.
    public static let mandatoryExtension = CloseCode(rawValue: 1010)
    /// An unexpected condition kept the endpoint from doing its work.
    public static let internalError = CloseCode(rawValue: 1011)
    /// The service restarts: reconnect after a random delay (registered with IANA).
    public static let serviceRestart = CloseCode(rawValue: 1012)
    /// The service is overloaded: reconnect later, or elsewhere (registered with IANA).
    public static let tryAgainLater = CloseCode(rawValue: 1013)
    /// A gateway got an invalid answer from the server behind it (registered with IANA).
    public static let badGateway = CloseCode(rawValue: 1014)
    /// Never sent: the TLS handshake failed.
    public static let tlsHandshake = CloseCode(rawValue: 1015)

    /// Whether the code may stand in a Close frame (RFC 6455 §7.4.1, §7.4.2): 1000–1003, 1007–1014, and 3000–4999.
    public var isSendable: Bool {
        switch rawValue {
        case 1000...1003, 1007...1014, 3000...4999: true
        default: false
        }
    }
}

extension CloseCode: ExpressibleByIntegerLiteral {
    /// A code by its number.
    public init(integerLiteral value: UInt16) {
        self.init(rawValue: value)
    }
}

extension CloseCode: CustomStringConvertible {
    /// The number, and its name if it has one.
    public var description: String {
        guard let name else { return String(rawValue) }
        return "\(rawValue) (\(name))"
    }

    private var name: String? {
        switch self {
        case .normalClosure: "normal closure"
        case .goingAway: "going away"
        case .protocolError: "protocol error"
        case .unsupportedData: "unsupported data"
        case .noStatusReceived: "no status received"
        case .abnormalClosure: "abnormal closure"
        case .invalidPayload: "invalid payload"
        case .policyViolation: "policy violation"
        case .messageTooBig: "message too big"
        case .mandatoryExtension: "mandatory extension"
        case .internalError: "internal error"
        case .serviceRestart: "service restart"
        case .tryAgainLater: "try again later"
        case .badGateway: "bad gateway"
        case .tlsHandshake: "TLS handshake"
        default: nil
        }
    }
}
