import NIOCore
import RealtimeProtocol
import Synchronization

extension Hub {
    /// Takes tokens back: they are refused from now on, and what was granted by them ends at once: connections with 3500, subscriptions that had tokens of
    /// their own with an unsubscribe push. Of a user, connections that were made without a token end too.
    ///
    /// This process alone knows of it, and until it ends.
    ///
    /// - Parameters:
    ///   - revocation: which tokens.
    ///   - expiry: when none of them is good any more by itself, in milliseconds since 1970. Default nil: in 30 days.
    /// - Throws: ``HubRefusal`` with error 107 if the name is empty or longer than 255 bytes, 106 if ``HubConfiguration/maxRevocations`` are known already.
    public func revoke(_ revocation: Revocation, until expiry: Int64? = nil) throws(HubRefusal) {
        guard (1...255).contains(revocation.name.utf8.count) else { throw .error(.badRequest) }
        let now = core.configuration.now()
        let month: Int64 = 30 * 24 * 3_600_000
        guard core.revocations.add(revocation, until: expiry ?? now &+ month, now: now) else { throw .error(.limitExceeded) }
        for loop in allLoops { loop.end(revocation) }
    }
}

extension Revocation {
    fileprivate var name: String {
        switch self {
        case .token(let id), .session(let id), .user(let id): id
        }
    }
}

/// What was revoked a moment ago.
struct RecentRevocations: Sendable {
    private var tokens: Set<String> = []
    private var sessions: Set<String> = []
    private var users: Set<String> = []

    var isEmpty: Bool { tokens.isEmpty && sessions.isEmpty && users.isEmpty }

    mutating func add(_ revocation: Revocation) {
        switch revocation {
        case .token(let id): tokens.insert(id)
        case .session(let id): sessions.insert(id)
        case .user(let id): users.insert(id)
        }
    }

    /// Whether it is worth a question: when a token was made is not looked at.
    func mayHave(_ origin: TokenOrigin) -> Bool {
        users.contains(origin.user) || origin.id.map(tokens.contains) ?? false || origin.session.map(sessions.contains) ?? false
    }

    func has(user: String) -> Bool { users.contains(user) }
}

// Strategy: all sessions are looked at for whatever was revoked meanwhile, not for each revocation, and a few hundred in a turn.
extension HubLoop {
    struct RevocationScan: Sendable {
        var waiting = RecentRevocations()
        /// Somebody looks, or is about to.
        var isRunning = false
    }

    /// From any thread.
    fileprivate func end(_ revocation: Revocation) {
        let isFirst = revocationScan.withLock { scan in
            scan.waiting.add(revocation)
            defer { scan.isRunning = true }
            return !scan.isRunning
        }
        if isFirst { eventLoop.execute { self.endRevoked() } }
    }

    private func endRevoked() {
        let revoked = revocationScan.withLock { scan in
            defer { scan = RevocationScan(isRunning: !scan.waiting.isEmpty) }
            return scan.waiting
        }
        guard !revoked.isEmpty else { return }
        scan(from: sessions.count - 1, revoked) { revoked, session in
            session.end(revoked)
        } done: { _ in
            self.eventLoop.execute { self.endRevoked() }
        }
    }
}

extension Session {
    fileprivate func end(_ revoked: RecentRevocations) {
        guard state == .connected else { return }
        if let origin {
            if revoked.mayHave(origin), core.hasRevoked(origin) { return disconnect(.invalidToken) }
        } else if revoked.has(user: user) {
            return disconnect(.invalidToken)
        }
        for subscription in subscriptions.values {
            guard isOpen, let origin = subscription.origin, revoked.mayHave(origin), core.hasRevoked(origin) else { continue }
            unsubscribe(subscription.channel, .server)
        }
    }
}
