// Strategy: Hummingbird's application writes its response to a `NIOAsyncChannelOutboundWriter`, and such a writer belongs to a channel. This is
// the smallest channel there can be: what is written to it is kept.

import HTTPTypes
import NIOCore
import NIOHTTPTypes

/// An application's answer to a request for an upgrade.
struct UpgradeAnswer: Sendable {
    var head: HTTPResponse
    var body: [ByteBuffer] = []
    var trailers: HTTPFields?
}

/// A channel that leads nowhere and keeps one response at a time, of limited length.
///
/// `@unchecked Sendable`: its state is only touched on the event loop, where a pipeline makes all its calls.
final class AnswerChannel: @unchecked Sendable {
    let eventLoop: any EventLoop
    let allocator = ByteBufferAllocator()
    private(set) lazy var pipeline = ChannelPipeline(channel: self)

    private let closePromise: EventLoopPromise<Void>
    private var isOpen = true
    private var answer: UpgradeAnswer?
    private var isComplete = false
    private var size = 0
    private var maxSize = 0
    private var flushes = 0
    /// Called if the response is longer than allowed. Its writer then waits until its task is cancelled.
    private var tooLong: (() -> Void)?

    init(eventLoop: any EventLoop) {
        self.eventLoop = eventLoop
        self.closePromise = eventLoop.makePromise()
    }

    deinit {
        closePromise.succeed()
    }

    /// Gets ready for a response.
    func begin(maxSize: Int, tooLong: @escaping () -> Void) {
        self.maxSize = maxSize
        self.tooLong = tooLong
        answer = nil
        isComplete = false
        size = 0
        flushes = 0
    }

    /// The response, if it was written to its end.
    func end() -> UpgradeAnswer? {
        tooLong = nil
        defer { answer = nil }
        return isComplete ? answer : nil
    }

    /// Whether nobody else can have the writer: a response that was written in one go had no body that was given it, which could have
    /// kept it and write with it into another's answer.
    var isWriterReturned: Bool { isComplete && flushes == 1 }

    private func add(_ part: HTTPResponsePart) {
        guard tooLong != nil, !isComplete else { return }
        switch part {
        case .head(let head):
            answer = UpgradeAnswer(head: head)
        case .body(let bytes):
            size += bytes.readableBytes
            guard size <= maxSize else { return stop() }
            answer?.body.append(bytes)
        case .end(let trailers):
            answer?.trailers = trailers
            isComplete = answer != nil
        }
    }

    private func stop() {
        let tooLong = tooLong
        self.tooLong = nil
        answer = nil
        pipeline.syncOperations.fireChannelWritabilityChanged()
        tooLong?()
    }
}

extension AnswerChannel: Channel {
    var closeFuture: EventLoopFuture<Void> { closePromise.futureResult }
    var localAddress: SocketAddress? { nil }
    var remoteAddress: SocketAddress? { nil }
    var parent: (any Channel)? { nil }
    var isWritable: Bool { tooLong != nil }
    var isActive: Bool { isOpen }
    var _channelCore: any ChannelCore { self }

    func setOption<Option: ChannelOption>(_ option: Option, value: Option.Value) -> EventLoopFuture<Void> {
        eventLoop.makeFailedFuture(ChannelError.operationUnsupported)
    }

    func getOption<Option: ChannelOption>(_ option: Option) -> EventLoopFuture<Option.Value> {
        eventLoop.makeFailedFuture(ChannelError.operationUnsupported)
    }
}

extension AnswerChannel: ChannelCore {
    func write0(_ data: NIOAny, promise: EventLoopPromise<Void>?) {
        guard let part = tryUnwrapData(data, as: HTTPResponsePart.self) else {
            promise?.fail(ChannelError.operationUnsupported)
            return
        }
        add(part)
        promise?.succeed()
    }

    func close0(error: any Error, mode: CloseMode, promise: EventLoopPromise<Void>?) {
        guard isOpen, mode == .all else { return promise?.succeed() ?? () }
        isOpen = false
        removeHandlers(pipeline: pipeline)
        closePromise.succeed()
        promise?.succeed()
    }

    func localAddress0() throws -> SocketAddress { throw ChannelError.operationUnsupported }
    func remoteAddress0() throws -> SocketAddress { throw ChannelError.operationUnsupported }
    func register0(promise: EventLoopPromise<Void>?) { promise?.succeed() }
    func registerAlreadyConfigured0(promise: EventLoopPromise<Void>?) { promise?.succeed() }
    func bind0(to: SocketAddress, promise: EventLoopPromise<Void>?) { promise?.fail(ChannelError.operationUnsupported) }
    func connect0(to: SocketAddress, promise: EventLoopPromise<Void>?) { promise?.fail(ChannelError.operationUnsupported) }
    func triggerUserOutboundEvent0(_ event: Any, promise: EventLoopPromise<Void>?) { promise?.succeed() }
    func flush0() { flushes += 1 }
    func read0() {}
    func channelRead0(_ data: NIOAny) {}
    func errorCaught0(error: any Error) {}
}
