// Strategy: bytes that follow a 101 are frames, not HTTP, and may come in the same read, or together with the end of the stream. NIO's decoder
// gives such bytes back only when it is removed, in a later turn of the loop, and never when the stream has ended meanwhile. So it never gets
// them: the gate stands before the decoder, hands it one header block at a time, exactly, and holds what comes after until the exchange has said
// whether that is a body (for the decoder) or another protocol (for the handler that then stands right behind the gate). All of this happens
// within one read, so nothing is ever kept.

import NIOCore

/// Lets HTTP through to the decoder, and not one byte more.
final class ResponseHeadGate: ChannelInboundHandler, RemovableChannelHandler {
    typealias InboundIn = ByteBuffer
    typealias InboundOut = ByteBuffer

    /// The header blocks of all answers together, informational ones included: 16 KiB.
    static let maxHeadBytes = 16_384

    private enum Mode {
        case heads
        case body
        case otherProtocol
        case shut
    }

    private var mode = Mode.heads
    private var scanner = HeadScanner()
    private var headBytes = 0

    /// What follows the header block is its body.
    func passBody() { self.mode = .body }

    /// What follows the header block is for the handler that was added behind the gate.
    func switchProtocol() { self.mode = .otherProtocol }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        var bytes = Self.unwrapInboundIn(data)
        while case .heads = self.mode, let piece = self.nextHeadBytes(of: &bytes) {
            self.headBytes += piece.readableBytes
            guard self.headBytes <= Self.maxHeadBytes else {
                self.mode = .shut
                context.fireErrorCaught(HeadTooLong())
                return
            }
            context.fireChannelRead(Self.wrapInboundOut(piece))
        }
        guard bytes.readableBytes > 0 || self.hasSwitched else { return }
        if case .shut = self.mode { return }
        if bytes.readableBytes > 0 { context.fireChannelRead(Self.wrapInboundOut(bytes)) }
        if self.hasSwitched { context.pipeline.syncOperations.removeHandler(context: context, promise: nil) }
    }

    private var hasSwitched: Bool {
        if case .otherProtocol = self.mode { true } else { false }
    }

    private func nextHeadBytes(of bytes: inout ByteBuffer) -> ByteBuffer? {
        let length = self.scanner.lengthThroughEnd(of: bytes.readableBytesView)
        return length > 0 ? bytes.readSlice(length: length) : nil
    }
}

/// The header blocks of the answer are over 16 KiB.
struct HeadTooLong: Error {}

/// Finds the empty line that ends a header block, over any splits.
struct HeadScanner {
    /// How much of "\n", "\r", "\n" has been seen. A bare "\n\n" ends a block too: never pass more than the decoder might take for the head.
    private var afterNewline = false

    /// How many of these bytes belong to the block, its empty line included; all of them if it does not end here.
    mutating func lengthThroughEnd(of bytes: ByteBufferView) -> Int {
        var length = 0
        for byte in bytes {
            length += 1
            switch byte {
            case UInt8(ascii: "\n"):
                if self.afterNewline {
                    self.afterNewline = false
                    return length
                }
                self.afterNewline = true
            case UInt8(ascii: "\r"): break
            default: self.afterNewline = false
            }
        }
        return length
    }
}
