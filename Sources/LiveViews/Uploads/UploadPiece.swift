package import NIOCore

/// A piece of a file, as a binary message of a browser (live protocol §11): a varint that says of which file, and bytes; none at its end.
package struct UploadPiece: Hashable, Sendable {
    /// The largest that may come.
    package static let maxBytes = 32 << 10
    /// The bytes that a browser may be ahead of what it knows to be taken.
    static let window = 128 << 10
    /// A file has few pieces that are smaller than this, unless somebody makes work.
    static let minBytes = 4 << 10

    package let id: Int
    package let bytes: ByteBuffer

    /// - Returns: nil if it is none.
    package init?(_ message: ByteBuffer) {
        var message = message
        var id: UInt64 = 0
        for shift in stride(from: UInt64(0), through: 56, by: 7) {
            guard let byte = message.readInteger(as: UInt8.self) else { return nil }
            id |= UInt64(byte & 0x7f) << shift
            guard byte < 0x80 else { continue }
            guard message.readableBytes <= Self.maxBytes, let id = Int(exactly: id) else { return nil }
            self.id = id
            bytes = message
            return
        }
        return nil
    }
}
