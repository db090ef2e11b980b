import NIOCore

/// The one handler of a WebSocket in its channel's pipeline: bytes in, bytes out. All it knows is which call of NIO is which of ours.
final class WebSocketChannelHandler: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer
    typealias OutboundOut = ByteBuffer

    private let connection: WebSocketConnection

    init(connection: WebSocketConnection) {
        self.connection = connection
    }

    func handlerAdded(context: ChannelHandlerContext) {
        connection.attach(context)
    }

    func handlerRemoved(context: ChannelHandlerContext) {
        connection.transportEnded()
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        connection.bytesArrived(Self.unwrapInboundIn(data))
    }

    func channelReadComplete(context: ChannelHandlerContext) {
        connection.readCompleted()
    }

    func channelInactive(context: ChannelHandlerContext) {
        connection.transportEnded()
        context.fireChannelInactive()
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        connection.transportFailed(error)
    }

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        switch event {
        case ChannelEvent.inputClosed as ChannelEvent: connection.inputEnded()
        case is ChannelShouldQuiesceEvent: connection.shouldLeave()
        default: context.fireUserInboundEventTriggered(event)
        }
    }
}
