import NIOCore
import NIOHTTP2

/// DATA frames of a stream ⇄ bytes of a socket (RFC 8441 §5).
///
/// Ending our side is END_STREAM. Closing is that and then waiting for the peer to end its side; RST_STREAM, which stands for a TCP
/// reset, is for a peer that doesn't.
final class HTTP2SocketCodec: ChannelDuplexHandler, RemovableChannelHandler {
    typealias InboundIn = HTTP2Frame.FramePayload
    typealias InboundOut = ByteBuffer
    typealias OutboundIn = ByteBuffer
    typealias OutboundOut = HTTP2Frame.FramePayload

    /// How long a peer may take to end its side of the stream.
    static let lingering: TimeAmount = .seconds(2)

    private var hasEndedInput = false
    private var hasEndedOutput = false
    private var isClosing = false

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        guard !hasEndedInput else { return }
        switch Self.unwrapInboundIn(data) {
        case .data(let frame):
            if case .byteBuffer(let bytes) = frame.data, bytes.readableBytes > 0, !isClosing {
                context.fireChannelRead(Self.wrapInboundOut(bytes))
            }
            if frame.endStream { inputEnded(context) }
        case .headers(let trailers):
            if trailers.endStream { inputEnded(context) }
        default:
            break
        }
    }

    private func inputEnded(_ context: ChannelHandlerContext) {
        hasEndedInput = true
        context.fireUserInboundEventTriggered(ChannelEvent.inputClosed)
    }

    func write(context: ChannelHandlerContext, data: NIOAny, promise: EventLoopPromise<Void>?) {
        guard !hasEndedOutput else { return promise?.fail(ChannelError.outputClosed) ?? () }
        context.write(Self.wrapOutboundOut(.data(.init(data: .byteBuffer(Self.unwrapOutboundIn(data))))), promise: promise)
    }

    func close(context: ChannelHandlerContext, mode: CloseMode, promise: EventLoopPromise<Void>?) {
        switch mode {
        case .input:
            promise?.fail(ChannelError.operationUnsupported)
        case .output:
            endOutput(context, promise: promise)
        case .all:
            endOutput(context, promise: nil)
            close(context, promise: promise)
        }
    }

    private func endOutput(_ context: ChannelHandlerContext, promise: EventLoopPromise<Void>?) {
        guard !hasEndedOutput else { return promise?.succeed() ?? () }
        hasEndedOutput = true
        context.writeAndFlush(
            Self.wrapOutboundOut(.data(.init(data: .byteBuffer(ByteBuffer()), endStream: true))), promise: promise)
    }

    private func close(_ context: ChannelHandlerContext, promise: EventLoopPromise<Void>?) {
        context.channel.closeFuture.cascade(to: promise)
        guard !isClosing else { return }
        isClosing = true
        // With both sides ended the stream is closed as soon as what is queued has left.
        let closing = NIOLoopBound(context, eventLoop: context.eventLoop)
        context.eventLoop.assumeIsolated().scheduleTask(in: Self.lingering) { closing.value.close(promise: nil) }
        context.read()
    }
}
