// Strategy: making a writer and taking it down again costs a quarter of an upgrade (five generic types that are looked up by name, a lock
// for each), so a loop keeps a few.

import NIOCore
import NIOHTTPTypes

/// What an application writes its answer to, and the channel that keeps the answer. Used on its event loop.
final class AnswerWriter: @unchecked Sendable {
    let channel: AnswerChannel
    let outbound: NIOAsyncChannelOutboundWriter<HTTPResponsePart>
    private let isFinished: AsyncStream<Never>.Continuation

    private init(
        channel: AnswerChannel, outbound: NIOAsyncChannelOutboundWriter<HTTPResponsePart>, isFinished: AsyncStream<Never>.Continuation
    ) {
        self.channel = channel
        self.outbound = outbound
        self.isFinished = isFinished
    }

    /// Takes it down. Must be called once.
    func finish() {
        isFinished.finish()
    }

    /// A writer of an async channel lives in the scope of `executeThenClose`, so a task holds that scope open until ``finish()``.
    static func make(_ writing: NIOAsyncChannel<Never, HTTPResponsePart>, channel: AnswerChannel) async -> AnswerWriter {
        let (end, isFinished) = AsyncStream<Never>.makeStream()
        return await withCheckedContinuation { continuation in
            let scope: @Sendable () async -> Void = {
                try? await writing.executeThenClose { _, outbound in
                    continuation.resume(returning: AnswerWriter(channel: channel, outbound: outbound, isFinished: isFinished))
                    for await _ in end {}
                }
            }
            if #available(macOS 26, iOS 26, tvOS 26, watchOS 26, visionOS 26, *) {
                Task.immediate { await scope() }
            } else {
                Task { await scope() }
            }
        }
    }
}

/// The writers that wait for the next request for an upgrade on one event loop.
struct AnswerWriterPool {
    private static let size = 8
    private var spare: [AnswerWriter] = []
    private var isClosed = false

    mutating func take() -> AnswerWriter? {
        spare.popLast()
    }

    mutating func giveBack(_ writer: AnswerWriter) {
        guard !isClosed, spare.count < Self.size, writer.channel.isWriterReturned else { return writer.finish() }
        spare.append(writer)
    }

    mutating func close() {
        isClosed = true
        for writer in spare { writer.finish() }
        spare = []
    }
}
