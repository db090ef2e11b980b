// Strategy: the machine is behind one lock. Whoever has something for it takes the lock, tells it, and carries out what it wants done; what must keep its
// order is handed to the event loop, or to a task, before the lock is let go. Continuations are resumed, and tasks cancelled, after that: to cancel one runs
// its cancellation handlers, and some of them are ours.
//
// Replies complete their requests on the event loop, whatever readers do: a loop over publications may await a publish.

import Logging
import NIOCore
import RealtimeProtocol
import Synchronization
import WebSocketClient
import WebSocketNIO
import WebSocketProtocol

/// Carries out what a ``ClientMachine`` decides: sockets, tasks, timers, continuations.
final class ClientDriver: Sendable {
    /// What is done once the lock is free.
    typealias Resumption = @Sendable () -> Void

    enum Reader: Hashable, Sendable {
        case client
        case subscription(SubscriptionKey)
        case presence(SubscriptionKey)
    }

    /// Somebody who waits for an event.
    struct Waiter: Sendable {
        let ticket: UInt64
        /// Nil while there is nothing for it.
        let attempt: @Sendable (inout ClientMachine, Duration) -> Resumption?
        let cancel: Resumption
    }

    typealias Completion = @Sendable (Result<Wire.Reply.Body?, RealtimeError>) -> Void

    struct State: Sendable {
        var machine: ClientMachine
        var socket: WebSocket?
        var dial: Task<Void, Never>?
        var tokens: [UInt64: Task<Void, Never>] = [:]
        var completions: [UInt64: Completion] = [:]
        var waiters: [Reader: [Waiter]] = [:]
        var states: [AsyncStream<Client.State>.Continuation] = []
        var alarm: (at: Duration, task: Scheduled<Void>)?
    }

    private let state: Mutex<State>
    private let lastTicket = Atomic<UInt64>(0)
    private let url: String
    private let configuration: Client.Configuration
    private let eventLoop: any EventLoop
    private let logger: Logger

    init(
        url: String, configuration: Client.Configuration, eventLoop: any EventLoop, logger: Logger,
        random: @escaping @Sendable () -> Double
    ) {
        self.url = url
        self.configuration = configuration
        self.eventLoop = eventLoop
        self.logger = logger
        state = Mutex(State(machine: ClientMachine(configuration, random: random)))
    }

    // MARK: The machine

    func newTicket() -> UInt64 { lastTicket.add(1, ordering: .relaxed).newValue }

    private static var now: Duration { .nanoseconds(Int64(clamping: NIODeadline.now().uptimeNanoseconds)) }

    /// Tells the machine something.
    @discardableResult
    func run<Value: Sendable>(_ body: (inout ClientMachine, Duration) -> Value) -> Value {
        withState { state, now in body(&state.machine, now) }
    }

    private func withState<Value: Sendable>(_ body: (inout State, Duration) -> Value) -> Value {
        let (value, resumptions) = state.withLock { state in
            let now = Self.now
            let value = body(&state, now)
            return (value, settle(&state, now))
        }
        for resume in resumptions { resume() }
        return value
    }

    /// Carries out effects until there are none: to wake a reader may cause new ones.
    private func settle(_ state: inout State, _ now: Duration) -> [Resumption] {
        var resumptions: [Resumption] = []
        while true {
            let effects = state.machine.takeEffects()
            if effects.isEmpty { break }
            for effect in effects { perform(effect, &state, now, &resumptions) }
        }
        setAlarm(&state, now)
        return resumptions
    }

