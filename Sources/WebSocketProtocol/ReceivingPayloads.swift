// The payloads of frames that are not here as a whole, or are fragments, compressed, or control frames. A piece of a payload is what of it
// lies in one read; the last one ends the frame, and a frame without payload has one empty piece.
//
// Unsafe pointers: a piece lies within what `Cursor` has left, and the inbox has room for each byte of input once (Receiving.swift).

import NIOCore

extension WebSocketMachine {
    mutating func takePayload(_ cursor: inout Cursor, _ batch: inout EventBatch) {
        let inflatesParts = settings.deliversParts && inbound.isCompressed && !inbound.frame.opcode.isControl
        let count = min(cursor.left, inbound.payloadLeft, inflatesParts ? Self.inflatedPiece : .max)
        inbound.payloadLeft &-= count
        let piece = UnsafeRawBufferPointer(start: cursor.next, count: count)
        cursor.skip(count)
        if inbound.frame.opcode.isControl {
            takeControlPayload(piece, &cursor, &batch)
        } else if inbound.isCompressed {
            takeCompressed(piece, &cursor, &batch)
        } else if settings.deliversParts {
            takePart(piece, &cursor, &batch)
        } else {
            gather(piece, &batch)
        }
        inbound.key = inbound.key.advanced(by: count)
    }

    /// Whether the piece that was taken is the message's last.
    private var isLastPiece: Bool { inbound.payloadLeft == 0 && inbound.frame.isFinal }

    /// Unmasks a piece into the inbox, where it is not kept unless `cursor.free` is moved past it.
    @inline(__always)
    private func unmask(_ piece: UnsafeRawBufferPointer, to cursor: Cursor) -> UInt64 {
        guard let source = piece.baseAddress else { return 0 }
        return copyMasked(from: source, to: cursor.free, count: piece.count, key: inbound.key)
    }

    // MARK: Control frames

    private mutating func takeControlPayload(_ piece: UnsafeRawBufferPointer, _ cursor: inout Cursor, _ batch: inout EventBatch) {
        _ = unmask(piece, to: cursor)
        let payload = UnsafeRawBufferPointer(start: cursor.free, count: piece.count)
        let isWhole = inbound.payloadLeft == 0 && inbound.control.readableBytes == 0
        if !isWhole {
            inbound.control.writeBytes(payload)
            guard inbound.payloadLeft == 0 else { return }
        }
        switch (inbound.frame.opcode, isWhole) {
        case (.close, true): endCloseFrame(payload, &batch)
        case (.close, false): inbound.control.withUnsafeReadableBytes { endCloseFrame($0, &batch) }
        case (let opcode, true):
            batch.append(opcode == .ping ? .ping : .pong, offset: cursor.used, length: piece.count)
            cursor.free += piece.count
        case (let opcode, false): batch.append(opcode == .ping ? .ping : .pong, own: inbound.control)
        }
        inbound.control = ByteBuffer()
    }

    private func endCloseFrame(_ payload: UnsafeRawBufferPointer, _ batch: inout EventBatch) {
        do {
            batch.end(with: .close(try CloseReason.parse(payload)))
        } catch {
            batch.end(with: .violation(error))
        }
    }

    // MARK: Messages that come in pieces

    private mutating func gather(_ piece: UnsafeRawBufferPointer, _ batch: inout EventBatch) {
        let key = inbound.key
        var isValid = true
        if let source = piece.baseAddress {
            var utf8 = inbound.message == .text ? inbound.utf8 : nil
            inbound.gathered.writeWithUnsafeMutableBytes(minimumWritableBytes: piece.count) { room in
                guard let base = room.baseAddress else { return 0 }
                let seen = copyMasked(from: source, to: base, count: piece.count, key: key)
                isValid = utf8?.consume(base, count: piece.count, seen: seen) ?? true
                return piece.count
            }
            if let utf8 { inbound.utf8 = utf8 }
        }
        guard isValid else { return batch.end(with: .violation(.textNotUTF8)) }
        if isLastPiece { endMessage(&batch) }
    }

