public import NIOCore

/// One compressed form of a message for many connections.
///
/// A broadcast is compressed once, with a context that starts empty and a window of ``windowBits``. Such a form never refers to anything before its
/// own beginning, so any peer can read it that keeps a window of at least that size, *whether or not context takeover was agreed to*: a peer
/// that keeps its window merely has more history than the message needs. Two things are asked of the sender:
///
/// - ask ``DeflateCodec/acceptsSharedMessages`` first, and send the message uncompressed where it is false (a peer that wants a smaller window);
/// - call ``DeflateCodec/didSendSharedMessage()`` afterwards, in the order of the messages on the wire.
public enum SharedDeflate {
    /// The binary logarithm of the window, 12: 4 KiB, as much as most broadcasts are long, in 38 KB of memory.
    public static let windowBits = 12

    /// The compressed form of a message (RFC 7692 §7.2.1), to be sent in a frame with RSV1.
    ///
    /// - Parameters:
    ///   - payload: The message.
    ///   - configuration: Level, memory level, smallest size and budget; its windows and takeover do not matter.
    /// - Returns: Nil when the message is to be sent uncompressed: it is too short, does not become smaller, or there is no memory in the budget.
    public static func compress(_ payload: ByteBuffer, configuration: DeflateConfiguration = DeflateConfiguration()) -> ByteBuffer? {
        let settings = ZlibContext.Settings.deflate(
            windowBits: self.windowBits, memoryLevel: configuration.memoryLevel, level: configuration.level)
        guard payload.readableBytes > 0, payload.readableBytes >= configuration.minimumSize else { return nil }
        guard let context = configuration.budget.borrow(settings) else { return nil }
        defer { configuration.budget.giveBack(context) }
        var output = ByteBuffer()
        let isCompressed = payload.withUnsafeReadableBytes { bytes in
            context.deflateMessage(bytes, into: &output, limit: bytes.count - 1)
        }
        return isCompressed ? output : nil
    }
}
