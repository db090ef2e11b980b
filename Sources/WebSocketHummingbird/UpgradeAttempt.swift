// Strategy: Hummingbird's request loop owns the connection it serves, so a request for an upgrade does not go through it. The application
// is called directly, with a writer that collects the answer. Where handlers run on the event loop, the task starts at once, inside the
// read event (`Task.immediate`, SE-0472): if nothing on the way through middleware and router suspends, the answer is there when the call
// returns, and no task was ever enqueued.

import HTTPTypes
import HummingbirdCore
import NIOCore
import NIOHTTPTypes
import Synchronization

/// The application's answer to a request for an upgrade.
struct UpgradeAnswer: Sendable {
    var head: HTTPResponse
    var body: [ByteBuffer] = []
    var trailers: HTTPFields?
}

/// One request for an upgrade on its way through the application.
final class UpgradeAttempt: Sendable {
    private typealias Writer = NIOAsyncChannelOutboundWriter<HTTPResponsePart>

    let slot: UpgradeSlot
    private let request: Request
    private let channel: any Channel
    private let responder: HTTPChannelHandler.Responder
    private let maxBytes: Int
    private let writer: Writer
    /// Whoever takes it collects the answer.
    private let parts: Mutex<Writer.TestSink?>
    private let deliver: @Sendable (Result<UpgradeAnswer, UpgradeFailure>) -> Void

    enum UpgradeFailure: Error {
        case noAnswer
        case tooLarge
    }

    /// - Parameter deliver: gets the answer, once, on any thread.
    init(
        slot: UpgradeSlot, request: Request, channel: any Channel, responder: @escaping HTTPChannelHandler.Responder, maxBytes: Int,
        deliver: @escaping @Sendable (Result<UpgradeAnswer, UpgradeFailure>) -> Void
    ) {
        let (writer, parts) = Writer.makeTestingWriter()
        self.slot = slot
        self.request = request
        self.channel = channel
        self.responder = responder
        self.maxBytes = maxBytes
        self.writer = writer
        self.parts = Mutex(parts)
        self.deliver = deliver
    }

    /// - Parameter executor: that of the event loop this is called on, if handlers run there.
    func start(on executor: EventLoopTaskExecutor?) -> Task<Void, Never> {
        guard let executor else {
            let task = Task { await self.run() }
            watch(task, on: nil)
            return task
        }
        let task: Task<Void, Never>
        if #available(macOS 26, iOS 26, tvOS 26, watchOS 26, visionOS 26, *) {
            task = Task.immediate(executorPreference: executor) { await self.run() }
        } else {
            task = Task(executorPreference: executor) { await self.run() }
        }
        watch(task, on: executor)
        return task
    }

    private func run() async {
        do {
            try await UpgradeSlot.$current.withValue(slot) { try await responder(request, ResponseWriter(outbound: writer), channel) }
        } catch {
            // What the application throws it has made a response of; what is left is an answer that broke off.
        }
        writer.finish()
        if let parts = takeParts() { await collect(parts) }
    }

    /// An application that takes its time could write without end, as the writer never makes it wait. Then the answer is counted while it
    /// is being written.
    private func watch(_ task: Task<Void, Never>, on executor: EventLoopTaskExecutor?) {
        guard let parts = takeParts() else { return }
        _ = Task(executorPreference: executor) {
            if await !self.collect(parts) { task.cancel() }
        }
    }

    private func takeParts() -> Writer.TestSink? {
        parts.withLock { parts in
            defer { parts = nil }
            return parts
        }
    }

    @discardableResult
    private func collect(_ parts: Writer.TestSink) async -> Bool {
        var answer: UpgradeAnswer?
        var size = 0
        for await part in parts {
            switch part {
            case .head(let head):
                answer = UpgradeAnswer(head: head)
            case .body(let bytes):
                size += bytes.readableBytes
                guard size <= maxBytes else {
                    deliver(.failure(.tooLarge))
                    return false
                }
                answer?.body.append(bytes)
            case .end(let trailers):
                answer?.trailers = trailers
                deliver(answer.map(Result.success) ?? .failure(.noAnswer))
                return true
            }
        }
        deliver(.failure(.noAnswer))
        return true
    }
}
