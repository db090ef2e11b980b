import PubSub
import RealtimeProtocol
import Synchronization

/// Of whom or what a trace tells.
public enum TraceSubject: Hashable, Sendable {
    /// All connections of a user, those that are still to come among them.
    case user(String)
    /// One connection.
    case client(String)
    /// What is published in a channel, and who subscribes and unsubscribes on this process.
    case channel(String)
}

/// Something that happened, for people who look.
public struct TraceEvent: Hashable, Sendable, Identifiable {
    public enum Kind: String, Hashable, Sendable {
        case connected, disconnected
        /// A command came from a client.
        case command
        /// A command was answered.
        case reply
        /// A push was sent to a client.
        case push
        /// Something was published in the channel.
        case publication
        case joined, left
        case subscribed, unsubscribed
    }

    /// From 1, without gaps but for what was too much: ``HubTrace`` says what that is.
    public var number: UInt64
    /// Milliseconds since 1970.
    public var time: Int64
    public var kind: Kind
    /// Empty: nobody, or the application.
    public var client: String
    public var user: String
    /// What it is about, shortened to some hundred bytes. Tokens and secrets are never in it; payloads are.
    public var text: String
    /// How long all of it is, if that is known; else 0.
    public var bytes: Int

    public var id: UInt64 { number }
}

/// What happens to a user, a connection or a channel, while it happens: what ``Hub/trace(_:)`` gives.
///
/// It never holds anybody up: of more than 200 events in a second, and of what the reader has not read when 256 wait, the rest is left out.
/// ``TraceEvent/number`` counts it, so a gap shows. The trace ends when the loop over it does, or the hub shuts down.
public struct HubTrace: AsyncSequence, Sendable {
    public typealias Element = TraceEvent

    private let stream: AsyncStream<TraceEvent>

    init(_ stream: AsyncStream<TraceEvent>) {
        self.stream = stream
    }

    public func makeAsyncIterator() -> AsyncStream<TraceEvent>.Iterator { stream.makeAsyncIterator() }
}

extension Hub {
    /// Traces a user, a connection or a channel. Whoever traces a channel is one of its subscribers meanwhile.
    ///
    /// - Throws: ``HubRefusal`` with error 106 if 16 traces are under way; of a channel 102 if there is no such namespace, 107 if the name is not what
    ///   it must be; what the broker throws.
    public func trace(_ subject: TraceSubject) async throws -> HubTrace {
        if case .channel(let channel) = subject { _ = try settings(of: channel) }
        let (stream, continuation) = AsyncStream<TraceEvent>.makeStream(bufferingPolicy: .bufferingNewest(Tracer.bufferSize))
        let tracer = Tracer(subject, continuation, now: core.configuration.now)
        guard core.tracers.add(tracer) else { throw HubRefusal.error(.limitExceeded) }
        continuation.onTermination = { [weak self] _ in
            // Not from within whatever led to it.
            Task { self?.end(tracer) }
        }
        for loop in allLoops { loop.perform { loop.begin(tracer) } }
        guard case .channel(let channel) = subject else { return HubTrace(stream) }
        do {
            try await withCheckedThrowingContinuation { (joined: CheckedContinuation<Void, any Error>) in
                core.join(channel, isPattern: false, tracer) { joined.resume(with: $0.mapError { $0 as any Error }) }
            }
        } catch {
            tracer.finish()
            throw error
        }
        return HubTrace(stream)
    }

    private func end(_ tracer: Tracer) {
        guard core.tracers.remove(tracer) else { return }
        for loop in allLoops { loop.perform { loop.end(tracer) } }
        if case .channel(let channel) = tracer.subject { core.leave(channel, isPattern: false, tracer) }
    }
}

/// The traces that are under way.
final class Tracers: Sendable {
    private static let most = 16

    private let all = Mutex<[Tracer]>([])

    var current: [Tracer] { all.withLock { $0 } }

    func add(_ tracer: Tracer) -> Bool {
        all.withLock { all in
            guard all.count < Self.most else { return false }
            all.append(tracer)
            return true
        }
    }

    func remove(_ tracer: Tracer) -> Bool {
        all.withLock { all in
            let before = all.count
            all.removeAll { $0 === tracer }
            return all.count < before
        }
    }

    func finish() {
        for tracer in current { tracer.finish() }
    }
}
