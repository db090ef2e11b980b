// Strategy: one read from the network may hold thousands of small messages. The machine parses all of them in one pass, unmasking the
// payloads side by side into one buffer, and notes of each only where it lies. Nothing is allocated per message, and one batch serves
// all connections of an event loop in turn, so a quiet connection owns no buffer at all.

public import NIOCore

/// Something that the peer did.
public enum WebSocketEvent: Hashable, Sendable {
    /// A whole message. Text is valid UTF-8.
    case message(MessageKind, ByteBuffer)
    /// The next part of a message, as it arrives, if the machine was told to deliver parts. A part of a text may end inside a character.
    case part(MessageKind, ByteBuffer, isFinal: Bool)
    /// A Ping, which the machine has answered, or will answer once output is no longer blocked.
    case ping(ByteBuffer)
    case pong(ByteBuffer)
    /// The peer's Close frame, which the machine has answered if it had to.
    case close(CloseReason)
    /// The peer broke a rule; the machine has sent its Close frame. Nothing of what the peer sends from now on is looked at.
    case violation(ProtocolViolation)
    /// The bytes ended without a closing handshake.
    case lost(CloseReason)
}

/// What came out of one piece of input, to be taken in order. Reuse one batch for many calls and connections: that saves its buffers.
public struct EventBatch: Sendable {
    package enum Kind: Equatable, Sendable {
        /// A message in the shared buffer.
        case text, binary
        /// A message in a buffer of its own: it came in pieces, or compressed. `offset` is that buffer's number.
        case ownText, ownBinary
        case textPart, binaryPart, finalTextPart, finalBinaryPart
        case ping, pong
        /// A control frame whose payload came in several reads, in a buffer of its own.
        case ownPing, ownPong
        case close, violation, lost
    }

    package struct Record: Sendable {
        package var kind: Kind
        package var offset: Int
        package var length: Int
    }

    package private(set) var records: [Record] = []
    /// Payloads side by side.
    var inbox = ByteBuffer()
    private var ownBuffers: [ByteBuffer] = []
    /// The storage of the last buffer of its own, for the next one.
    private var spare = ByteBuffer()
    /// A batch holds at most one ending, as its last record.
    private(set) var ending: WebSocketEvent?
    private var taken = 0

    public init() {}

    /// How many events are left to take with ``WebSocketMachine/nextEvent(from:output:)``.
    public var count: Int { records.count - taken }
    public var isEmpty: Bool { count == 0 }

    /// Storage above this is given back rather than kept for the next call.
    private static let keptBytes = 256 << 10
    private static let keptSpareBytes = 4 << 20

    /// Forgets what is in the batch and makes room for `bytes` of payload.
    mutating func reset(room bytes: Int) {
        records.removeAll(keepingCapacity: records.count < 4_096)
        taken = 0
        ending = nil
        if let last = ownBuffers.popLast() {
            spare = last.capacity <= Self.keptSpareBytes ? last : ByteBuffer()
            ownBuffers.removeAll(keepingCapacity: true)
        }
        if inbox.capacity > Self.keptBytes, bytes < inbox.capacity / 2 { inbox = ByteBuffer() }
        inbox.clear(minimumCapacity: bytes)  // fresh storage, if somebody kept a slice of the old
    }

    /// Lets go of what the last call left, so that a slice somebody keeps is not kept alive by the batch as well.
    package mutating func finish() {
        reset(room: 0)
    }

    @inline(__always)
    mutating func append(_ kind: Kind, offset: Int, length: Int) {
        records.append(Record(kind: kind, offset: offset, length: length))
    }

    mutating func appendOwn(_ kind: MessageKind, _ buffer: ByteBuffer) {
        append(kind == .text ? .ownText : .ownBinary, offset: ownBuffers.count, length: buffer.readableBytes)
        ownBuffers.append(buffer)
    }

    mutating func appendOwnControl(_ kind: Kind, _ buffer: ByteBuffer) {
        append(kind, offset: ownBuffers.count, length: buffer.readableBytes)
        ownBuffers.append(buffer)
    }

    mutating func end(with event: WebSocketEvent) {
        guard ending == nil else { return }
        ending = event
        let kind: Kind =
            switch event {
            case .violation: .violation
            case .lost: .lost
            default: .close
            }
        append(kind, offset: 0, length: 0)
    }

    /// An empty buffer to gather a message in; old storage if there is some.
    mutating func takeSpare(capacity: Int) -> ByteBuffer {
        var buffer = ByteBuffer()
        swap(&buffer, &spare)
        buffer.clear(minimumCapacity: capacity)
        return buffer
    }

    /// The payload of a record of this batch.
    @inline(__always)
    package func payload(_ record: Record) -> ByteBuffer {
        switch record.kind {
        case .ownText, .ownBinary, .ownPing, .ownPong: ownBuffers.indices.contains(record.offset) ? ownBuffers[record.offset] : ByteBuffer()
        default: inbox.getSlice(at: record.offset, length: record.length) ?? ByteBuffer()
        }
    }

    mutating func takeRecord() -> Record? {
        guard taken < records.count else { return nil }
        defer { taken += 1 }
        return records[taken]
    }
}
