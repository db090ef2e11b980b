import DequeModule
import NIOCore
import Synchronization

/// An event that waits.
struct QueuedEvent: Hashable, Sendable {
    /// From 1, in the order of the queue.
    var number: UInt64
    var payload: ByteBuffer
}

/// Events that no backend has taken yet, in their order. When there is no room the oldest go.
protocol EventQueue: Sendable {
    /// Whether a call may take as long as a disk does.
    var mayBlock: Bool { get }

    /// - Returns: how many events were dropped for these.
    func append(_ payloads: [ByteBuffer]) -> Dropped

    /// The first events: so many at most, of so many bytes at most, but one if there is one.
    func first(_ count: Int, maxBytes: Int) -> [QueuedEvent]

    /// They are taken, up to this one.
    func remove(through number: UInt64)

    /// What was written is to be on the disk for good.
    func sync()

    /// It is not used any more.
    func close()

    var size: QueueSize { get }
}

struct QueueSize: Hashable, Sendable {
    var events = 0
    var bytes = 0
}

/// Events that are lost.
struct Dropped: Hashable, Sendable {
    /// The queue was full.
    var old = 0
    /// They could not be written.
    var unwritten = 0
    /// They were written, and can't be read.
    var unreadable = 0
}

/// A queue that ends with the process.
final class MemoryEventQueue: EventQueue {
    private struct State {
        var events: Deque<QueuedEvent> = []
        var bytes = 0
        var number: UInt64 = 0
    }

    private let maxBytes: Int
    private let state = Mutex(State())

    init(maxBytes: Int) {
        self.maxBytes = maxBytes
    }

    let mayBlock = false

    /// An event costs something besides its bytes.
    private static func cost(_ payload: ByteBuffer) -> Int { payload.readableBytes + 64 }

    func append(_ payloads: [ByteBuffer]) -> Dropped {
        state.withLock { state in
            var dropped = Dropped()
            for payload in payloads {
                state.number += 1
                state.events.append(QueuedEvent(number: state.number, payload: payload))
                state.bytes += Self.cost(payload)
                while state.bytes > maxBytes, let oldest = state.events.popFirst() {
                    state.bytes -= Self.cost(oldest.payload)
                    dropped.old += 1
                }
            }
            return dropped
        }
    }

    func first(_ count: Int, maxBytes: Int) -> [QueuedEvent] {
        state.withLock { state in
            var bytes = 0
            return Array(
                state.events.prefix(count).prefix { event in
                    defer { bytes += event.payload.readableBytes }
                    return bytes == 0 || bytes + event.payload.readableBytes <= maxBytes
                })
        }
    }

    func remove(through number: UInt64) {
        state.withLock { state in
            while let first = state.events.first, first.number <= number {
                state.events.removeFirst()
                state.bytes -= Self.cost(first.payload)
            }
        }
    }

    func sync() {}
    func close() {}

    var size: QueueSize { state.withLock { QueueSize(events: $0.events.count, bytes: $0.bytes) } }
}
