public import NIOCore
public import WebSocketProtocol

/// The other end of a machine under test: it says what it likes, right or wrong, and looks at what comes back. A test reads like the RFC:
///
/// ```swift
/// let peer = ScriptedPeer(of: .server)
/// try peer.sends(.text("Hello")).expect(.message(.text, "Hello"))
/// try peer.sends(.ping("x")).expectReplies(.pong("x"))
/// try peer.sends(.text("x").unmasked).expectFailure(1002, clause: "§5.1")
/// ```
public final class ScriptedPeer {
    /// The machine under test and its record.
    public let subject: RecordedMachine
    /// How what is sent is cut into reads.
    public var splitting: Splitting

    /// - Parameters:
    ///   - role: the role of the machine under test; the peer has the other one.
    ///   - settings: limits and deadlines of the machine.
    ///   - compressor: permessage-deflate, if the two are to have agreed to it.
    ///   - splitting: how what the peer sends is cut into reads.
    ///   - application: what the application above the machine does with its events.
    public init(
        of role: WebSocketRole,
        settings: WebSocketMachineSettings = WebSocketMachineSettings(),
        compressor: (any MessageCompressor)? = nil,
        splitting: Splitting = .whole,
        application: RecordedMachine.Application? = nil
    ) {
        subject = RecordedMachine(WebSocketMachine(role: role, settings: settings, compressor: compressor), application: application)
        self.splitting = splitting
    }

    /// The role that this peer plays.
    public var role: WebSocketRole { subject.machine.role == .server ? .client : .server }

    /// Sends frames, and returns what the machine did.
    @discardableResult
    public func sends(_ frames: RawFrame...) -> Reaction {
        sends(frames)
    }

    /// Sends frames, and returns what the machine did.
    @discardableResult
    public func sends(_ frames: [RawFrame]) -> Reaction {
        sends(bytes: frames.flatMap { $0.bytes(from: role) })
    }

    /// Sends bytes of any kind, and returns what the machine did.
    @discardableResult
    public func sends(bytes: [UInt8]) -> Reaction {
        let before = subject.events.count
        subject.receive(bytes, splitting: splitting)
        return reaction(since: before)
    }

    /// Lets the application act on the machine, and returns what was sent.
    @discardableResult
    public func after(_ action: (_ machine: inout WebSocketMachine, _ output: inout ByteBuffer) -> Void) -> Reaction {
        let before = subject.events.count
        action(&subject.machine, &subject.output)
        return reaction(since: before)
    }

    private func reaction(since count: Int) -> Reaction {
        Reaction(events: Array(subject.events.dropFirst(count)), replies: Result { try subject.takeFrames() }, state: subject.machine.state)
    }
}

/// What a machine did with the bytes it was given.
public struct Reaction {
    /// The events that it told the application of.
    public let events: [WebSocketEvent]
    let replies: Result<[RawFrame], any Error>
    /// The state it is in now.
    public let state: ConnectionState

    /// The frames it sent.
    public var frames: [RawFrame] { get throws { try replies.get() } }

    /// It told of exactly these events.
    @discardableResult
    public func expect(_ expected: WebSocketEvent...) throws -> Reaction {
        try expect(expected)
    }

    /// It told of exactly these events.
    @discardableResult
    public func expect(_ expected: [WebSocketEvent]) throws -> Reaction {
        guard events == expected else { throw Unexpected(expected: expected, got: events) }
        return self
    }

    /// It sent exactly these frames, masked as its role asks.
    @discardableResult
    public func expectReplies(_ expected: RawFrame...) throws -> Reaction {
        try expectReplies(expected)
    }

    /// It sent exactly these frames, masked as its role asks.
    @discardableResult
    public func expectReplies(_ expected: [RawFrame]) throws -> Reaction {
        let frames = try frames.map(\.meaning)
        guard frames == expected.map(\.meaning) else { throw Unexpected(expected: expected, got: frames) }
        return self
    }

    /// It did nothing at all.
    public func expectNothing() throws {
        try expect().expectReplies()
    }

    /// It failed the connection (RFC 6455 §7.1.7): a violation that names the clause, one Close frame with the code and the rule, and
    /// from now on it throws away what comes.
    ///
    /// `earlier` are the events before the violation.
    public func expectFailure(_ code: CloseCode, clause: String, after earlier: WebSocketEvent...) throws {
        try expectFailure(code, clause: clause, after: earlier)
    }

    /// As above, with a list.
    public func expectFailure(_ code: CloseCode, clause: String, after earlier: [WebSocketEvent]) throws {
        guard case .violation(let violation)? = events.last else { throw Unexpected("no violation (\(code), \(clause)): \(events)") }
        guard violation.closeCode == code, violation.rule.contains("\(clause):") else {
            throw Unexpected("\(violation.closeCode), \(violation.rule) instead of \(code), \(clause)")
        }
        guard Array(events.dropLast()) == earlier else { throw Unexpected(expected: earlier, got: Array(events.dropLast())) }
        guard case .discarding = state else { throw Unexpected("state \(state) after a violation") }
        guard let close = try frames.last, close.opcode == .close, close.closeCode == code, close.closeText == violation.rule else {
            throw Unexpected("no Close frame of \(code) with \"\(violation.rule)\": \(try frames)")
        }
    }
}

extension WebSocketEvent {
    /// A whole message, by its text.
    public static func message(_ kind: MessageKind, _ text: String) -> WebSocketEvent { .message(kind, ByteBuffer(string: text)) }
    /// A whole binary message.
    public static func message(bytes: [UInt8]) -> WebSocketEvent { .message(.binary, ByteBuffer(bytes: bytes)) }
    /// A part of a message, by its text.
    public static func part(_ kind: MessageKind, _ text: String, isFinal: Bool) -> WebSocketEvent {
        .part(kind, ByteBuffer(string: text), isFinal: isFinal)
    }
    /// A Ping, by its payload's text.
    public static func ping(_ text: String) -> WebSocketEvent { .ping(ByteBuffer(string: text)) }
    /// A Pong, by its payload's text.
    public static func pong(_ text: String) -> WebSocketEvent { .pong(ByteBuffer(string: text)) }
    /// The peer's Close frame.
    public static func close(_ code: CloseCode, _ text: String = "") -> WebSocketEvent {
        .close(CloseReason(code: code, text: text, origin: .peer))
    }
}
