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

        var bytes: Int {
            switch self {
            case .message(let payload, _, _), .fragment(let payload, _, _), .ping(let payload): payload.readableBytes
            case .prepared(let message): message.payload.readableBytes
            case .close: 0
            }
        }
    }

    fileprivate struct State {
        var items: [Item] = []
        var bytes = 0
        var isAwake = false
        /// What the connection had waiting when it last said so.
        var buffered = 0
        var closeReason: CloseReason?
        var isStreaming = false
        var lastTicket: UInt64 = 0
        var waiting: [UInt64: CheckedContinuation<Void, any Error>] = [:]
        var pings: [UInt64: CheckedContinuation<Void, any Error>] = [:]
        var streams: [(ticket: UInt64, continuation: CheckedContinuation<Void, any Error>)] = []
        var closing: [CheckedContinuation<CloseReason, Never>] = []
    }

    private let state: Mutex<State>
    private let highWater: Int

    init(highWater: Int, closeReason: CloseReason?) {
        var state = State()
        state.closeReason = closeReason
        self.state = Mutex(state)
        self.highWater = highWater
    }

    var closeReason: CloseReason? { state.withLock { $0.closeReason } }
    var bufferedBytes: Int { state.withLock { $0.bytes + $0.buffered } }

    // MARK: Sending

    /// Returns whether the event loop has to be woken, and whether the sender should wait.
    func put(_ item: Item) throws -> (mustWake: Bool, mustWait: Bool) {
        try state.withLock { state in
            if let reason = state.closeReason { throw WebSocketError.closed(reason) }
            state.items.append(item)
            state.bytes += item.bytes
            let mustWake = !state.isAwake
            state.isAwake = true
            return (mustWake, state.bytes + state.buffered > highWater)
        }
    }

    func waitForRoom() async throws {
        let ticket = state.withLock { $0.nextTicket() }
        try await withTaskCancellationHandler {
            try await withCheckedThrowingContinuation { continuation in
                let now = state.withLock { state -> Bool in
                    if state.closeReason != nil || state.bytes + state.buffered <= highWater || Task.isCancelled { return true }
                    state.waiting[ticket] = continuation
                    return false
                }
                if now { continuation.resume() }
            }
        } onCancel: {
            state.withLock { $0.waiting.removeValue(forKey: ticket) }?.resume()
        }
        try Task.checkCancellation()
    }

    // MARK: On the event loop

    func take() -> [Item] {
        state.withLock { state in
            var taken: [Item] = []
            swap(&taken, &state.items)
            state.bytes = 0
            state.isAwake = false
            return taken
        }
    }

    /// The connection says how much it has waiting.
    func settle(buffered: Int) {
        let released = state.withLock { state -> [CheckedContinuation<Void, any Error>] in
            state.buffered = buffered
            guard !state.waiting.isEmpty, state.bytes + buffered <= highWater / 2 else { return [] }
            defer { state.waiting = [:] }
            return Array(state.waiting.values)
        }
        for continuation in released { continuation.resume() }
    }

    // MARK: Pings

    func awaitPong(_ number: UInt64, send: () -> Void) async throws {
        try await withTaskCancellationHandler {
            try await withCheckedThrowingContinuation { continuation in
                let reason = state.withLock { state -> CloseReason? in
                    if state.closeReason == nil { state.pings[number] = continuation }
                    return state.closeReason
                }
                if let reason { continuation.resume(throwing: WebSocketError.closed(reason)) } else { send() }
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

    /// One message in parts at a time; the next one waits.
    func beginStream() async throws {
        let ticket = state.withLock { $0.nextTicket() }
        try await withTaskCancellationHandler {
            try await withCheckedThrowingContinuation { continuation in
                let now = state.withLock { state -> Result<Void, any Error>? in
                    if let reason = state.closeReason { return .failure(WebSocketError.closed(reason)) }
                    if Task.isCancelled { return .failure(CancellationError()) }
                    if state.isStreaming {
                        state.streams.append((ticket, continuation))
                        return nil
                    }
                    state.isStreaming = true
                    return .success(())
                }
                if let now { continuation.resume(with: now) }
            }
        } onCancel: {
            cancelStream(ticket)
        }
    }

    private func cancelStream(_ ticket: UInt64) {
        let cancelled = state.withLock { state -> CheckedContinuation<Void, any Error>? in
            guard let index = state.streams.firstIndex(where: { $0.ticket == ticket }) else { return nil }
            return state.streams.remove(at: index).continuation
        }
        cancelled?.resume(throwing: CancellationError())
    }

    func endStream() {
        let next = state.withLock { state -> CheckedContinuation<Void, any Error>? in
            guard !state.streams.isEmpty else {
                state.isStreaming = false
                return nil
            }
            return state.streams.removeFirst().continuation
        }
        next?.resume()
    }

    // MARK: Closing

    func close(_ reason: CloseReason) {
        let state = state.withLock { state -> State in
            guard state.closeReason == nil else { return State() }
            let old = state
            state = State()
            state.closeReason = reason
            state.isStreaming = old.isStreaming
            return old
        }
        for continuation in state.closing { continuation.resume(returning: reason) }
        for continuation in state.waiting.values { continuation.resume() }
        for continuation in state.pings.values { continuation.resume(throwing: WebSocketError.closed(reason)) }
        for (_, continuation) in state.streams { continuation.resume(throwing: WebSocketError.closed(reason)) }
    }

    func waitForClose() async -> CloseReason {
        await withCheckedContinuation { continuation in
            let reason = state.withLock { state -> CloseReason? in
                if state.closeReason == nil { state.closing.append(continuation) }
                return state.closeReason
            }
            if let reason { continuation.resume(returning: reason) }
        }
    }
}

extension Outbox.State {
    fileprivate mutating func nextTicket() -> UInt64 {
        lastTicket &+= 1
        return lastTicket
    }
}
