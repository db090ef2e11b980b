public import WebSocketProtocol

/// What goes wrong with a socket. A close handshake is not an error: it ends ``WebSocket/messages``.
public enum WebSocketError: Error, Hashable, Sendable {
    /// Sending on a socket that is closed or closing.
    case closed(CloseReason)
    /// The connection was lost while messages were being read.
    case lost(CloseReason)
    /// The peer broke a rule of the protocol, and was told so.
    case violation(ProtocolViolation)
    /// A second reader of ``WebSocket/messages`` or ``WebSocket/parts``; there is one at a time.
    case alreadyReading
    /// The socket delivers its messages to a ``WebSocketDelegate``.
    case readByDelegate
    /// Writing a part of a message that is over (``MessageWriter``).
    case messageIsOver
}

extension WebSocketError: CustomStringConvertible {
    public var description: String {
        switch self {
        case .closed(let reason): "the socket is closed: \(reason)"
        case .lost(let reason): "the connection was lost: \(reason)"
        case .violation(let violation): "the peer broke a rule: \(violation)"
        case .alreadyReading: "the socket has a reader already"
        case .readByDelegate: "the socket's messages go to its delegate"
        case .messageIsOver: "the message in parts is over"
        }
    }
}
