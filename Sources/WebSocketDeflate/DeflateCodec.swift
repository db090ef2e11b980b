public import NIOCore
public import WebSocketProtocol

/// permessage-deflate on one connection (RFC 7692 §7.2), of either role.
///
/// A direction without context takeover holds zlib memory only while a message is under way: it borrows a context from the configuration's
/// ``DeflateBudget`` and gives it back. A direction with context takeover borrows at its first message and gives back when the codec is freed.
///
/// Not `Sendable`: it belongs to its connection, on its event loop.
public final class DeflateCodec: MessageCompressor {
    private let settings: CodecSettings
    private let budget: DeflateBudget
    private let minimumSize: Int
    private var deflater: ZlibContext?
    private var inflater: ZlibContext?
    /// Our window is not the peer's any more: it must be forgotten before the next message.
    private var deflaterIsStale = false
    /// The message that is coming in has had bytes; without any, its tail is left out too.
    private var isInsideMessage = false
    private var position = ZlibContext.Position.betweenBlocks

    /// Whether a message of ``SharedDeflate`` may be sent on this connection: the peer keeps a window that is large enough.
    public let acceptsSharedMessages: Bool

    /// A codec for a connection that agreed to `parameters`. Takes no memory of zlib yet.
    public init(role: WebSocketRole, parameters: DeflateParameters, configuration: DeflateConfiguration) {
        self.settings = CodecSettings(role: role, parameters: parameters, configuration: configuration)
        self.budget = configuration.budget
        self.minimumSize = configuration.minimumSize
        self.acceptsSharedMessages = parameters.maxWindowBits(of: role) >= SharedDeflate.windowBits
    }

    deinit {
        if let deflater { self.budget.giveBack(deflater) }
        if let inflater { self.budget.giveBack(inflater) }
    }

    // MARK: Compression

    /// Appends the compressed form of one whole message to `output` (RFC 7692 §7.2.1).
    ///
    /// - Returns: False when the message is to be sent uncompressed: it is shorter than the configured minimum, does not become smaller, or there is
    ///   no memory in the budget. `output` is then as it was.
    public func compress(_ payload: UnsafeRawBufferPointer, into output: inout ByteBuffer) -> Bool {
        guard !payload.isEmpty, payload.count >= self.minimumSize, let deflater = self.borrowDeflater() else { return false }
        let isCompressed = deflater.deflateMessage(payload, into: &output, limit: payload.count - 1)
        self.deflaterIsStale = !isCompressed
        if !self.settings.keepsOutbound {
            self.deflater = nil
            self.budget.giveBack(deflater)
        }
        return isCompressed
    }

    /// Must be called after a message of ``SharedDeflate`` was sent on this connection.
    ///
    /// With context takeover, the peer's window then ends with a message that our own compressor never saw, so that its references would point to
    /// the wrong bytes. It starts afresh with the next message, which the peer's larger history does not disturb.
    public func didSendSharedMessage() {
        self.deflaterIsStale = true
    }

    private func borrowDeflater() -> ZlibContext? {
        if let deflater {
            guard self.deflaterIsStale else { return deflater }
            self.deflaterIsStale = false
            if deflater.reset() { return deflater }
            self.budget.discard(deflater)
        }
        self.deflaterIsStale = false
        self.deflater = self.settings.outbound.flatMap(self.budget.borrow)
        return self.deflater
    }

    // MARK: Decompression

    /// Inflates the next piece of a compressed message (RFC 7692 §7.2.2), in steps of at most 16 KiB.
    ///
    /// - Parameters:
    ///   - piece: Payload bytes of the message, cut anywhere.
    ///   - isLast: The message ends with this piece.
    ///   - output: Receives what was inflated; up to `limit` bytes of it also when an error is thrown.
    ///   - limit: How many bytes this call may append.
    /// - Throws: `DecompressionFailure`; the connection has to be failed, for the rest of its messages cannot be read.
    public func decompress(
        _ piece: UnsafeRawBufferPointer,
        isLast: Bool,
        into output: inout ByteBuffer,
        limit: Int
    ) throws(DecompressionFailure) {
        var room = max(0, limit)
        if !piece.isEmpty { try self.inflate(piece, into: &output, room: &room) }
        guard isLast else { return }
        try self.finishMessage(into: &output, room: &room)
    }

    private func inflate(
        _ piece: UnsafeRawBufferPointer,
        into output: inout ByteBuffer,
        room: inout Int
    ) throws(DecompressionFailure) {
        let inflater = try self.borrowInflater()
        self.isInsideMessage = true
        do {
            self.position = try inflater.inflatePiece(piece, into: &output, room: &room)
        } catch {
            self.inflater = nil
            self.budget.discard(inflater)
            throw error
        }
    }

    /// §7.2.2: "Append 4 octets of 0x00 0x00 0xff 0xff to the tail end of the payload of the message." A message must then be whole: behind a
    /// block, not inside one. One that ended with a final block is whole already, and so is one without any bytes.
    private func finishMessage(into output: inout ByteBuffer, room: inout Int) throws(DecompressionFailure) {
        if self.isInsideMessage, self.position != .behindFinalBlock {
            try self.inflateTail(into: &output, room: &room)
            guard self.position == .betweenBlocks else { throw .corrupt }
        }
        self.isInsideMessage = false
        self.position = .betweenBlocks
        guard !self.settings.keepsInbound, let inflater else { return }
        self.inflater = nil
        self.budget.giveBack(inflater)
    }

    private func inflateTail(into output: inout ByteBuffer, room: inout Int) throws(DecompressionFailure) {
        let tail: (UInt8, UInt8, UInt8, UInt8) = (0x00, 0x00, 0xFF, 0xFF)
        try withUnsafeBytes(of: tail) { (tail) throws(DecompressionFailure) in
            try self.inflate(tail, into: &output, room: &room)
        }
    }

    private func borrowInflater() throws(DecompressionFailure) -> ZlibContext {
        if let inflater { return inflater }
        guard let inflater = self.budget.borrow(self.settings.inbound) else { throw .outOfMemory }
        self.inflater = inflater
        return inflater
    }
}
