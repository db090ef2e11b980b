public import NIOCore

extension WebSocketMachine {
    /// Appends a whole message as one frame. Returns false, and appends nothing, unless the connection is open and no message of ours
    /// is being sent in fragments.
    ///
    /// - Parameters:
    ///   - payload: the message; of a text, its UTF-8, which is not looked at.
    ///   - kind: text or binary.
    ///   - compress: false sends this message uncompressed whatever was negotiated, for text that must not share a
    ///     compression context with an attacker's (RFC 7692 §8), or that does not shrink.
    ///   - output: what is to be sent; the frame is appended.
    @discardableResult
    public mutating func send(_ payload: ByteBuffer, _ kind: MessageKind, compress: Bool = true, into output: inout ByteBuffer) -> Bool {
        guard isOpen, !isSendingFragments else { return false }
        let first = FrameHeader.fin | kind.rawValue
        if compress, let compressor {
            return sendCompressed(payload, first: first, compressor, into: &output)
        }
        let key = masks?.next()
        payload.withUnsafeReadableBytes { output.writeFrame(first: first, key: key, payload: $0) }
        return true
    }

    private mutating func sendCompressed(
        _ payload: ByteBuffer, first: UInt8, _ compressor: any MessageCompressor, into output: inout ByteBuffer
    ) -> Bool {
        var compressed = ByteBuffer()
        let done = payload.withUnsafeReadableBytes { compressor.compress($0, into: &compressed) }
        let key = masks?.next()
        if done {
            compressed.withUnsafeReadableBytes { output.writeFrame(first: first | FrameHeader.rsv1, key: key, payload: $0) }
        } else {
            payload.withUnsafeReadableBytes { output.writeFrame(first: first, key: key, payload: $0) }
        }
        return true
    }

    /// Whether a message of ours is being sent in fragments, so that no other can be sent.
    public var isSendingFragmentedMessage: Bool { isSendingFragments }

    /// Appends the next fragment of a message (RFC 6455 §5.4), uncompressed. The first one decides the kind. Returns false if the
    /// connection is not open.
    @discardableResult
    public mutating func sendFragment(_ payload: ByteBuffer, _ kind: MessageKind, isFinal: Bool, into output: inout ByteBuffer) -> Bool {
        guard isOpen else { return false }
        let opcode = isSendingFragments ? Opcode.continuation.rawValue : kind.rawValue
        isSendingFragments = !isFinal
        let key = masks?.next()
        payload.withUnsafeReadableBytes { output.writeFrame(first: opcode | (isFinal ? FrameHeader.fin : 0), key: key, payload: $0) }
        return true
    }

    /// Appends a Ping with at most 125 bytes of payload; more is cut. Returns false if the connection is not open.
    @discardableResult
    public mutating func ping(_ payload: ByteBuffer = ByteBuffer(), into output: inout ByteBuffer) -> Bool {
        guard isOpen else { return false }
        writeControl(.ping, payload, into: &output)
        return true
    }

    /// Whether a pong waits for output to flow again.
    public var hasPendingPong: Bool { pendingPong != nil }

    /// Appends the pong that waited while output was blocked.
    public mutating func flushPong(into output: inout ByteBuffer) {
        guard let payload = pendingPong else { return }
        pendingPong = nil
        if isReceiving { writeControl(.pong, payload, into: &output) }
    }

    mutating func writeControl(_ opcode: Opcode, _ payload: ByteBuffer, into output: inout ByteBuffer) {
        let key = masks?.next()
        payload.withUnsafeReadableBytes { bytes in
            output.writeFrame(
                first: FrameHeader.fin | opcode.rawValue, key: key, payload: UnsafeRawBufferPointer(rebasing: bytes.prefix(125)))
        }
    }
}
