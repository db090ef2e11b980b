// Strategy: the messages of a socket between its event loop, which puts them in, and the one task that takes them out. A lock guards a
// queue; a reader that finds it empty leaves its continuation. When the queue holds too many bytes the socket's reads stop, so that a
// reader that does not read slows the peer down and costs no more memory.

import DequeModule
import NIOCore
import Synchronization
import WebSocketProtocol

/// `@unchecked Sendable`: `state` is behind its lock, and `connection` is only used on its loop.
///
/// `unowned`: until it is over, which is when `ending` is set on the loop, a connection is held by its loop; nothing is done with it after.
final class MessageInbox: WebSocketDelegate, @unchecked Sendable {
    enum Item {
        case message(WebSocketMessage)
        case part(MessagePart)

        /// An empty message costs something too.
        var cost: Int {
            switch self {
            case .message(.text(let text)): text.utf8.count + 64
            case .message(.binary(let bytes)): bytes.readableBytes + 64
            case .part(let part): part.bytes.readableBytes + 64
            }
        }
    }

    fileprivate enum Ending {
        case finished
        case failed(WebSocketError)
    }

    fileprivate struct State {
        var items = Deque<Item>()
        var cost = 0
        var reader: (ticket: UInt64, continuation: CheckedContinuation<Item?, any Error>)?
        var lastTicket: UInt64 = 0
        var ending: Ending?
        var holdsReads = false
    }

    private let state = Mutex(State())
    private let eventLoop: any EventLoop
    private let capacity: Int
    private unowned let connection: WebSocketConnection

    init(connection: WebSocketConnection) {
        self.connection = connection
        self.eventLoop = connection.eventLoop
        self.capacity = connection.settings.configuration.inboundBuffer
    }

    // MARK: On the event loop

    func received(_ payload: ByteBuffer, _ kind: MessageKind, on socket: WebSocketConnection) {
        put(.message(kind == .text ? .text(String(buffer: payload)) : .binary(payload.detached())), socket)
    }

    func receivedPart(_ part: MessagePart, on socket: WebSocketConnection) {
        put(.part(MessagePart(kind: part.kind, bytes: part.bytes.detached(), isFinal: part.isFinal)), socket)
    }

    private func put(_ item: Item, _ socket: WebSocketConnection) {
        let isOpen = socket.isOpen
        let (reader, isFull) = state.withLock { state -> (CheckedContinuation<Item?, any Error>?, Bool) in
            if let reader = state.takeReader() { return (reader, false) }
            // Reads go on while the socket closes, lest the peer's Close frame stays unseen: then what does not fit is left out.
            if state.cost > capacity, !isOpen { return (nil, false) }
            state.items.append(item)
            state.cost += item.cost
            let isFull = state.cost > capacity && !state.holdsReads
            if isFull { state.holdsReads = true }
            return (nil, isFull)
        }
        if isFull { socket.pauseReading() }
        reader?.resume(returning: item)
    }

    func closed(_ socket: WebSocketConnection, _ reason: CloseReason) {
        let ending: Ending =
            if let violation = socket.violation {
                .failed(.violation(violation))
            } else if reason.isClean {
                .finished
            } else {
                .failed(.lost(reason))
            }
        let reader = state.withLock { state -> CheckedContinuation<Item?, any Error>? in
            state.ending = ending
            return state.takeReader()
        }
        switch ending {
        case .finished: reader?.resume(returning: nil)
        case .failed(let error): reader?.resume(throwing: error)
        }
    }

    // MARK: In the reader's task

    /// What waits for the reader, and whether there is one; for tests.
    var cost: Int { state.withLock { $0.cost } }
    var hasReader: Bool { state.withLock { $0.reader != nil } }

    /// The next item; nil after the close handshake.
    func next() async throws -> Item? {
        let ticket = state.withLock { state in
            state.lastTicket &+= 1
            return state.lastTicket
        }
        return try await withTaskCancellationHandler {
            try await withCheckedThrowingContinuation { take($0, ticket) }
        } onCancel: {
            cancelReader(ticket)
        }
    }

    /// An item that is there already, without suspending.
    func nextIfAvailable() -> Item? {
        let (item, mayRead) = state.withLock { $0.pop(below: capacity / 2) }
        if mayRead { resumeReading() }
        return item
    }

    private func take(_ continuation: CheckedContinuation<Item?, any Error>, _ ticket: UInt64) {
        enum Outcome {
            case item(Item)
            case ended(Ending)
            case alreadyReading
            case waiting
        }
        let (outcome, mayRead) = state.withLock { state -> (Outcome, Bool) in
            let (item, mayRead) = state.pop(below: capacity / 2)
            if let item { return (.item(item), mayRead) }
            if let ending = state.ending { return (.ended(ending), false) }
            if state.reader != nil { return (.alreadyReading, false) }
            if Task.isCancelled { return (.ended(.finished), false) }
            state.reader = (ticket, continuation)
            return (.waiting, false)
        }
        if mayRead { resumeReading() }
        switch outcome {
        case .item(let item): continuation.resume(returning: item)
        case .ended(.finished): continuation.resume(returning: nil)
        case .ended(.failed(let error)): continuation.resume(throwing: error)
        case .alreadyReading: continuation.resume(throwing: WebSocketError.alreadyReading)
        case .waiting: break
        }
    }

    /// Another reader, who may have come before the task that is cancelled, goes on.
    private func cancelReader(_ ticket: UInt64) {
        let reader = state.withLock { state in state.reader?.ticket == ticket ? state.takeReader() : nil }
        reader?.resume(returning: nil)
    }

    private func resumeReading() {
        eventLoop.execute { [weak self] in
            // Unless it has filled up again since.
            guard let self, self.state.withLock({ $0.ending == nil && !$0.holdsReads }) else { return }
            self.connection.resumeReading()
        }
    }
}

extension MessageInbox.State {
    fileprivate mutating func takeReader() -> CheckedContinuation<MessageInbox.Item?, any Error>? {
        defer { reader = nil }
        return reader?.continuation
    }

    /// The first item, and whether the socket's reads, which were held, may go on.
    fileprivate mutating func pop(below threshold: Int) -> (MessageInbox.Item?, Bool) {
        guard let item = items.popFirst() else { return (nil, false) }
        cost -= item.cost
        guard holdsReads, cost <= threshold else { return (item, false) }
        holdsReads = false
        return (item, true)
    }
}

extension ByteBuffer {
    /// The same bytes; a copy, if they are a small part of a big buffer that they would keep alive.
    func detached() -> ByteBuffer {
        readableBytes * 2 < storageCapacity ? ByteBuffer(bytes: readableBytesView) : self
    }
}
