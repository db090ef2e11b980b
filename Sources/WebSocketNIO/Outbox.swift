// Strategy: what tasks want sent is put into a queue under a lock; the event loop takes all of it at once. A sender that finds too much
// waiting leaves its item and its continuation in a second queue, first come first served, and goes on when the item has moved over. So
// what waits for a slow peer is bounded however many tasks send, and a task that is cancelled while it waits has sent nothing.

import DequeModule
import NIOCore
import Synchronization
import WebSocketProtocol

/// What tasks want sent, on its way to the event loop, and those who wait for it.
final class Outbox: Sendable {
    enum Item: Sendable {
        case message(ByteBuffer, MessageKind, compress: Bool)
        case prepared(PreparedMessage)
        case fragment(ByteBuffer, MessageKind, isFinal: Bool)
        case ping(ByteBuffer)
        case close(CloseCode, String)

        /// An empty message costs something too.
        var cost: Int {
            switch self {
            case .message(let payload, _, _), .fragment(let payload, _, _), .ping(let payload): payload.readableBytes + 32
            case .prepared(let message): message.payload.readableBytes + 32
            case .close: 0
            }
        }
    }

    fileprivate struct Sender {
        let ticket: UInt64
        let item: Item
        let continuation: CheckedContinuation<Void, any Error>
    }

    fileprivate struct State {
        let highWater: Int
        /// What comes before `items`, in pieces that must not be sent at once: something else comes between them.
        var earlier = Deque<[Item]>()
        var items: [Item] = []
        /// What all items cost.
        var cost = 0
        let loop: LoopContext
        /// What the loop had been given by others when the first of `items` was put.
        var fence: UInt64 = 0
        /// The event loop knows that there are items.
        var isAwake = false
        /// What the connection had waiting when it last said so, and what it was given since.
        var buffered = 0
        /// Known from the moment that nothing more can be sent.
        var closing: CloseReason?
        var closeReason: CloseReason?

        /// The message in parts that is being sent.
        var stream: UInt64?
        var streamHasBegun = false

        var lastTicket: UInt64 = 0
        var senders = Deque<Sender>()
        /// Those of the message in parts, for which the others wait.
        var partSenders = Deque<Sender>()
        var streams = Deque<(ticket: UInt64, continuation: CheckedContinuation<Void, any Error>)>()
        var pings: [UInt64: CheckedContinuation<Void, any Error>] = [:]
        var closers: [CheckedContinuation<CloseReason, Never>] = []
    }

    private let state: Mutex<State>

    /// - Parameter highWater: so many bytes may wait before a sender has to.
    init(loop: LoopContext, highWater: Int, closing: CloseReason?, closeReason: CloseReason?) {
        state = Mutex(State(highWater: highWater, loop: loop, closing: closing, closeReason: closeReason))
    }

    var closeReason: CloseReason? { state.withLock { $0.closeReason } }
    var bufferedBytes: Int { state.withLock { $0.cost + $0.buffered } }
    /// Who waits; for tests.
    var waitingSenders: Int { state.withLock { $0.senders.count + $0.partSenders.count } }
    var waitingStreams: Int { state.withLock { $0.streams.count } }

    // MARK: Sending

    /// What a sender has to do with its item.
    enum Action {
        /// It is in the queue, and the event loop knows of it.
        case nothing
        /// The event loop must be told.
        case wake
        /// The sender is on the event loop: what it did there before was done at once, and so is this.
        case perform(Item)
    }

    /// Puts an item behind the others, once there is room for it.
    ///
    /// - Parameters:
    ///   - stream: the message in parts that the item belongs to.
    ///   - isOnLoop: whether the caller is on the event loop.
    ///   - act: called with what is to be done.
    func send(_ item: Item, stream: UInt64? = nil, isOnLoop: Bool, act: (Action) -> Void) async throws {
        if let action = try state.withLock({ try $0.put(item, stream, isOnLoop) }) { return act(action) }
        let ticket = state.withLock { $0.nextTicket() }
        try await withTaskCancellationHandler {
            try await withCheckedThrowingContinuation { continuation in
                let sender = Sender(ticket: ticket, item: item, continuation: continuation)
                let result = Result { try state.withLock { try $0.putOrWait(sender, stream, isOnLoop) } }
                switch result {
                case .success(nil): break
                case .success(let action?):
                    act(action)
                    continuation.resume()
                case .failure(let error): continuation.resume(throwing: error)
                }
            }
        } onCancel: {
            state.withLock { $0.removeSender(ticket) }?.resume(throwing: CancellationError())
        }
    }

