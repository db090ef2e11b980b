import NIOCore
import PubSub
import RealtimeProtocol
import Synchronization

/// Writes down what happens to its subject, and no more in a second than somebody could read.
final class Tracer: DeliverySink {
    static let bufferSize = 256
    private static let perSecond = 200

    private struct State {
        var number: UInt64 = 0
        var second: Int64 = 0
        var inSecond = 0
    }

    let subject: TraceSubject
    private let continuation: AsyncStream<TraceEvent>.Continuation
    private let now: @Sendable () -> Int64
    private let state = Mutex(State())

    init(_ subject: TraceSubject, _ continuation: AsyncStream<TraceEvent>.Continuation, now: @escaping @Sendable () -> Int64) {
        self.subject = subject
        self.continuation = continuation
        self.now = now
    }

    /// - Parameter text: is made only if there is room for it.
    func record(_ kind: TraceEvent.Kind, client: String, user: String, bytes: Int = 0, _ text: @autoclosure () -> String) {
        let time = now()
        let hasRoom = state.withLock { state in
            if state.second != time / 1_000 { (state.second, state.inSecond) = (time / 1_000, 0) }
            state.inSecond += 1
            if state.inSecond > Self.perSecond { state.number &+= 1 }
            return state.inSecond <= Self.perSecond
        }
        guard hasRoom else { return }
        var event = TraceEvent(number: 0, time: time, kind: kind, client: client, user: user, text: text(), bytes: bytes)
        // Others record too: whoever has a number says it before the next one has theirs.
        state.withLock { state in
            state.number &+= 1
            event.number = state.number
            continuation.yield(event)
        }
    }

    func finish() { continuation.finish() }

    // MARK: Of a channel

    func post(_ delivery: Delivery) {
        switch delivery.event {
        case .publication(let publication, _, _):
            delivery.span?.handedOut(to: 0)
            record(
                .publication, client: publication.info?.client ?? "", user: publication.info?.user ?? "", bytes: publication.data.count,
                TraceText.of(publication))
        case .joined(let info): record(.joined, client: info.client, user: info.user, "")
        case .left(let info): record(.left, client: info.client, user: info.user, "")
        }
    }

    // MARK: Of a user or a connection

    func isAbout(_ session: Session) -> Bool {
        switch subject {
        case .user(let user): session.user == user
        case .client(let client): session.client == client
        case .channel: false
        }
    }

    func isAbout(channel: String) -> Bool { subject == .channel(channel) }
}

/// What is said about one session.
///
/// On its loop only.
final class SessionTrace {
    let tracers: [Tracer]
    // The session has this, and nobody else does.
    private unowned let session: Session

    init(_ session: Session, _ tracers: [Tracer]) {
        self.session = session
        self.tracers = tracers
    }

    func record(_ kind: TraceEvent.Kind, bytes: Int = 0, _ text: @autoclosure () -> String) {
        let (client, user) = (session.client, session.user)
        for tracer in tracers { tracer.record(kind, client: client, user: user, bytes: bytes, text()) }
    }

    /// A batch that others get too.
    func sent(_ batch: SharedBatch) {
        record(.push, bytes: batch.bytes.readableBytes, TraceText.of(batch, session.transport))
    }
}

extension HubLoop {
    func begin(_ tracer: Tracer) {
        guard !tracers.contains(where: { $0 === tracer }) else { return }
        tracers.append(tracer)
        for session in sessions where session.state == .connected && tracer.isAbout(session) {
            session.trace = SessionTrace(session, (session.trace?.tracers ?? []) + [tracer])
        }
    }

    func end(_ tracer: Tracer) {
        tracers.removeAll { $0 === tracer }
        for session in sessions {
            guard let rest = session.trace?.tracers.filter({ $0 !== tracer }) else { continue }
            session.trace = rest.isEmpty ? nil : SessionTrace(session, rest)
        }
    }

    /// A session has connected: there may be traces of it.
    func beginTraces(of session: Session) {
        let about = tracers.filter { $0.isAbout(session) }
        guard !about.isEmpty else { return }
        let trace = SessionTrace(session, about)
        session.trace = trace
        trace.record(.connected, TraceText.connected(session))
    }

    /// A session subscribes to a channel, or ends that.
    func trace(_ kind: TraceEvent.Kind, _ channel: String, _ session: Session) {
        for tracer in tracers where tracer.isAbout(channel: channel) {
            tracer.record(kind, client: session.client, user: session.user, "")
        }
    }
}
