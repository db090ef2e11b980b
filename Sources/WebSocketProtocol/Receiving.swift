// Strategy: one pass over the bytes of a read. A data frame that is here as a whole, uncompressed and unfragmented — nearly every frame
// there is — takes the first branch of `parse`: nothing but its two or four header bytes is looked at, its payload is unmasked into the
// batch's inbox, and a note is made of where it lies. Everything else goes through `beginFrame`, which asks all rules, and `takePayload`.
//
// Unsafe pointers: `Cursor` holds what is left of the input; each load is guarded by `left`. The inbox has room for as many bytes as the
// input has, and each byte of input is written there at most once.

public import NIOCore

extension WebSocketMachine {
    /// Parses the next bytes of the stream. Empties `batch` first, then fills it; take the events with ``nextEvent(from:output:)``.
    /// Once the connection is closing because of a broken rule or a Close frame, bytes are thrown away.
    public mutating func receive(_ bytes: ByteBuffer, into batch: inout EventBatch) {
        timers.heard = true
        var bytes = bytes
        if var unparsed = inbound.unparsed.take() {
            unparsed.writeImmutableBuffer(bytes)
            bytes = unparsed
        }
        batch.reset(room: bytes.readableBytes)
        guard isReceiving else { return }
        parse(bytes, into: &batch)
    }

    /// Goes on where the last call stopped because compressed messages had filled the batch, which must have been worked off: a read of
    /// a few kilobytes may hold many that each inflate to the most that is allowed. False, and nothing done, if it had parsed everything.
    package mutating func resume(into batch: inout EventBatch) -> Bool {
        guard let bytes = inbound.unparsed.take() else { return false }
        batch.reset(room: bytes.readableBytes)
        parse(bytes, into: &batch)
        return true
    }

    private mutating func parse(_ bytes: ByteBuffer, into batch: inout EventBatch) {
        let unparsed = bytes.withUnsafeReadableBytes { parse($0, into: &batch) }
        if unparsed > 0 { inbound.unparsed = bytes.getSlice(at: bytes.writerIndex &- unparsed, length: unparsed) }
    }

    /// Returns how many bytes at the end of the input were not looked at.
    private mutating func parse(_ bytes: UnsafeRawBufferPointer, into batch: inout EventBatch) -> Int {
        guard let base = bytes.baseAddress else { return 0 }
        var unparsed = 0
        var inbox = ByteBuffer()
        swap(&inbox, &batch.inbox)
        inbox.writeWithUnsafeMutableBytes(minimumWritableBytes: bytes.count) { room in
            guard let start = room.baseAddress else { return 0 }
            var cursor = Cursor(next: base, left: bytes.count, free: start, start: start)
            while cursor.left > 0, !batch.isEnded {
                if inbound.payloadLeft > 0 {
                    takePayload(&cursor, &batch)
                } else if inbound.carryCount > 0 || !takeSimpleFrame(&cursor, &batch) {
                    takeHeader(&cursor, &batch)
                }
            }
            unparsed = cursor.unparsed
            return cursor.used
        }
        swap(&inbox, &batch.inbox)
        return unparsed
    }

    /// The bytes still to parse, and where payloads go.
    struct Cursor {
        var next: UnsafeRawPointer
        var left: Int
        var free: UnsafeMutableRawPointer
        let start: UnsafeMutableRawPointer
        /// What was left when parsing was stopped.
        private(set) var unparsed = 0

        init(next: UnsafeRawPointer, left: Int, free: UnsafeMutableRawPointer, start: UnsafeMutableRawPointer) {
            self.next = next
            self.left = left
            self.free = free
            self.start = start
        }

        var used: Int { free - start }

        @inline(__always)
        mutating func skip(_ count: Int) {
            next += count
            left &-= count
        }

        /// The rest is for another time.
        mutating func stop() {
            unparsed = left
            left = 0
        }
    }

    /// The common case; false if the next frame is any other.
    @inline(__always)
    private mutating func takeSimpleFrame(_ cursor: inout Cursor, _ batch: inout EventBatch) -> Bool {
        guard cursor.left >= 2, inbound.message == nil else { return false }
        let first = cursor.next.load(as: UInt8.self)
        let second = cursor.next.load(fromByteOffset: 1, as: UInt8.self)
        guard first == 0x81 || first == 0x82, (second & 0x80 != 0) == (role == .server) else { return false }
        var length = Int(second & 0x7f)
        var header = 2
        if length >= 126 {
            guard length == 126, cursor.left >= 4 else { return false }
            length = Int(UInt16(bigEndian: cursor.next.loadUnaligned(fromByteOffset: 2, as: UInt16.self)))
            guard length >= 126 else { return false }
            header = 4
        }
        let keyOffset = header
        if role == .server { header &+= 4 }
        guard cursor.left &- header >= length, length <= simpleLimit else { return false }
        let key = role == .server ? MaskingKey(word: cursor.next.loadUnaligned(fromByteOffset: keyOffset, as: UInt32.self)) : .none
        let seen = copyMasked(from: cursor.next + header, to: cursor.free, count: length, key: key)
        if first == 0x81, seen & highBits != 0, !UTF8Validator.isValid(UnsafeRawBufferPointer(start: cursor.free, count: length)) {
            batch.end(with: .violation(.textNotUTF8))
            return true
        }
        batch.append(.message(first == 0x81 ? .text : .binary), offset: cursor.used, length: length)
        cursor.free += length
        cursor.skip(header &+ length)
        return true
    }