    private mutating func endMessage(_ batch: inout EventBatch) {
        guard let kind = inbound.message else { return }
        guard kind == .binary || inbound.utf8.isComplete else { return batch.end(with: .violation(.textNotUTF8)) }
        // What a compressed message became is no measure of what the peer really sends.
        if !inbound.isCompressed { inbound.biggest = max(inbound.biggest, inbound.gathered.readableBytes) }
        batch.append(.message(kind), own: inbound.gathered)
        inbound.gathered = ByteBuffer()
        inbound.endMessage()
    }

    // MARK: Compressed messages

    /// The most bytes that are inflated in one go for a part, and what they can become: DEFLATE makes at most 1,032 of one.
    private static var inflatedPiece: Int { 512 }
    private static var inflatedPart: Int { 1 << 20 }
    /// Parsing stops for a while after so many inflated bytes in one batch.
    private static var inflatedBatch: Int { 256 << 10 }

    private mutating func takeCompressed(_ piece: UnsafeRawBufferPointer, _ cursor: inout Cursor, _ batch: inout EventBatch) {
        if piece.isEmpty, !isLastPiece { return }
        _ = unmask(piece, to: cursor)
        inflate(UnsafeRawBufferPointer(start: cursor.free, count: piece.count), &batch)
        guard !batch.isEnded else { return }
        if settings.deliversParts {
            endInflatedPart(&batch)
        } else if isLastPiece {
            endMessage(&batch)
        }
        if batch.ownBytes >= Self.inflatedBatch { cursor.stop() }
    }

    private mutating func inflate(_ piece: UnsafeRawBufferPointer, _ batch: inout EventBatch) {
        guard let compressor else { return }
        let before = inbound.gathered.readableBytes
        let room = settings.deliversParts ? Self.inflatedPart : max(0, limits.maxMessageSize &- before)
        do {
            try compressor.decompress(piece, isLast: isLastPiece, into: &inbound.gathered, limit: room)
        } catch {
            return batch.end(with: .violation(violation(for: error)))
        }
        guard inbound.message == .text else { return }
        let isValid = inbound.gathered.withUnsafeReadableBytes { all in
            inbound.utf8.consume(UnsafeRawBufferPointer(rebasing: all.dropFirst(before)))
        }
        if !isValid { batch.end(with: .violation(.textNotUTF8)) }
    }

    private func violation(for failure: DecompressionFailure) -> ProtocolViolation {
        switch failure {
        case .tooBig: .messageTooBig(limit: limits.maxMessageSize)
        case .corrupt: .corruptCompression
        case .outOfMemory: .noMemoryToInflate
        }
    }

    // MARK: Messages delivered in parts

    private mutating func takePart(_ piece: UnsafeRawBufferPointer, _ cursor: inout Cursor, _ batch: inout EventBatch) {
        if piece.isEmpty, !isLastPiece { return }
        let seen = unmask(piece, to: cursor)
        if inbound.message == .text, !inbound.utf8.consume(cursor.free, count: piece.count, seen: seen) {
            return batch.end(with: .violation(.textNotUTF8))
        }
        guard let part = endPart(&batch) else { return }
        batch.append(part, offset: cursor.used, length: piece.count)
        cursor.free += piece.count
    }

    private mutating func endInflatedPart(_ batch: inout EventBatch) {
        if inbound.gathered.readableBytes == 0, !isLastPiece { return }
        guard let part = endPart(&batch) else { return }
        batch.append(part, own: inbound.gathered)
        inbound.gathered = ByteBuffer()
    }

    /// What the part is that ends here: it holds something, or is the last. Nil if the message ends inside a character.
    private mutating func endPart(_ batch: inout EventBatch) -> EventBatch.Kind? {
        guard let kind = inbound.message else { return nil }
        let isFinal = isLastPiece
        if isFinal, kind == .text, !inbound.utf8.isComplete {
            batch.end(with: .violation(.textNotUTF8))
            return nil
        }
        // It was delivered, so it costs us nothing more: the limits on fragments and time are for what brings nothing.
        inbound.progressed()
        if isFinal { inbound.endMessage() }
        return .part(kind, isFinal: isFinal)
    }
}