    private func perform(_ effect: ClientMachine.Effect, _ state: inout State, _ now: Duration, _ resumptions: inout [Resumption]) {
        switch effect {
        case .open(let link): open(link, &state)
        case .flush: if let socket = state.socket { flush(socket) }
        case .close(_, let last): close(&state, last, &resumptions)
        case .getToken(let id, let get): state.tokens[id] = Task { await self.getToken(id, get) }
        case .cancelToken(let id): if let task = state.tokens.removeValue(forKey: id) { resumptions.append { task.cancel() } }
        case .complete(let ticket, let result):
            if let completion = state.completions.removeValue(forKey: ticket) { resumptions.append { completion(result) } }
        case .wakeClient: wake(.client, &state, now, &resumptions)
        case .wake(let key):
            wake(.subscription(key), &state, now, &resumptions)
            wake(.presence(key), &state, now, &resumptions)
        case .state(let new):
            resumptions.append { [logger] in logger.debug("realtime client", metadata: ["state": "\(new)"]) }
            // A stream that nobody has any more says so.
            state.states.removeAll { if case .terminated = $0.yield(new) { true } else { false } }
        }
    }

    // MARK: Time

    /// One alarm at a time, not later than the machine's next deadline. It may ring too early: then there is nothing to be done.
    private func setAlarm(_ state: inout State, _ now: Duration) {
        guard let earliest = state.machine.timers.earliest else { return }
        let deadline = min(earliest, now + .seconds(3_600))
        if let alarm = state.alarm, alarm.at <= deadline { return }
        state.alarm?.task.cancel()
        let delay = max(deadline - now, .zero) + .milliseconds(1)
        state.alarm = (
            deadline, eventLoop.scheduleTask(in: TimeAmount(delay)) { [weak self] in self?.ring() }
        )
    }

    private func ring() {
        withState { state, now in
            state.alarm = nil
            state.machine.advance(to: now)
        }
    }

    // MARK: The socket

    private func open(_ link: UInt64, _ state: inout State) {
        var webSocket = configuration.webSocket
        webSocket.subprotocols = [configuration.format == .json ? "centrifuge-json" : "centrifuge-protobuf"]
        webSocket.webSocket.limits.maxMessageSize = configuration.maxMessageSize
        let configuration = webSocket
        state.dial = Task { [url, eventLoop, logger] in
            do {
                try await WebSocket.connect(to: url, configuration: configuration, eventLoopGroup: eventLoop, logger: logger) {
                    SocketDelegate(driver: self, link: link)
                }
            } catch {
                self.run { $0.failed(link, .connectFailed("\(error)"), isFinal: error.isFinal, at: $1) }
            }
        }
    }

    /// False if nobody waits for this one any more.
    func opened(_ link: UInt64, _ socket: WebSocket) -> Bool {
        withState { state, now in
            guard state.machine.link == link else { return false }
            state.socket = socket
            state.dial = nil
            state.machine.opened(link, at: now)
            return true
        }
    }

    /// On the event loop: what was written until then goes out together.
    private func flush(_ socket: WebSocket) {
        socket.withConnection { connection in self.flush(connection) }
    }

    /// If the server does not take what we sent before, the rest waits for ``SocketDelegate/drained(_:)``.
    func flush(_ connection: WebSocketConnection) {
        guard connection.isOpen, connection.bufferedBytes < 256 << 10 else { return }
        let id = connection.id
        let frames = withState { state, _ in state.socket?.id == id ? state.machine.takeFrames() : [] }
        for frame in frames { connection.send(frame, kind) }
    }

    private func close(_ state: inout State, _ last: [ByteBuffer], _ resumptions: inout [Resumption]) {
        if let dial = state.dial { resumptions.append { dial.cancel() } }
        state.dial = nil
        state.socket?.withConnection { [kind] connection in
            for frame in last where connection.isOpen { connection.send(frame, kind) }
            connection.close(code: .normalClosure, reason: "")
        }
        state.socket = nil
    }

    private var kind: MessageKind { configuration.format == .json ? .text : .binary }

    // MARK: Tokens

    private func getToken(_ id: UInt64, _ get: @Sendable () async throws -> String) async {
        let result: Result<String, RealtimeError>
        do { result = .success(try await get()) } catch { result = .failure(.noToken("\(error)")) }
        run { $0.tokenArrived(id, result, at: $1) }
    }