    // MARK: Headers

    /// Takes the next header, or what there is of it.
    private mutating func takeHeader(_ cursor: inout Cursor, _ batch: inout EventBatch) {
        if inbound.carryCount == 0, inbound.message == nil { inbound.serial &+= 1 }
        if inbound.carryCount == 0, cursor.left >= 2 {
            let length = FrameHeader.length(secondByte: cursor.next.load(fromByteOffset: 1, as: UInt8.self))
            if cursor.left >= length {
                let (header, isMinimal) = FrameHeader.read(cursor.next)
                cursor.skip(length)
                beginFrame(header, isMinimal: isMinimal, &cursor, &batch)
                return
            }
        }
        carryByte(&cursor, &batch)
    }

    /// A header that is split across reads is gathered byte by byte: it has at most 14.
    private mutating func carryByte(_ cursor: inout Cursor, _ batch: inout EventBatch) {
        let byte = cursor.next.load(as: UInt8.self)
        cursor.skip(1)
        let count = inbound.carryCount
        inbound.carryCount = count + 1
        let complete: (FrameHeader, Bool)? = withUnsafeMutableBytes(of: &inbound.carry) { carry in
            // A header ends at 14 bytes at the latest, and then `carryCount` goes back to 0; so `count` is below the 16 of `carry`.
            carry[count] = byte
            guard count >= 1, count + 1 == FrameHeader.length(secondByte: carry[1]), let base = carry.baseAddress else { return nil }
            return FrameHeader.read(base)
        }
        guard let (header, isMinimal) = complete else { return }
        inbound.carryCount = 0
        beginFrame(header, isMinimal: isMinimal, &cursor, &batch)
    }

    private mutating func beginFrame(_ header: FrameHeader, isMinimal: Bool, _ cursor: inout Cursor, _ batch: inout EventBatch) {
        if let violation = brokenRule(of: header, isMinimal: isMinimal) {
            batch.end(with: .violation(violation))
            return
        }
        inbound.frame = header
        inbound.key = header.key ?? .none
        inbound.payloadLeft = Int(clamping: header.length)
        if header.opcode.isControl {
            countControlFrame(header, &batch)
        } else {
            beginDataFrame(header, &batch)
        }
        // A frame without payload is over with its header.
        if inbound.payloadLeft == 0, !batch.isEnded { takePayload(&cursor, &batch) }
    }

    /// RFC 6455 §10.4. Close frames are not counted: there is only one.
    private mutating func countControlFrame(_ header: FrameHeader, _ batch: inout EventBatch) {
        guard header.opcode != .close else { return }
        guard inbound.controlTokens > 0 else {
            batch.end(with: .violation(.tooManyControlFrames))
            return
        }
        inbound.controlTokens -= 1
    }

    private mutating func beginDataFrame(_ header: FrameHeader, _ batch: inout EventBatch) {
        if header.opcode == .continuation {
            inbound.fragments += 1
        } else {
            inbound.message = header.opcode == .text ? .text : .binary
            inbound.isCompressed = header.reservedBits != 0
            inbound.fragments = 1
            inbound.wireBytes = 0
            inbound.utf8 = UTF8Validator()
        }
        if settings.deliversParts { return }
        // No overflow: the size limit bounds the sum.
        inbound.wireBytes &+= Int(clamping: header.length)
        makeRoom(for: header, &batch)
    }

    /// Room for the payload that is declared, as far as the peer can be believed: 4 KiB, or what its biggest message really had. The
    /// rest grows as bytes arrive, so a declared length alone allocates nothing to speak of (RFC 6455 §10.4).
    private mutating func makeRoom(for header: FrameHeader, _ batch: inout EventBatch) {
        guard header.length > 0 else { return }
        let believed = min(Int(clamping: header.length), max(Self.believedLength, inbound.biggest))
        let needed = min(inbound.gathered.readableBytes &+ believed, limits.maxMessageSize)
        if inbound.gathered.capacity == 0 {
            inbound.gathered = batch.takeSpare(
                capacity: min(needed, inbound.isCompressed ? 512 : needed), expecting: Int(clamping: header.length))
        } else if !inbound.isCompressed, inbound.biggest >= needed {
            inbound.gathered.reserveCapacity(needed)
        }
    }

    private static var believedLength: Int { 4 << 10 }
}
