import NIOCore
import WebSocketProtocol

/// A compressor whose "compressed" form is the payload with each byte's bits turned: enough to see who calls it, with what, and when.
/// It can be told to fail, to decline, and to make more of a byte than one (a bomb).
final class FakeCompressor: MessageCompressor {
    var declines = false
    /// How many bytes come out for one that goes in.
    var expansion = 1
    var failure: DecompressionFailure?
    /// The calls of `decompress`.
    private(set) var pieces: [(count: Int, isLast: Bool, limit: Int)] = []

    func compress(_ payload: UnsafeRawBufferPointer, into output: inout ByteBuffer) -> Bool {
        if declines { return false }
        for byte in payload { output.writeInteger(~byte) }
        return true
    }

    func decompress(
        _ piece: UnsafeRawBufferPointer, isLast: Bool, into output: inout ByteBuffer, limit: Int
    ) throws(DecompressionFailure) {
        pieces.append((piece.count, isLast, limit))
        if let failure { throw failure }
        guard piece.count * expansion <= limit else { throw .tooBig }
        for byte in piece { output.writeRepeatingByte(~byte, count: expansion) }
    }

    /// The payload as it lies in a compressed frame.
    static func compressed(_ text: String) -> [UInt8] { text.utf8.map { ~$0 } }
}
