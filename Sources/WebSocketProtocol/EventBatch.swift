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
}

/// What came out of one piece of input, to be taken in order. Reuse one batch for many calls and connections: that saves its buffers.
public struct EventBatch: Sendable {
    package enum Kind: Equatable, Sendable {
        case message(MessageKind)
        case part(MessageKind, isFinal: Bool)
        case ping, pong
        /// Close or violation; what exactly is kept beside the records, as there is at most one.
        case ending
    }

    package struct Record: Sendable {
        package let kind: Kind
        /// Whether the payload has a buffer of its own (it came in pieces, or compressed) rather than a place in the shared one.
        package let isOwn: Bool
        /// Where in the shared buffer the payload lies, or the number of its own.
        package let offset: Int
        package let length: Int
    }

    package private(set) var records: [Record] = []
    /// Payloads side by side.
    package var inbox = ByteBuffer()
    private var ownBuffers: [ByteBuffer] = []
    /// How many bytes those hold.
    private(set) var ownBytes = 0
    /// The storage of the last buffer of its own, for the next one.
    private var spare = ByteBuffer()
    /// A batch holds at most one ending, as its last record.
    private(set) var ending: WebSocketEvent?
    private(set) var isEnded = false
    private var taken = 0

    /// An empty batch, without storage.
    public init() {}

    /// How many events are left to take with ``WebSocketMachine/nextEvent(from:output:)``.
    public var count: Int { records.count - taken }

    /// Storage above this is given back rather than kept for the next call.
    private static let keptBytes = 256 << 10
    private static let keptSpareBytes = 4 << 20

    /// Forgets what is in the batch and makes room for `bytes` of payload.
    mutating func reset(room bytes: Int) {
        records.removeAll(keepingCapacity: records.count < 4_096)
        taken = 0
        ownBytes = 0
        if isEnded {
            ending = nil
            isEnded = false
        }
        if let last = ownBuffers.popLast() {
            spare = last.capacity <= Self.keptSpareBytes ? last : ByteBuffer()
            ownBuffers.removeAll(keepingCapacity: true)
        }
        if inbox.capacity > Self.keptBytes, bytes < inbox.capacity / 2 { inbox = ByteBuffer() }
        inbox.clear(minimumCapacity: bytes)  // fresh storage, if somebody kept a slice of the old
    }

    /// Lets go of long messages, which the batch would keep alive until it is used again.
    package mutating func finish() {
        if !ownBuffers.isEmpty { reset(room: 0) }
    }

    @inline(__always)
    mutating func append(_ kind: Kind, offset: Int, length: Int) {
        records.append(Record(kind: kind, isOwn: false, offset: offset, length: length))
    }

    mutating func append(_ kind: Kind, own buffer: ByteBuffer) {
        records.append(Record(kind: kind, isOwn: true, offset: ownBuffers.count, length: buffer.readableBytes))
        ownBuffers.append(buffer)
        ownBytes &+= buffer.readableBytes
    }

    mutating func end(with event: WebSocketEvent) {
        guard !isEnded else { return }
        isEnded = true
        ending = event
        append(.ending, offset: 0, length: 0)
    }

    /// An empty buffer to gather a message in: old storage if there is some, unless it is far too big, since who keeps the message keeps all of it.
    mutating func takeSpare(capacity: Int, expecting length: Int) -> ByteBuffer {
        guard spare.capacity > 0, spare.capacity / 4 <= max(length, 4_096) else { return ByteBuffer.withCapacity(capacity) }
        var buffer = ByteBuffer()
        swap(&buffer, &spare)
        buffer.clear(minimumCapacity: capacity)
        return buffer
    }

    /// The payload of a record of this batch.
    @inline(__always)
    package func payload(_ record: Record) -> ByteBuffer {
        if record.isOwn { return ownBuffers.indices.contains(record.offset) ? ownBuffers[record.offset] : ByteBuffer() }
        return inbox.getSlice(at: record.offset, length: record.length) ?? ByteBuffer()
    }

    mutating func takeRecord() -> Record? {
        guard taken < records.count else { return nil }
        defer { taken += 1 }
        return records[taken]
    }
}

extension ByteBuffer {
    fileprivate static func withCapacity(_ capacity: Int) -> ByteBuffer {
        var buffer = ByteBuffer()
        buffer.reserveCapacity(capacity)
        return buffer
    }
}
