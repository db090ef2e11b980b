// Strategy: a session sends from its event loop and does not wait; Hummingbird takes a body from a task that does. Between them is this queue. One
// task per stream asks for more whenever the connection has taken what it had, and gets all that has gathered, up to what the connection
// should have at once. So nothing is started for a message, and what a slow reader costs is what is counted here, and that much.

import NIOCore

/// What waits to be written to a stream.
///
/// `@unchecked Sendable`: everything is touched on its event loop only; it is handed to the writing task, whose one call goes to that loop.
final class OutgoingQueue: @unchecked Sendable {
    /// About what a connection takes before it is no longer writable.
    static let maxChunk = 64 << 10
    /// A peer that reads takes a chunk in less, but over the slowest of links.
    private static let patience = TimeAmount.milliseconds(100)

    let eventLoop: any EventLoop

    @exclusivity(unchecked) private var waiting: [ByteBuffer] = []
    @exclusivity(unchecked) private var waitingBytes = 0
    /// Handed to the writer, and not taken by the connection yet.
    @exclusivity(unchecked) private var writingBytes = 0
    /// The longest message since all had left.
    @exclusivity(unchecked) private var longest = 0
    @exclusivity(unchecked) private var writer: CheckedContinuation<ByteBuffer?, Never>?
    @exclusivity(unchecked) private var isEnded = false
    /// When the writer got what it has.
    @exclusivity(unchecked) private var writingSince: NIODeadline?
    /// Something was added, and it has not been told that all has left.
    @exclusivity(unchecked) private var isUndrained = false

    /// Called when all has left.
    @exclusivity(unchecked) var drained: () -> Void = {}

    init(eventLoop: any EventLoop) {
        self.eventLoop = eventLoop
    }

    var bufferedBytes: Int { waitingBytes + writingBytes }

    /// Whether more bytes than that wait because the connection does not take them. The longest message does not count: it takes a while by itself. Much that was added in one
    /// turn goes out a chunk at a time, however quickly the peer reads: so for a moment four times as much may wait.
    func isSlow(over limit: Int) -> Bool {
        guard bufferedBytes - longest > limit else { return false }
        return isStuck(for: Self.patience) || (bufferedBytes - longest) / 4 > limit
    }

    func add(_ bytes: ByteBuffer) {
        guard !isEnded, bytes.readableBytes > 0 else { return }
        waiting.append(bytes)
        waitingBytes += bytes.readableBytes
        longest = max(longest, bytes.readableBytes)
        isUndrained = true
        proceed()
    }

    /// Drops what has not been handed to the writer.
    func clear() {
        waiting = []
        waitingBytes = 0
    }

    /// Nothing more is added: the writer's task ends when the rest is written.
    func end() {
        guard !isEnded else { return }
        isEnded = true
        proceed()
    }

    /// Whether the connection has taken nothing for so long.
    func isStuck(for time: TimeAmount) -> Bool {
        writingSince.map { eventLoop.now - $0 >= time } ?? false
    }

    /// What is to be written next, as soon as there is something; nil at the end. For one task, which has written what it got before.
    func next() async -> ByteBuffer? {
        await withCheckedContinuation { continuation in
            if eventLoop.inEventLoop { wrote(continuation) } else { eventLoop.execute { self.wrote(continuation) } }
        }
    }

    private func wrote(_ continuation: CheckedContinuation<ByteBuffer?, Never>) {
        writer = continuation
        writingBytes = 0
        writingSince = nil
        if waiting.isEmpty { longest = 0 }
        if isUndrained, waiting.isEmpty, !isEnded {
            isUndrained = false
            drained()
        }
        proceed()
    }

    private func proceed() {
        guard let writer, !waiting.isEmpty || isEnded else { return }
        self.writer = nil
        guard !waiting.isEmpty else { return writer.resume(returning: nil) }
        let chunk = takeChunk()
        writingBytes = chunk.readableBytes
        writingSince = eventLoop.now
        writer.resume(returning: chunk)
    }

    /// At least one buffer, and as many more as fit.
    private func takeChunk() -> ByteBuffer {
        var count = 0
        var bytes = 0
        for buffer in waiting {
            guard count == 0 || bytes + buffer.readableBytes <= Self.maxChunk else { break }
            count += 1
            bytes += buffer.readableBytes
        }
        let chunk = count == 1 ? waiting[0] : ByteBuffer(joining: waiting[..<count], bytes)
        waiting.removeFirst(count)
        waitingBytes -= bytes
        return chunk
    }
}

extension ByteBuffer {
    fileprivate init(joining buffers: ArraySlice<ByteBuffer>, _ count: Int) {
        self.init()
        reserveCapacity(count)
        for buffer in buffers { writeImmutableBuffer(buffer) }
    }
}
