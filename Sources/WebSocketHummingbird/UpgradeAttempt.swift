// Strategy: Hummingbird's request loop owns the connection it serves, so a request for an upgrade does not go through it. The application
// is called directly, with a writer that keeps the answer. Where handlers run on the event loop, the task starts at once, inside the read
// event (`Task.immediate`, SE-0472): if nothing on the way through middleware and router suspends, the answer is there when the call
// returns, and no task was ever enqueued.

import HTTPTypes
import HummingbirdCore
import NIOCore
import NIOHTTPTypes

/// One request for an upgrade on its way through the application.
struct UpgradeAttempt: Sendable {
    enum Outcome: Sendable {
        case answer(UpgradeAnswer)
        case noAnswer
        case tooLong
    }

    let slot: UpgradeSlot
    let request: Request
    let channel: any Channel
    let responder: HTTPChannelHandler.Responder
    let loop: LoopState

    /// Asks the application. To be called on the channel's event loop.
    ///
    /// - Parameter deliver: gets the outcome, on the event loop. If an answer is too long, it is told so, and of `noAnswer` later.
    func start(deliver: @escaping (Outcome) -> Void) throws -> Task<Void, Never> {
        let source = try AnswerSource(loop)
        source.channel.begin(maxSize: loop.maxRefusalBytes) { deliver(.tooLong) }
        let receiver = NIOLoopBound(deliver, eventLoop: channel.eventLoop)
        guard let executor = loop.executor else { return Task { await run(source, receiver) } }
        if #available(macOS 26, iOS 26, tvOS 26, watchOS 26, visionOS 26, *) {
            return Task.immediate(executorPreference: executor) { await run(source, receiver) }
        }
        return Task(executorPreference: executor) { await run(source, receiver) }
    }

    private func run(_ source: AnswerSource, _ receiver: NIOLoopBound<(Outcome) -> Void>) async {
        let writer = await source.writer()
        do {
            try await UpgradeSlot.$current.withValue(slot) {
                try await responder(request, ResponseWriter(outbound: writer.outbound), channel)
            }
        } catch {
            // What the application throws it has made a response of; what is left is an answer that broke off.
        }
        let eventLoop = channel.eventLoop
        if eventLoop.inEventLoop { return finish(writer, receiver) }
        eventLoop.execute { finish(writer, receiver) }
    }

    private func finish(_ writer: AnswerWriter, _ receiver: NIOLoopBound<(Outcome) -> Void>) {
        let outcome = writer.channel.end().map(Outcome.answer) ?? .noAnswer
        loop.writers.giveBack(writer)
        receiver.value(outcome)
    }
}

/// A writer that was kept, or the channel for a new one.
private enum AnswerSource: Sendable {
    case kept(AnswerWriter)
    case new(AnswerChannel, NIOAsyncChannel<Never, HTTPResponsePart>)

    init(_ loop: LoopState) throws {
        if let writer = loop.writers.take() {
            self = .kept(writer)
        } else {
            let channel = AnswerChannel(eventLoop: loop.eventLoop)
            self = .new(channel, try NIOAsyncChannel(wrappingChannelSynchronously: channel))
        }
    }

    var channel: AnswerChannel {
        switch self {
        case .kept(let writer): writer.channel
        case .new(let channel, _): channel
        }
    }

    func writer() async -> AnswerWriter {
        switch self {
        case .kept(let writer): writer
        case .new(let channel, let writing): await AnswerWriter.make(writing, channel: channel)
        }
    }
}
