import CZlib
import NIOCore

extension ZlibContext {
    /// The four bytes that end a message's last, empty block and do not travel (RFC 7692 §7.2.1).
    static let tail: [UInt8] = [0x00, 0x00, 0xFF, 0xFF]

    /// Appends the compressed form of a message (RFC 7692 §7.2.1), as long as it has at most `limit` bytes.
    ///
    /// - Returns: False when it would have more, or zlib failed. `output` is then as it was, but what this context knows of the peer's window is not
    ///   true any more: it must be reset.
    func deflateMessage(_ payload: UnsafeRawBufferPointer, into output: inout ByteBuffer, limit: Int) -> Bool {
        let start = output.writerIndex
        var rest = payload
        while !rest.isEmpty {
            let piece = UnsafeRawBufferPointer(rebasing: rest.prefix(Self.maxPiece))
            rest = UnsafeRawBufferPointer(rebasing: rest.dropFirst(piece.count))
            let flush = rest.isEmpty ? Z_SYNC_FLUSH : Z_NO_FLUSH
            guard self.deflatePiece(piece, flush: flush, into: &output, end: start + limit + Self.tail.count) else {
                output.moveWriterIndex(to: start)
                return false
            }
        }
        return self.removeTail(from: &output, start: start)
    }

    /// False as soon as `output` is written beyond `end`.
    private func deflatePiece(_ piece: UnsafeRawBufferPointer, flush: CInt, into output: inout ByteBuffer, end: Int) -> Bool {
        self.withInput(piece) {
            var isFull = true
            while isFull {
                // More than the six bytes below which zlib would repeat its flush marker.
                let space = min(max(piece.count / 4, 256), 64 * 1_024)
                var status = Z_OK
                output.writeWithUnsafeMutableBytes(minimumWritableBytes: space) { bytes in
                    let result = self.step(deflate, flush, into: bytes, limit: bytes.count)
                    (status, isFull) = (result.status, result.isFull)
                    return result.written
                }
                // Z_BUF_ERROR: all was written the last time, filling the space exactly.
                guard status == Z_OK || status == Z_BUF_ERROR, output.writerIndex <= end else { return false }
            }
            return true
        }
    }

    private func removeTail(from output: inout ByteBuffer, start: Int) -> Bool {
        let end = output.writerIndex - Self.tail.count
        guard end >= start, output.getBytes(at: end, length: Self.tail.count) == Self.tail else {
            output.moveWriterIndex(to: start)
            return false
        }
        output.moveWriterIndex(to: end)
        return true
    }
}
