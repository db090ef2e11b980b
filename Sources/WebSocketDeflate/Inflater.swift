// Strategy: zlib writes straight into the message's buffer, at most `maxStep` bytes at a time and never beyond the room that is left. When no
// room is left, one byte of our own is offered: if zlib fills it, the message is too big, and the cost of finding out was the room.

import CZlib
import NIOCore
import WebSocketProtocol

extension ZlibContext {
    /// How many bytes are inflated between two looks at the limit.
    static let maxStep = 16 * 1_024

    /// Where an inflating stream stands.
    enum Position {
        /// Behind a block: a message may end here.
        case betweenBlocks
        /// Behind a block that said it was the last of its stream. RFC 7692 §7.2.3.4 lets senders flush so; other blocks may follow.
        case behindFinalBlock
        case insideBlock
    }

    /// Appends what `piece` inflates to, and takes it off `room`.
    ///
    /// - Throws: When it does not fit, or is not DEFLATE. The context is then of no use any more.
    func inflatePiece(
        _ piece: UnsafeRawBufferPointer,
        into output: inout ByteBuffer,
        room: inout Int
    ) throws(DecompressionFailure) -> Position {
        var position = Position.betweenBlocks
        var rest = piece
        while !rest.isEmpty {
            let part = UnsafeRawBufferPointer(rebasing: rest.prefix(Self.maxPiece))
            rest = UnsafeRawBufferPointer(rebasing: rest.dropFirst(part.count))
            position = try self.withInput(part) { () throws(DecompressionFailure) in
                try self.inflateInput(hint: part.count, into: &output, room: &room)
            }
        }
        return position
    }

    private func inflateInput(hint: Int, into output: inout ByteBuffer, room: inout Int) throws(DecompressionFailure) -> Position {
        while true {
            let result = self.inflateStep(space: min(max(hint, 64) * 4, Self.maxStep), into: &output, room: room)
            guard result.written <= room else { throw .tooBig }
            room -= result.written
            let isDone = self.stream.pointee.avail_in == 0
            switch result.status {
            case Z_OK where isDone && !result.isFull: return self.position
            case Z_OK: continue
            // Nothing left to read, and nothing held back: the space was filled exactly.
            case Z_BUF_ERROR where isDone: return self.position
            case Z_STREAM_END:
                // The window is kept: later blocks may refer to it.
                guard inflateResetKeep(self.stream) == Z_OK else { throw .corrupt }
                if isDone { return .behindFinalBlock }
            case Z_MEM_ERROR: throw .outOfMemory
            default: throw .corrupt
            }
        }
    }

    private func inflateStep(space: Int, into output: inout ByteBuffer, room: Int) -> (status: CInt, written: Int, isFull: Bool) {
        guard room > 0 else {
            var probe: UInt8 = 0
            return withUnsafeMutableBytes(of: &probe) { self.step(inflate, Z_SYNC_FLUSH, into: $0, limit: 1) }
        }
        var result = (status: Z_OK, written: 0, isFull: true)
        output.writeWithUnsafeMutableBytes(minimumWritableBytes: min(space, room)) { bytes in
            result = self.step(inflate, Z_SYNC_FLUSH, into: bytes, limit: min(room, Self.maxStep))
            return result.written
        }
        return result
    }

    /// zlib.h, of inflate: "The data_type field is set to the number of unused bits […] plus 128 if inflate() returned immediately after decoding
    /// an end-of-block code or decoding the complete header up to just before the first byte of the deflate stream".
    private var position: Position {
        self.stream.pointee.data_type & 128 != 0 ? .betweenBlocks : .insideBlock
    }
}
