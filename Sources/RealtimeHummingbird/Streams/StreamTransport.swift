import NIOCore
import RealtimeHub
import RealtimeProtocol
import WebSocketHummingbird

/// A session's stream: the body of an answer that does not end.
///
/// `@unchecked Sendable`: everything is done on its event loop; it is handed to closures that come back to that loop.
final class StreamTransport: SessionTransport, @unchecked Sendable {
    /// How a stream begins.
    enum Beginning: Sendable {
        /// There is something to say, or there will be.
        case open
        /// The session ended before it said anything.
        case refused(DisconnectCode)
        /// The client went away.
        case abandoned
    }

    let format: WireFormat
    let requestFields: [RequestField]
    let body: ResponseStream
    private let kind: RealtimeTransport
    private let options: RealtimeOptions
    private let address: IPAddress?

    @exclusivity(unchecked) private var framing: StreamFraming
    @exclusivity(unchecked) private var session: Session?
    @exclusivity(unchecked) private var beginning: Beginning?
    @exclusivity(unchecked) private var beginner: CheckedContinuation<Beginning, Never>?

    init(
        _ kind: RealtimeTransport, _ format: WireFormat, on connection: ServedConnection, _ options: RealtimeOptions,
        fields: [RequestField] = [], address: IPAddress?
    ) {
        requestFields = fields
        self.address = address
        self.kind = kind
        self.format = format
        self.options = options
        body = ResponseStream(connection)
        framing = StreamFraming(kind, format, maxEventIDBytes: options.maxEventIDBytes)
    }

    private var queue: OutgoingQueue { body.queue }
    var eventLoop: any EventLoop { body.eventLoop }
    var name: String { kind.rawValue }
    var isUnidirectional: Bool { kind.isUnidirectional }
    var isEmulated: Bool { kind.isEmulated }
    var needsPings: Bool { true }
    var remoteAddress: String? { address?.description ?? body.remoteAddress }
    var bufferedBytes: Int { queue.bufferedBytes }
    func isSlow(over limit: Int) -> Bool { queue.isSlow(over: limit) }

    // MARK: The beginning

    /// Opens the session and hands it what the client asked for. Returns when it is known whether there is a stream: at once, but where a refusal
    /// is to be an HTTP status.
    func open(_ hub: Hub, _ opening: StreamOpening) async -> Beginning {
        await withCheckedContinuation { continuation in
            body.onLoop { self.open(hub, opening, continuation) }
        }
    }

    private func open(_ hub: Hub, _ opening: StreamOpening, _ continuation: CheckedContinuation<Beginning, Never>) {
        body.ended = { self.endSession() }
        guard body.open() else { return continuation.resume(returning: .abandoned) }
        let session = hub.open(self)
        self.session = session
        queue.drained = { [unowned session] in session.drained() }
        if let preamble = kind.preamble(options) { queue.add(preamble) }
        switch opening {
        case .commands(let batch): session.received(batch)
        case .connect(let request, let resumption): session.connect(request, resumption)
        }
        if beginning != nil || !canBeRefused { continuation.resume(returning: beginning ?? .open) } else { beginner = continuation }
    }

    private var canBeRefused: Bool { isUnidirectional && options.refusesWithStatus }

    private func begin(_ beginning: Beginning) {
        guard self.beginning == nil else { return }
        self.beginning = beginning
        beginner?.resume(returning: beginning)
        beginner = nil
    }

    // MARK: As the hub has it

    func send(_ batch: ByteBuffer) {
        begin(.open)
        queue.add(framing.frame(batch))
        checkProgress()
    }

    func send(_ batch: SharedBatch, mayWait: Bool) {
        begin(.open)
        queue.add(framing.frame(batch))
        checkProgress()
    }

    /// A reader that takes nothing at all need not cost all that it may.
    private func checkProgress() {
        if queue.isStuck(for: TimeAmount(options.writeTimeout)) { session?.disconnect(.slow) }
    }

    /// There is nothing to read here: requests that bring commands wait by themselves.
    func holdReads(_ isHeld: Bool) {}

    func close(_ code: DisconnectCode) {
        session = nil
        begin(canBeRefused && code.isTerminal ? .refused(code) : .open)
        if code == .slow { queue.clear() }
        queue.add(framing.frame(farewell(code)))
        body.end(within: options.closeTimeout)
    }

    // MARK: The end

    /// The server goes down.
    func shutDown() {
        body.onLoop { self.session?.leave() }
    }

    private func endSession() {
        begin(.abandoned)
        let session = session
        self.session = nil
        session?.closed()
    }
}

extension RealtimeTransport {
    /// What a stream begins with, so that something reaches the client at once.
    fileprivate func preamble(_ options: RealtimeOptions) -> ByteBuffer? {
        switch self {
        case .serverSentEvents: return ByteBuffer(string: "\r\n")
        case .uniServerSentEvents:
            let delay = max(1, TimeAmount(options.reconnectDelay).nanoseconds / 1_000_000)
            return ByteBuffer(string: "\r\nretry: \(Int64.random(in: delay...delay.multipliedReportingOverflow(by: 2).partialValue))\n\n")
        default: return nil
        }
    }
}
