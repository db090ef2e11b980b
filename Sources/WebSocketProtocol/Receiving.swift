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
        batch.reset(room: bytes.readableBytes)
        guard isReceiving else { return }
        bytes.withUnsafeReadableBytes { parse($0, into: &batch) }
    }

    private mutating func parse(_ bytes: UnsafeRawBufferPointer, into batch: inout EventBatch) {
        guard let base = bytes.baseAddress else { return }
        var inbox = ByteBuffer()
        swap(&inbox, &batch.inbox)
        inbox.writeWithUnsafeMutableBytes(minimumWritableBytes: bytes.count) { room in
            guard let start = room.baseAddress else { return 0 }
            var cursor = Cursor(next: base, left: bytes.count, free: start, start: start)
            while cursor.left > 0, batch.ending == nil {
                if inbound.payloadLeft > 0 {
                    takePayload(&cursor, &batch)
                } else if inbound.carryCount > 0 || !takeSimpleFrame(&cursor, &batch) {
                    takeHeader(&cursor, &batch)
                }
            }
            return cursor.used
        }
        swap(&inbox, &batch.inbox)
    }

    /// The bytes still to parse, and where payloads go.
    private struct Cursor {
        var next: UnsafeRawPointer
        var left: Int
        var free: UnsafeMutableRawPointer
        let start: UnsafeMutableRawPointer

        var used: Int { free - start }

        @inline(__always)
        mutating func skip(_ count: Int) {
            next += count
            left &-= count
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
        guard cursor.left &- header >= length, length <= limits.maxMessageSize, !settings.deliversParts else { return false }
        let key = role == .server ? MaskingKey(word: cursor.next.loadUnaligned(fromByteOffset: keyOffset, as: UInt32.self)) : .none
        let seen = copyMasked(from: cursor.next + header, to: cursor.free, count: length, key: key)
        if first == 0x81, seen & highBits != 0, !UTF8Validator.isValid(UnsafeRawBufferPointer(start: cursor.free, count: length)) {
            batch.end(with: .violation(.textNotUTF8))
            return true
        }
        batch.append(first == 0x81 ? .text : .binary, offset: cursor.used, length: length)
        cursor.free += length
        cursor.skip(header &+ length)
        return true
    }

    // MARK: Headers

    /// Takes the next header, or what there is of it.
    private mutating func takeHeader(_ cursor: inout Cursor, _ batch: inout EventBatch) {
        if inbound.carryCount == 0, cursor.left >= 2 {
            let length = FrameHeader.length(secondByte: cursor.next.load(fromByteOffset: 1, as: UInt8.self))
            if cursor.left >= length {
                let (header, isMinimal) = FrameHeader.read(cursor.next)
                cursor.skip(length)
                beginFrame(header, isMinimal: isMinimal, &batch)
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
        beginFrame(header, isMinimal: isMinimal, &batch)
    }

    private mutating func beginFrame(_ header: FrameHeader, isMinimal: Bool, _ batch: inout EventBatch) {
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
        if inbound.payloadLeft == 0, batch.ending == nil { takeEmptyPayload(&batch) }
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
            inbound.serial &+= 1
        }
        // Rules have bounded the sum by the size limit; parts have none, so the count is held.
        inbound.wireBytes = Int(clamping: UInt64(inbound.wireBytes).addingReportingOverflow(header.length).partialValue & UInt64(Int64.max))
        if !settings.deliversParts { makeRoom(for: header, &batch) }
    }

    /// Room for the payload that is declared, as far as the peer can be believed: 64 KiB, or what its biggest message really had. The
    /// rest grows as bytes arrive, so a declared length alone allocates nothing to speak of (RFC 6455 §10.4).
    private mutating func makeRoom(for header: FrameHeader, _ batch: inout EventBatch) {
        guard header.length > 0 else { return }
        let believed = min(Int(clamping: header.length), max(Self.believedLength, inbound.biggest))
        let needed = min(inbound.gathered.readableBytes &+ believed, limits.maxMessageSize)
        if inbound.gathered.capacity == 0 {
            inbound.gathered = batch.takeSpare(capacity: min(needed, inbound.isCompressed ? 512 : needed))
        } else if !inbound.isCompressed, inbound.biggest >= needed {
            inbound.gathered.reserveCapacity(needed)
        }
    }

    private static var believedLength: Int { 4 << 10 }

    // MARK: Payloads

    private mutating func takePayload(_ cursor: inout Cursor, _ batch: inout EventBatch) {
        let count = min(cursor.left, inbound.payloadLeft)
        inbound.payloadLeft &-= count
        let piece = UnsafeRawBufferPointer(start: cursor.next, count: count)
        cursor.skip(count)
        if inbound.frame.opcode.isControl {
            takeControlPayload(piece, &cursor, &batch)
        } else if settings.deliversParts {
            takePart(piece, &cursor, &batch)
        } else if inbound.isCompressed {
            takeCompressed(piece, &cursor, &batch)
        } else {
            gather(piece, &batch)
        }
        inbound.key = inbound.key.advanced(by: count)
    }

    private mutating func takeEmptyPayload(_ batch: inout EventBatch) {
        if inbound.frame.opcode.isControl {
            endControlFrame(UnsafeRawBufferPointer(start: nil, count: 0), offset: 0, &batch)
        } else if settings.deliversParts {
            if inbound.frame.isFinal { endPart(offset: 0, length: 0, &batch) }
        } else if inbound.isCompressed {
            if inbound.frame.isFinal { inflate(UnsafeRawBufferPointer(start: nil, count: 0), &batch) }
        } else {
            endDataFrame(&batch)
        }
    }

    /// Unmasks a piece into the inbox. The inbox has room: it has as much as the input, of which the piece is a part.
    @inline(__always)
    private func unmask(_ piece: UnsafeRawBufferPointer, to cursor: Cursor) -> UInt64 {
        guard let source = piece.baseAddress else { return 0 }
        return copyMasked(from: source, to: cursor.free, count: piece.count, key: inbound.key)
    }

    private mutating func takeControlPayload(_ piece: UnsafeRawBufferPointer, _ cursor: inout Cursor, _ batch: inout EventBatch) {
        _ = unmask(piece, to: cursor)
        let payload = UnsafeRawBufferPointer(start: cursor.free, count: piece.count)
        let isSplit = inbound.payloadLeft > 0 || inbound.control.readableBytes > 0
        if isSplit {
            inbound.control.writeBytes(payload)
            guard inbound.payloadLeft == 0 else { return }
            let whole = inbound.control
            inbound.control = ByteBuffer()
            whole.withUnsafeReadableBytes { endSplitControlFrame($0, &batch) }
            return
        }
        let offset = cursor.used
        cursor.free += piece.count
        endControlFrame(payload, offset: offset, &batch)
    }

    /// A control frame whose payload came in several reads: its payload has a buffer of its own.
    private mutating func endSplitControlFrame(_ payload: UnsafeRawBufferPointer, _ batch: inout EventBatch) {
        switch inbound.frame.opcode {
        case .close: endCloseFrame(payload, &batch)
        case .ping: batch.appendOwnControl(.ownPing, ByteBuffer(bytes: payload))
        default: batch.appendOwnControl(.ownPong, ByteBuffer(bytes: payload))
        }
    }

    private mutating func endControlFrame(_ payload: UnsafeRawBufferPointer, offset: Int, _ batch: inout EventBatch) {
        switch inbound.frame.opcode {
        case .close: endCloseFrame(payload, &batch)
        case .ping: batch.append(.ping, offset: offset, length: payload.count)
        default: batch.append(.pong, offset: offset, length: payload.count)
        }
    }

    private mutating func endCloseFrame(_ payload: UnsafeRawBufferPointer, _ batch: inout EventBatch) {
        do {
            batch.end(with: .close(try CloseReason.parse(payload)))
        } catch {
            batch.end(with: .violation(error))
        }
    }

    // MARK: Messages that come in pieces

    private mutating func gather(_ piece: UnsafeRawBufferPointer, _ batch: inout EventBatch) {
        guard let source = piece.baseAddress else { return }
        let key = inbound.key
        let isText = inbound.message == .text
        var isValid = true
        inbound.gathered.writeWithUnsafeMutableBytes(minimumWritableBytes: piece.count) { [utf8 = inbound.utf8] room in
            guard let base = room.baseAddress else { return 0 }
            let seen = copyMasked(from: source, to: base, count: piece.count, key: key)
            if isText, seen & highBits != 0 || !utf8.isComplete {
                var utf8 = utf8
                isValid = utf8.consume(base, count: piece.count)
                inbound.utf8 = utf8
            }
            return piece.count
        }
        guard isValid else { return batch.end(with: .violation(.textNotUTF8)) }
        if inbound.payloadLeft == 0 { endDataFrame(&batch) }
    }

    private mutating func takeCompressed(_ piece: UnsafeRawBufferPointer, _ cursor: inout Cursor, _ batch: inout EventBatch) {
        _ = unmask(piece, to: cursor)
        inflate(UnsafeRawBufferPointer(start: cursor.free, count: piece.count), &batch)
    }

    private mutating func inflate(_ piece: UnsafeRawBufferPointer, _ batch: inout EventBatch) {
        guard let compressor else { return }
        let before = inbound.gathered.writerIndex
        do {
            let isLast = inbound.payloadLeft == 0 && inbound.frame.isFinal
            let room = max(0, limits.maxMessageSize &- inbound.gathered.readableBytes)
            try compressor.decompress(piece, isLast: isLast, into: &inbound.gathered, limit: room)
        } catch {
            return batch.end(with: .violation(violation(for: error)))
        }
        if inbound.message == .text {
            let isValid = inbound.gathered.withUnsafeReadableBytes { all in
                let new = all.dropFirst(before &- inbound.gathered.readerIndex)
                return inbound.utf8.consume(UnsafeRawBufferPointer(rebasing: new))
            }
            guard isValid else { return batch.end(with: .violation(.textNotUTF8)) }
        }
        if inbound.payloadLeft == 0 { endDataFrame(&batch) }
    }

    private func violation(for failure: DecompressionFailure) -> ProtocolViolation {
        switch failure {
        case .tooBig: .messageTooBig(limit: limits.maxMessageSize)
        case .corrupt: .corruptCompression
        case .outOfMemory: .noMemoryToInflate
        }
    }

    private mutating func endDataFrame(_ batch: inout EventBatch) {
        guard inbound.frame.isFinal, let kind = inbound.message else { return }
        guard kind == .binary || inbound.utf8.isComplete else { return batch.end(with: .violation(.textNotUTF8)) }
        inbound.biggest = max(inbound.biggest, inbound.gathered.readableBytes)
        batch.appendOwn(kind, inbound.gathered)
        inbound.gathered = ByteBuffer()
        endMessage()
    }

    private mutating func endMessage() {
        inbound.message = nil
        inbound.isCompressed = false
        inbound.fragments = 0
        inbound.wireBytes = 0
    }

    // MARK: Messages delivered in parts

    private mutating func takePart(_ piece: UnsafeRawBufferPointer, _ cursor: inout Cursor, _ batch: inout EventBatch) {
        let seen = unmask(piece, to: cursor)
        if inbound.message == .text, seen & highBits != 0 || !inbound.utf8.isComplete,
            !inbound.utf8.consume(cursor.free, count: piece.count)
        {
            return batch.end(with: .violation(.textNotUTF8))
        }
        let offset = cursor.used
        cursor.free += piece.count
        if inbound.payloadLeft == 0, inbound.frame.isFinal {
            endPart(offset: offset, length: piece.count, &batch)
        } else {
            batch.append(inbound.message == .text ? .textPart : .binaryPart, offset: offset, length: piece.count)
        }
    }

    private mutating func endPart(offset: Int, length: Int, _ batch: inout EventBatch) {
        guard inbound.message == .binary || inbound.utf8.isComplete else { return batch.end(with: .violation(.textNotUTF8)) }
        batch.append(inbound.message == .text ? .finalTextPart : .finalBinaryPart, offset: offset, length: length)
        endMessage()
    }
}
