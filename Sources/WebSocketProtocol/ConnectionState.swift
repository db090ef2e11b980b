// All transitions of a connection's life are in this file.
//
//                        close()                    Close frame from the peer        rule broken by the peer     end of bytes
//   open                 → closingByUs  send Close   → closingByPeer  answer Close    → discarding  send Close    → closed (1006)
//   closingByUs          –                           → closingByUs, answered          → discarding                → closed
//   closingByPeer        –                           (input is not looked at)         –                           → closed
//   discarding           –                           (input is not looked at)         –                           → closed
//   closed               –                           –                                –                           –
//
// After both Close frames the server closes the TCP connection and the client waits for that (RFC 6455 §7.1.1).

public import NIOCore

/// Where a connection is in its life, and who is ending it.
public enum ConnectionState: Hashable, Sendable {
    case open
    /// Our Close frame is out; `answered` when the peer's has come.
    case closingByUs(CloseReason, answered: Bool)
    /// The peer's Close frame came and is answered.
    case closingByPeer(CloseReason)
    /// The peer broke a rule: our Close frame is out and its bytes are thrown away until it closes.
    case discarding(CloseReason)
    case closed(CloseReason)

    /// The reason, from the moment it is known.
    public var reason: CloseReason? {
        switch self {
        case .open: nil
        case .closingByUs(let reason, _), .closingByPeer(let reason), .discarding(let reason), .closed(let reason): reason
        }
    }
}

extension WebSocketMachine {
    /// Whether data may be sent.
    @inline(__always)
    public var isOpen: Bool {
        if case .open = state { true } else { false }
    }

    /// Whether what the peer sends is still looked at.
    var isReceiving: Bool {
        switch state {
        case .open, .closingByUs(_, answered: false): true
        default: false
        }
    }

    /// Whether the closing handshake is over, so that the TCP connection has no more use: the server closes it, the client waits for that.
    public var isHandshakeOver: Bool {
        switch state {
        case .closingByUs(_, answered: true), .closingByPeer, .closed: true
        default: false
        }
    }

    /// Whether the owner should close the TCP connection once the output is sent (RFC 6455 §7.1.1: the server closes first).
    public var wantsDisconnect: Bool {
        if case .closed = state { return true }
        return isHandshakeOver && role == .server
    }

    /// Whether the owner should end its side of the TCP connection and wait for the peer's end: the peer broke a rule, and closing at
    /// once could destroy our Close frame on its way.
    public var wantsHalfClose: Bool {
        if case .discarding = state { true } else { false }
    }

    /// Starts the closing handshake (RFC 6455 §7.1.2). A no-op unless the connection is open.
    ///
    /// - Parameters:
    ///   - code: a code that may not be sent (``CloseCode/isSendable``) gives an empty Close frame.
    ///   - text: cut to 123 bytes at a character.
    ///   - output: what is to be sent; the frame is appended.
    public mutating func close(code: CloseCode = .normalClosure, reason text: String = "", into output: inout ByteBuffer) {
        guard isOpen else { return }
        let reason =
            code.isSendable
            ? CloseReason(code: code, text: CloseReason.cut(text), origin: .us) : CloseReason(code: .noStatusReceived, origin: .us)
        state = .closingByUs(reason, answered: false)
        writeControl(.close, reason.body, into: &output)
    }

    /// The peer's Close frame (RFC 6455 §5.5.1): answered with its own code, unless it is the answer to ours.
    mutating func receivedClose(_ reason: CloseReason, into output: inout ByteBuffer) {
        switch state {
        case .open:
            state = .closingByPeer(reason)
            writeControl(.close, CloseReason(code: reason.code, origin: .peer).body, into: &output)
        case .closingByUs(let ours, answered: false):
            state = .closingByUs(ours, answered: true)
        case .closingByUs, .closingByPeer, .discarding, .closed:
            break
        }
        inbound.forget()
    }

    /// The peer broke a rule (RFC 6455 §7.1.7, _Fail the WebSocket Connection_).
    mutating func fail(_ violation: ProtocolViolation, into output: inout ByteBuffer) {
        let reason = CloseReason(code: violation.closeCode, text: violation.rule, origin: .us)
        switch state {
        case .open:
            state = .discarding(reason)
            writeControl(.close, reason.body, into: &output)
        case .closingByUs(let ours, answered: false):
            state = .discarding(ours)
        case .closingByUs, .closingByPeer, .discarding, .closed:
            break
        }
        inbound.forget()
    }

    /// The peer's bytes have ended, or the connection is gone. Returns how it ended.
    @discardableResult
    public mutating func receiveEnd(_ cause: String = "the connection ended without a Close frame") -> CloseReason {
        let reason: CloseReason
        switch state {
        case .open, .closingByUs(_, answered: false): reason = .lost(cause)
        case .closingByUs(let known, _), .closingByPeer(let known), .discarding(let known), .closed(let known): reason = known
        }
        state = .closed(reason)
        inbound.forget()
        return reason
    }

    /// The owner ends the connection without a closing handshake. A loss is told whatever came before; other reasons, unless there is one.
    package mutating func abandon(_ reason: CloseReason) {
        if case .closed = state { return }
        state = .closed(reason.origin == .lost ? reason : state.reason ?? reason)
        inbound.forget()
    }
}