    /// Puts a Ping or a Close frame, which don't wait. Returns whether the event loop must be told.
    func putControl(_ item: Item) -> Bool {
        state.withLock { state in
            guard state.closing == nil else { return false }
            return state.append(item)
        }
    }

    /// Starts to close: puts a Close frame behind all that was sent; nothing can be sent after it.
    func putClose(_ code: CloseCode, _ text: String, wake: () -> Void) {
        let (mustWake, left) = state.withLock { state -> (Bool, State.Waiting) in
            guard state.closing == nil else { return (false, State.Waiting()) }
            let mustWake = state.append(.close(code, text))
            return (mustWake, state.beginClosing(CloseReason(code: code, text: text, origin: .us)))
        }
        if mustWake { wake() }
        left.fail()
    }

    // MARK: On the event loop

    func take() -> [Item] {
        state.withLock { state in
            if let taken = state.earlier.popFirst() {
                let cost = taken.reduce(0) { $0 + $1.cost }
                state.buffered += cost
                state.cost -= cost
                return taken
            }
            var taken: [Item] = []
            swap(&taken, &state.items)
            state.buffered += state.cost
            state.cost = 0
            state.isAwake = false
            return taken
        }
    }

    /// The connection says how much it has waiting. Returns whether it must take items that waited for that.
    func settle(buffered: Int) -> Bool {
        let (moved, mustWake) = state.withLock { state -> ([Sender], Bool) in
            state.buffered = buffered
            guard state.cost + buffered <= state.highWater / 2 else { return ([], false) }
            return state.moveSenders()
        }
        for sender in moved { sender.continuation.resume() }
        return mustWake
    }

    /// Nothing more is sent.
    func closing(_ reason: CloseReason) {
        state.withLock { $0.beginClosing(reason) }.fail()
    }

    func close(_ reason: CloseReason) {
        let (left, pings, closers) = state.withLock { state in
            let left = state.beginClosing(reason)
            state.closeReason = state.closeReason ?? reason
            defer { (state.pings, state.closers, state.items, state.earlier) = ([:], [], [], []) }
            return (left, state.pings, state.closers)
        }
        left.fail()
        for continuation in pings.values { continuation.resume(throwing: WebSocketError.closed(reason)) }
        for continuation in closers { continuation.resume(returning: reason) }
    }

    func waitForClose() async -> CloseReason {
        await withCheckedContinuation { continuation in
            let reason = state.withLock { state -> CloseReason? in
                if state.closeReason == nil { state.closers.append(continuation) }
                return state.closeReason
            }
            if let reason { continuation.resume(returning: reason) }
        }
    }

    // MARK: Pings

    func awaitPong(_ number: UInt64, send: () -> Void) async throws {
        try await withTaskCancellationHandler {
            try await withCheckedThrowingContinuation { continuation in
                let reason = state.withLock { state -> CloseReason? in
                    if state.closing == nil { state.pings[number] = continuation }
                    return state.closing
                }
                if let reason { return continuation.resume(throwing: WebSocketError.closed(reason)) }
                send()
                if Task.isCancelled { cancelPing(number) }
            }
        } onCancel: {
            cancelPing(number)
        }
    }

    private func cancelPing(_ number: UInt64) {
        state.withLock { $0.pings.removeValue(forKey: number) }?.resume(throwing: CancellationError())
    }

    func receivedPong(_ number: UInt64) {
        state.withLock { $0.pings.removeValue(forKey: number) }?.resume()
    }

    // MARK: Messages in parts

    /// One message in parts at a time; the next one waits. Returns its number.
    func beginStream() async throws -> UInt64 {
        let ticket = state.withLock { $0.nextTicket() }
        try await withTaskCancellationHandler {
            try await withCheckedThrowingContinuation { continuation in
                let now = state.withLock { state -> Result<Void, any Error>? in
                    if let reason = state.closing { return .failure(WebSocketError.closed(reason)) }
                    if Task.isCancelled { return .failure(CancellationError()) }
                    if state.stream == nil {
                        state.stream = ticket
                        return .success(())
                    }
                    state.streams.append((ticket, continuation))
                    return nil
                }
                if let now { continuation.resume(with: now) }
            }
        } onCancel: {
            cancelStream(ticket)
        }
        return ticket
    }

