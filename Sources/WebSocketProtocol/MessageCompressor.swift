public import NIOCore

/// Compresses and decompresses whole messages of one connection.
///
/// The frame machine knows only this: RFC 7692's "RSV1 marks a compressed message". What compressed means is said by whoever implements it
/// (`WebSocketDeflate`). An instance belongs to one connection and is used by one thread at a time.
public protocol MessageCompressor: AnyObject {
    /// Appends the compressed form of one whole message to `output` (RFC 7692 §7.2.1, the tail `00 00 FF FF` removed).
    ///
    /// - Returns: False when the message was not compressed (no memory left in the budget, too small, or no smaller when compressed): `output` is as it was,
    ///   and the message is to be sent plain.
    func compress(_ payload: UnsafeRawBufferPointer, into output: inout ByteBuffer) -> Bool

    /// Inflates the next piece of a compressed message, appending at most `limit` bytes to `output`.
    ///
    /// - Parameters:
    ///   - piece: Payload bytes of the message, unmasked. Pieces may be cut anywhere, also inside a frame.
    ///   - isLast: This is the message's last piece; the tail `00 00 FF FF` is added by the compressor itself.
    ///   - output: Receives what was inflated.
    ///   - limit: How many bytes this call may append. One more is ``DecompressionFailure/tooBig``.
    func decompress(
        _ piece: UnsafeRawBufferPointer,
        isLast: Bool,
        into output: inout ByteBuffer,
        limit: Int
    ) throws(DecompressionFailure)
}

/// Why a compressed message could not be inflated, and so how the connection ends.
public enum DecompressionFailure: Error, Hashable, Sendable {
    /// The message would become larger than allowed: close code 1009.
    case tooBig
    /// The bytes are not what DEFLATE (RFC 1951) allows: close code 1007.
    case corrupt
    /// The process-wide budget for decompressors is used up: close code 1013.
    case outOfMemory
}
