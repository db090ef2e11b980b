public import NIOCore
import Synchronization

extension Hub {
    /// Hands a session the commands of a request of its own. Returns when the session can take more: whoever answers the
    /// request only then slows a client down that sends faster than its commands are done.
    ///
    /// - Parameters:
    ///   - batch: commands in the encoding of the session.
    ///   - name: the session's secret name, which the answer to connect told the client.
    /// - Returns: false if there is no such session (any more).
    @discardableResult
    public func receive(_ batch: ByteBuffer, session name: String) async -> Bool {
        guard let session = core.emulated.session(name) else { return false }
        await withCheckedContinuation { continuation in
            session.loop.perform { session.received(batch) { continuation.resume() } }
        }
        return true
    }
}

extension Session {
    /// More requests than that are answered at once; what they bring counts as waiting.
    private static let maxSenders = 16

    func received(_ batch: ByteBuffer, _ isReady: @escaping () -> Void) {
        received(batch)
        if isBusy, isOpen, senders.count < Self.maxSenders { senders.append(isReady) } else { isReady() }
    }

    func releaseSenders() {
        guard !senders.isEmpty else { return }
        let released = senders
        senders = []
        for isReady in released { isReady() }
    }

    /// Names the session, so that requests can find it until it is closed.
    func makeSecret() -> String {
        let name = randomID()
        secret = name
        (transport.isEmulated ? core.emulated : core.unidirectional).add(self, name)
        return name
    }
}

/// The sessions that requests can name.
final class EmulatedSessions: Sendable {
    private let sessions = Mutex<[String: Session]>([:])

    func add(_ session: Session, _ name: String) {
        sessions.withLock { $0[name] = session }
    }

    func remove(_ name: String) {
        sessions.withLock { $0[name] = nil }
    }

    func session(_ name: String) -> Session? {
        sessions.withLock { $0[name] }
    }
}