    private func cancelStream(_ ticket: UInt64) {
        let cancelled = state.withLock { state -> CheckedContinuation<Void, any Error>? in
            guard let index = state.streams.firstIndex(where: { $0.ticket == ticket }) else { return nil }
            return state.streams.remove(at: index).continuation
        }
        cancelled?.resume(throwing: CancellationError())
    }

    /// Whether a part of the message was put, so that the message can't be taken back.
    var streamHasBegun: Bool { state.withLock { $0.streamHasBegun } }

    /// The message in parts is over: those who waited for that go on, first the messages and then the next message in parts.
    func endStream(wake: () -> Void) {
        let (moved, mustWake, next) = state.withLock { state in
            state.stream = nil
            state.streamHasBegun = false
            let (moved, mustWake) = state.moveSenders()
            let next = state.streams.popFirst()
            state.stream = next?.ticket
            return (moved, mustWake, next)
        }
        if mustWake { wake() }
        for sender in moved { sender.continuation.resume() }
        next?.continuation.resume()
    }
}

extension Outbox.State {
    mutating func nextTicket() -> UInt64 {
        lastTicket &+= 1
        return lastTicket
    }

    private var hasRoom: Bool { cost + buffered <= highWater }

    /// Returns whether the event loop must be told, once for each call that says so.
    mutating func append(_ item: Outbox.Item) -> Bool {
        append(item, fence: loop.posts.load(ordering: .relaxed))
    }

    private mutating func append(_ item: Outbox.Item, fence posts: UInt64) -> Bool {
        cost += item.cost
        if isAwake, fence == posts {
            items.append(item)
            return false
        }
        if isAwake { earlier.append(items) }
        items = [item]
        fence = posts
        isAwake = true
        return true
    }

    /// Nil if there is no room.
    mutating func put(_ item: Outbox.Item, _ stream: UInt64?, _ isOnLoop: Bool) throws -> Outbox.Action? {
        if let closing { throw WebSocketError.closed(closing) }
        if let stream {
            guard stream == self.stream else { throw WebSocketError.messageIsOver }
            guard partSenders.isEmpty, hasRoom else { return nil }
            streamHasBegun = true
        } else {
            guard self.stream == nil, senders.isEmpty, hasRoom else { return nil }
        }
        if isOnLoop {
            buffered += item.cost
            return .perform(item)
        }
        return append(item) ? .wake : .nothing
    }

    mutating func putOrWait(_ sender: Outbox.Sender, _ stream: UInt64?, _ isOnLoop: Bool) throws -> Outbox.Action? {
        if let action = try put(sender.item, stream, isOnLoop) { return action }
        if Task.isCancelled { throw CancellationError() }
        if stream == nil { senders.append(sender) } else { partSenders.append(sender) }
        return nil
    }

    /// Moves what waited over, as far as there is room. Returns whose items those were, and whether the event loop must be told.
    mutating func moveSenders() -> ([Outbox.Sender], Bool) {
        var moved: [Outbox.Sender] = []
        var mustWake = false
        // One fence for all, so that at most the first begins a piece: the loop is told once.
        let fence = loop.posts.load(ordering: .relaxed)
        while hasRoom, let sender = partSenders.popFirst() {
            streamHasBegun = true
            if append(sender.item, fence: fence) { mustWake = true }
            moved.append(sender)
        }
        while hasRoom, stream == nil, let sender = senders.popFirst() {
            if append(sender.item, fence: fence) { mustWake = true }
            moved.append(sender)
        }
        return (moved, mustWake)
    }

    mutating func removeSender(_ ticket: UInt64) -> CheckedContinuation<Void, any Error>? {
        if let index = senders.firstIndex(where: { $0.ticket == ticket }) { return senders.remove(at: index).continuation }
        if let index = partSenders.firstIndex(where: { $0.ticket == ticket }) { return partSenders.remove(at: index).continuation }
        return nil
    }

    /// Those who wait to send in vain, to be told outside of the lock.
    struct Waiting {
        var reason: CloseReason?
        var continuations: [CheckedContinuation<Void, any Error>] = []

        func fail() {
            guard let reason else { return }
            for continuation in continuations { continuation.resume(throwing: WebSocketError.closed(reason)) }
        }
    }

    mutating func beginClosing(_ reason: CloseReason) -> Waiting {
        let reason = closing ?? reason
        closing = reason
        defer { (senders, partSenders, streams) = ([], [], []) }
        return Waiting(
            reason: reason, continuations: partSenders.map(\.continuation) + senders.map(\.continuation) + streams.map(\.continuation))
    }
}
