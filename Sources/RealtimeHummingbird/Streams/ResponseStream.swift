import HTTPTypes
import Hummingbird
import NIOCore
import ServiceLifecycle
import WebSocketHummingbird

/// An answer whose body does not end by itself: what is put into its queue is written while the client is there.
///
/// `@unchecked Sendable`: everything but `queue`'s one asynchronous call is done on its event loop; it is handed to the task that writes the body,
/// and to closures that come back to that loop.
final class ResponseStream: @unchecked Sendable {
    let queue: OutgoingQueue
    private let channel: any NIOCore.Channel

    var remoteAddress: String? { channel.remoteAddress?.ipAddress }

    @exclusivity(unchecked) private var watch: PeerWatch?
    @exclusivity(unchecked) private var closing: Scheduled<Void>?
    @exclusivity(unchecked) private var isFinished = false
    /// The client went away, or the body is written or will never be. It may be called twice.
    @exclusivity(unchecked) var ended: () -> Void = {}

    private static let accelBuffering = HTTPField.Name("X-Accel-Buffering")

    init(_ connection: ServedConnection) {
        channel = connection.channel
        queue = OutgoingQueue(eventLoop: connection.channel.eventLoop)
    }

    var eventLoop: any EventLoop { queue.eventLoop }

    /// From any thread.
    func onLoop(_ body: @escaping @Sendable () -> Void) {
        if eventLoop.inEventLoop { body() } else { eventLoop.execute(body) }
    }

    /// Looks whether the client is there, and from now on.
    ///
    /// - Returns: false if it is gone already; that has been told then.
    func open() -> Bool {
        let watch = PeerWatch { [weak self] in self?.peerLeft() }
        guard channel.isActive, (try? channel.pipeline.syncOperations.addHandler(watch)) != nil else {
            end()
            return false
        }
        self.watch = watch
        // Its callbacks come on the channel's loop, which is ours.
        channel.closeFuture.whenComplete { [weak self] _ in self?.peerLeft() }
        return true
    }

    /// Ends the answer after what is in the queue, and cuts the connection if that takes too long.
    func end(within time: Duration) {
        queue.end()
        guard !isFinished else { return }
        closing = eventLoop.assumeIsolated().scheduleTask(in: TimeAmount(time)) { self.channel.close(promise: nil) }
    }

    /// The body is written, or will never be. From any thread.
    func finish() {
        onLoop { self.finished() }
    }

    private func finished() {
        guard !isFinished else { return }
        isFinished = true
        closing?.cancel()
        if let watch { channel.pipeline.syncOperations.removeHandler(watch, promise: nil) }
        watch = nil
        end()
        ended = {}
    }

    private func peerLeft() {
        guard !isFinished else { return }
        end()
        queue.clear()
        // Of a connection whose other half is open, nothing more is wanted either.
        channel.close(promise: nil)
    }

    private func end() {
        queue.end()
        ended()
    }

    // MARK: The answer

    /// The answer. It is finished when nobody has it any more, too: middleware may have put another in its place.
    ///
    /// - Parameter shutDown: called when the server goes down, on any thread.
    func response(_ contentType: String, _ headers: HTTPFields, shutDown: @escaping @Sendable () -> Void) -> Response {
        var headers = headers
        headers[.contentType] = contentType
        headers[.cacheControl] = "no-cache, no-store, no-transform"
        headers[.xContentTypeOptions] = "nosniff"
        if let accelBuffering = Self.accelBuffering { headers[accelBuffering] = "no" }
        let lease = StreamLease(self)
        return Response(
            status: .ok, headers: headers,
            body: ResponseBody { writer in
                defer { lease.stream.finish() }
                try await withGracefulShutdownHandler {
                    while let bytes = await lease.stream.queue.next() { try await writer.write(bytes) }
                } onGracefulShutdown: {
                    shutDown()
                }
                try await writer.finish(nil)
            })
    }
}

/// Ends a stream whose answer nobody writes.
private final class StreamLease: Sendable {
    let stream: ResponseStream

    init(_ stream: ResponseStream) {
        self.stream = stream
    }

    deinit {
        stream.finish()
    }
}

/// Tells when the client has ended its side of the connection. The end of all of it is the channel's to tell.
private final class PeerWatch: ChannelInboundHandler, RemovableChannelHandler {
    typealias InboundIn = Any

    private let peerLeft: () -> Void

    init(peerLeft: @escaping () -> Void) {
        self.peerLeft = peerLeft
    }

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        context.fireUserInboundEventTriggered(event)
        if case ChannelEvent.inputClosed as ChannelEvent = event { peerLeft() }
    }
}
