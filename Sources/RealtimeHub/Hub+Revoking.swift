import RealtimeProtocol

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
        for loop in allLoops {
            loop.perform {
                for session in loop.sessions { session.endWhatIsRevoked(revocation) }
            }
        }
    }
}

extension Revocation {
    fileprivate var name: String {
        switch self {
        case .token(let id), .session(let id), .user(let id): id
        }
    }
}

extension Session {
    fileprivate func endWhatIsRevoked(_ revocation: Revocation) {
        guard state == .connected else { return }
        if let origin {
            if core.hasRevoked(origin) { return disconnect(.invalidToken) }
        } else if revocation == .user(user) {
            return disconnect(.invalidToken)
        }
        for subscription in subscriptions.values {
            guard isOpen, let origin = subscription.origin, core.hasRevoked(origin) else { continue }
            unsubscribe(subscription.channel, .server)
        }
    }
}