    // MARK: Requests

    /// Asks, and waits for the answer.
    func ask(
        _ body: Wire.Command.Body?, needs subscription: SubscriptionKey? = nil, timeout: Duration? = nil
    ) async throws(RealtimeError) -> Wire.Reply.Body? {
        let ticket = newTicket()
        let result = await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                withState { state, now in
                    state.completions[ticket] = { continuation.resume(returning: $0) }
                    guard !Task.isCancelled else { return state.machine.perform(.complete(ticket: ticket, .failure(.cancelled))) }
                    state.machine.request(ticket, body, needs: subscription, timeout: timeout, at: now)
                }
            }
        } onCancel: {
            run { machine, _ in machine.cancel(ticket) }
        }
        return try result.get()
    }

    // MARK: Readers

    /// The next event, or how it ended; nil when the task is cancelled.
    func next<Event: Sendable>(
        _ reader: Reader, _ take: @escaping @Sendable (inout ClientMachine, Duration) -> ClientMachine.Taken<Event>
    ) async -> ClientMachine.Taken<Event>? {
        if let taken = Self.something(in: run(take)) { return taken }
        let ticket = newTicket()
        return await withTaskCancellationHandler {
            await withCheckedContinuation { (continuation: CheckedContinuation<ClientMachine.Taken<Event>?, Never>) in
                let attempt = { @Sendable (machine: inout ClientMachine, now: Duration) -> Resumption? in
                    guard let taken = Self.something(in: take(&machine, now)) else { return nil }
                    return { continuation.resume(returning: taken) }
                }
                wait(reader, Waiter(ticket: ticket, attempt: attempt) { continuation.resume(returning: nil) })
            }
        } onCancel: {
            cancel(reader, ticket)
        }
    }

    private static func something<Event>(in taken: ClientMachine.Taken<Event>) -> ClientMachine.Taken<Event>? {
        if case .nothing = taken { nil } else { taken }
    }

    private func wait(_ reader: Reader, _ waiter: Waiter) {
        let resumption = withState { state, now -> Resumption? in
            if Task.isCancelled { return waiter.cancel }
            if let resumption = waiter.attempt(&state.machine, now) { return resumption }
            state.waiters[reader, default: []].append(waiter)
            return nil
        }
        resumption?()
    }

    private func cancel(_ reader: Reader, _ ticket: UInt64) {
        let waiter = state.withLock { state -> Waiter? in
            guard let index = state.waiters[reader]?.firstIndex(where: { $0.ticket == ticket }) else { return nil }
            return state.waiters[reader]?.remove(at: index)
        }
        waiter?.cancel()
    }

    /// Each of those who wait gets an event, as long as there are some.
    private func wake(_ reader: Reader, _ state: inout State, _ now: Duration, _ resumptions: inout [Resumption]) {
        while let first = state.waiters[reader]?.first, let resumption = first.attempt(&state.machine, now) {
            state.waiters[reader]?.removeFirst()
            resumptions.append(resumption)
        }
        if state.waiters[reader]?.isEmpty == true { state.waiters.removeValue(forKey: reader) }
    }

    // MARK: States

    /// The state now, and every later one; of those that nobody has taken, the newest.
    func states() -> AsyncStream<Client.State> {
        AsyncStream(bufferingPolicy: .bufferingNewest(16)) { continuation in
            withState { state, _ in
                continuation.yield(state.machine.state)
                state.states.append(continuation)
            }
        }
    }

    func finishStates() {
        let all = state.withLock { state in
            defer { state.states = [] }
            return state.states
        }
        for continuation in all { continuation.finish() }
    }
}

extension Error {
    /// Trying again can't help: it is our address or our configuration.
    fileprivate var isFinal: Bool {
        switch self as? WebSocketClientError {
        case .invalidURL, .invalidConfiguration: true
        default: false
        }
    }
}
