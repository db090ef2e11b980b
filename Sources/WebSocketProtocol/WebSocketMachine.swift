// Strategy: the protocol without I/O. Bytes, the end of the stream and the time go in; events and bytes to send come out. There is no
// socket, task, clock or lock in here, and client and server are the same machine with a role.
//
//   receive(_:into:)           bytes in; what they mean is noted in a batch           Receiving.swift
//   nextEvent(from:output:)    the next event; automatic answers are appended          Responding.swift
//   send…(…, into:)            frames out                                              Sending.swift
//   close(…), receiveEnd(…)    the life of the connection, all transitions             ConnectionState.swift
//   advance(to:isListening:output:)        time                                                    Timers.swift

import NIOCore

/// What a protocol machine is told once, for all connections of a kind.
public final class WebSocketMachineSettings: Sendable {
    /// What a peer may cost.
    public let limits: WebSocketLimits
    /// How a quiet connection is kept open; nil: not at all.
    public let keepalive: Keepalive?
    /// Whether messages are delivered in parts, as they arrive (``WebSocketEvent/part(_:_:isFinal:)``); then `maxMessageSize` does not apply.
    public let deliversParts: Bool

    /// The defaults, but for what is given.
    public init(limits: WebSocketLimits = WebSocketLimits(), keepalive: Keepalive? = nil, deliversParts: Bool = false) {
        var limits = limits
        limits.maxMessageSize = min(limits.maxMessageSize, WebSocketLimits.largestMessage)
        self.limits = limits
        self.keepalive = keepalive
        self.deliversParts = deliversParts
    }
}

/// One end of a WebSocket connection (RFC 6455) after its opening handshake, as a value.
///
/// ```swift
/// var machine = WebSocketMachine(role: .server), batch = EventBatch(), output = ByteBuffer()
/// machine.receive(bytes, into: &batch)
/// while let event = machine.nextEvent(from: &batch, output: &output) {
///     if case .message(let kind, let payload) = event { machine.send(payload, kind, into: &output) }
/// }
/// // now send `output`, and close the connection when `machine.wantsDisconnect`
/// ```
public struct WebSocketMachine {
    // What sending needs lies together, at the beginning.
    /// Which end this is.
    public let role: WebSocketRole
    /// A message of ours is being sent in fragments.
    var isSendingFragments = false
    /// Where the connection is in its life; ``ConnectionState`` has the transitions.
    public internal(set) var state = ConnectionState.open

    /// The longest message that takes the short way through the parser; none does if parts are delivered.
    let simpleLimit: Int
    var inbound: InboundState
    var timers: Timers
    let settings: WebSocketMachineSettings
    let compressor: (any MessageCompressor)?
    var masks: MaskGenerator?

    /// While the owner can't send, pings are answered with the last one only (RFC 6455 §5.5.3), so that a peer that pings and does not
    /// read costs one pong. Set it back to false and call ``flushPong(into:)`` when output flows again.
    public var outputIsBlocked = false
    var pendingPong: ByteBuffer?

    /// - Parameters:
    ///   - role: which end of the connection this is.
    ///   - settings: limits, keepalive, and whether messages come in parts.
    ///   - compressor: permessage-deflate, if the handshake agreed to it.
    ///   - now: the time; deadlines count from it.
    ///   - phase: where in the keepalive interval the first Ping comes, 0..<1; choose it at random.
    public init(
        role: WebSocketRole,
        settings: WebSocketMachineSettings = WebSocketMachineSettings(),
        compressor: (any MessageCompressor)? = nil,
        now: MonotonicTime = MonotonicTime(nanoseconds: 0),
        phase: Double = 0
    ) {
        self.role = role
        self.settings = settings
        self.compressor = compressor
        self.inbound = InboundState(controlTokens: settings.limits.controlFrameBurst)
        self.simpleLimit = settings.deliversParts ? -1 : settings.limits.maxMessageSize
        self.masks = role == .client ? MaskGenerator() : nil
        self.timers = Timers(settings: settings, now: now, phase: phase)
    }

    var limits: WebSocketLimits { settings.limits }
}

/// What is kept of the input between two calls.
struct InboundState {
    /// The start of a header that is not here whole.
    var carry: (UInt64, UInt64) = (0, 0)
    var carryCount = 0

    /// The frame whose payload is arriving.
    var frame = FrameHeader(first: 0, length: 0, key: nil)
    var payloadLeft = 0
    var key = MaskingKey.none
    /// A control frame's payload, if it comes in pieces.
    var control = ByteBuffer()

    /// The message that is arriving in pieces, or nil between messages.
    var message: MessageKind?
    var isCompressed = false
    var fragments = 0
    /// Bytes of the message on the wire.
    var wireBytes = 0
    var gathered = ByteBuffer()
    var utf8 = UTF8Validator()

    /// Rises with each message or frame that came in pieces, so that a timer can tell one from the next.
    var serial: UInt32 = 0
    /// The biggest message so far: a declared length up to it is believed, and room made at once.
    var biggest = 0
    /// Pings and pongs that may still come (``WebSocketLimits/controlFramesPerSecond``).
    var controlTokens: Int
    /// Input that waits until the batch is worked off.
    var unparsed: ByteBuffer?

    init(controlTokens: Int) {
        self.controlTokens = controlTokens
    }

    /// A part was delivered: what comes next is looked at as if it were new.
    mutating func progressed() {
        fragments = 0
        serial &+= 1
    }

    mutating func endMessage() {
        message = nil
        isCompressed = false
        fragments = 0
        wireBytes = 0
    }

    /// Nothing more will be looked at: gives back what was kept for it.
    mutating func forget() {
        gathered = ByteBuffer()
        control = ByteBuffer()
        unparsed = nil
    }
}
