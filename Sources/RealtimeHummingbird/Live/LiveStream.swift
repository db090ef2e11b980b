import LiveViews
import NIOCore
import Synchronization
import WebSocketHummingbird
import WebSocketNIO
import WebSocketProtocol

/// A live view's connection where there is no WebSocket: server-sent events, and beside them requests that bring what the browser says (live protocol §12).
///
/// `@unchecked Sendable`: all but the constants is only touched on the event loop.
final class LiveStream: LiveTransport, @unchecked Sendable {
    /// What became of posted messages.
    enum Reception: Sendable {
        case taken
        /// Others are still waiting: a browser posts one after the other.
        case tooSoon
        /// There is no such stream any more.
        case gone
    }

    /// Random. Whoever knows it, and is the same browser, speaks for the view.
    let key: String
    /// The cookie of the browser that it belongs to.
    let owner: String
    let body: ResponseStream
    private let limits: WebSocketConfiguration

    @exclusivity(unchecked) private var session: (any LiveSession)?
    @exclusivity(unchecked) private var isHeld = false
    /// Too much waits for the browser.
    @exclusivity(unchecked) private var isLost = false
    /// What was posted and is not read yet, and the request that waits for it.
    @exclusivity(unchecked) private var posted: ArraySlice<ByteBuffer> = []
    @exclusivity(unchecked) private var poster: CheckedContinuation<Reception, Never>?
    @exclusivity(unchecked) private var lastPost = NIODeadline.uptimeNanoseconds(0)
    @exclusivity(unchecked) private var nextBeat: Scheduled<Void>?
    @exclusivity(unchecked) private var nextCheck: Scheduled<Void>?
    /// Takes it from where it is found.
    @exclusivity(unchecked) private var forget: () -> Void = {}

    init(_ connection: ServedConnection, key: String, owner: String, limits: WebSocketConfiguration) {
        self.key = key
        self.owner = owner
        self.limits = limits
        body = ResponseStream(connection)
    }

    // MARK: The beginning

    /// Opens the view's session, and tells the browser the key.
    func open(in streams: LiveStreams, _ makeSession: @escaping @Sendable (any LiveTransport) -> any LiveSession) {
        body.onLoop {
            self.body.ended = { self.leave() }
            guard self.body.open() else { return }
            self.session = makeSession(self)
            self.forget = { streams.remove(self) }
            streams.add(self)
            self.body.queue.drained = { [weak self] in
                self?.session?.drained()
                self?.deliver()
            }
            self.event("open", self.key)
            self.lastPost = self.eventLoop.now
            self.beatLater()
        }
    }

    private func event(_ name: StaticString, _ data: String) {
        var bytes = ByteBuffer()
        bytes.writeStaticString("event: ")
        bytes.writeStaticString(name)
        bytes.writeStaticString("\n")
        bytes.writeEvent(ByteBuffer(string: data))
        body.queue.add(bytes)
    }

    // MARK: As the view has it

    var eventLoop: any EventLoop { body.eventLoop }
    var isBinary: Bool { false }
    var carriesFiles: Bool { false }
    var bufferedBytes: Int { body.queue.bufferedBytes }

    func send(_ message: [UInt8], isBinary: Bool) {
        guard session != nil, !isLost else { return }
        guard bufferedBytes <= limits.maxBufferedBytes else {
            isLost = true
            // The view that sends is in the middle of something.
            return eventLoop.assumeIsolated().execute { self.cut() }
        }
        var bytes = ByteBuffer()
        bytes.writeEvent(ByteBuffer(bytes: message))
        body.queue.add(bytes)
        checkLater()
    }

    func holdReads(_ isHeld: Bool) {
        self.isHeld = isHeld
        // Whoever lets go is not ready before its function returns.
        if !isHeld { eventLoop.assumeIsolated().execute { self.deliver() } }
    }

    func close(_ code: LiveCloseCode, _ reason: String) {
        guard session != nil else { return }
        event("close", "\(code.rawValue)")
        leave()
        body.end(within: .seconds(5))
    }

    // MARK: What the browser says

    /// - Returns: when all messages have been given to the view.
    func receive(_ messages: [ByteBuffer]) async -> Reception {
        await withCheckedContinuation { continuation in
            body.onLoop {
                guard self.session != nil else { return continuation.resume(returning: .gone) }
                guard self.poster == nil else { return continuation.resume(returning: .tooSoon) }
                self.lastPost = self.eventLoop.now
                self.poster = continuation
                self.posted = messages[...]
                self.deliver()
            }
        }
    }

    private func deliver() {
        while !isHeld, !isBehind, let session, let message = posted.popFirst() { session.received(message, isBinary: false) }
        guard posted.isEmpty || session == nil else { return }
        posted = []
        // Of a view that has ended meanwhile the stream tells why.
        poster?.resume(returning: .taken)
        poster = nil
    }

    // MARK: Whether somebody is there

    /// Who does not read what there is gets nothing more by asking.
    private var isBehind: Bool { bufferedBytes > limits.maxBufferedBytes / 2 }

    private var isStuck: Bool { body.queue.isStuck(for: TimeAmount(limits.writeTimeout)) }

    private func checkLater() {
        guard nextCheck == nil else { return }
        nextCheck = eventLoop.assumeIsolated().scheduleTask(in: TimeAmount(limits.writeTimeout)) {
            self.nextCheck = nil
            if self.isStuck { self.cut() } else if self.bufferedBytes > 0 { self.checkLater() }
        }
    }

    private func beatLater() {
        guard let keepalive = limits.keepalive else { return }
        nextBeat = eventLoop.assumeIsolated().scheduleTask(in: TimeAmount(keepalive.interval)) { self.beat(keepalive) }
    }

    /// Proxies end what is silent; and a browser that has said nothing since the last time is asked.
    private func beat(_ keepalive: Keepalive) {
        let now = eventLoop.now
        guard now - lastPost >= TimeAmount(keepalive.interval) else {
            body.queue.add(ByteBuffer(string: ":\n\n"))
            return beatLater()
        }
        event("ping", "0")
        nextBeat = eventLoop.assumeIsolated().scheduleTask(in: TimeAmount(keepalive.timeout)) {
            if self.lastPost < now { self.cut() } else { self.beatLater() }
        }
    }

    // MARK: The end

    /// The server goes down.
    func shutDown() {
        body.onLoop {
            self.session?.drain()
            self.close(.restart, "")
        }
    }

    /// A browser that takes nothing, or that is no more.
    private func cut() {
        body.queue.clear()
        leave()
        body.end(within: .zero)
    }

    private func leave() {
        nextBeat?.cancel()
        nextCheck?.cancel()
        forget()
        forget = {}
        let session = session
        self.session = nil
        deliver()
        session?.closed()
    }
}

/// The streams of one route that are open, by their keys.
final class LiveStreams: Sendable {
    private let streams = Mutex<[String: LiveStream]>([:])

    func add(_ stream: LiveStream) { streams.withLock { $0[stream.key] = stream } }
    func remove(_ stream: LiveStream) { streams.withLock { $0[stream.key] = nil } }

    /// - Parameter owner: whose it must be.
    func find(_ key: String, owner: String) -> LiveStream? {
        streams.withLock { $0[key] }.flatMap { $0.owner == owner ? $0 : nil }
    }
}
