import Synchronization

/// Tokens that are no longer good although they have not expired.
public enum Revocation: Hashable, Sendable {
    /// The token with this name (`jti`).
    case token(String)
    /// All tokens of a login (`sid`).
    case session(String)
    /// All tokens of a user that were made until now; those that do not say when (`iat`), too.
    case user(String)
}

/// What has been revoked. Asked with every token that is shown; for nothing while there is nothing.
final class Revocations: Sendable {
    private struct User {
        /// Tokens made until then.
        var before: Int64
        var expiry: Int64
    }

    private struct State {
        var tokens: [String: Int64] = [:]
        var sessions: [String: Int64] = [:]
        var users: [String: User] = [:]

        var count: Int { tokens.count + sessions.count + users.count }
    }

    private let state = Mutex(State())
    private let count = Atomic<Int>(0)
    private let limit: Int

    init(limit: Int) {
        self.limit = limit
    }

    /// - Parameters:
    ///   - expiry: when it can be forgotten.
    ///   - now: both in milliseconds since 1970.
    /// - Returns: false if there are as many as there may be, and none is over.
    func add(_ revocation: Revocation, until expiry: Int64, now: Int64) -> Bool {
        state.withLock { state in
            if state.count >= limit { Self.sweep(&state, now) }
            defer { count.store(state.count, ordering: .releasing) }
            guard state.count < limit else { return false }
            switch revocation {
            case .token(let id): state.tokens[id] = max(expiry, state.tokens[id] ?? 0)
            case .session(let id): state.sessions[id] = max(expiry, state.sessions[id] ?? 0)
            case .user(let user): state.users[user] = User(before: now, expiry: max(expiry, state.users[user]?.expiry ?? 0))
            }
            return true
        }
    }

    func hasRevoked(_ origin: TokenOrigin, now: Int64) -> Bool {
        guard count.load(ordering: .acquiring) > 0 else { return false }
        return state.withLock { state in
            if let id = origin.id, let expiry = state.tokens[id], now < expiry { return true }
            if let session = origin.session, let expiry = state.sessions[session], now < expiry { return true }
            guard let user = state.users[origin.user], now < user.expiry else { return false }
            return origin.issuedAt <= user.before
        }
    }

    /// Forgets what is over.
    func sweep(now: Int64) {
        guard count.load(ordering: .acquiring) > 0 else { return }
        state.withLock { state in
            Self.sweep(&state, now)
            count.store(state.count, ordering: .releasing)
        }
    }

    private static func sweep(_ state: inout State, _ now: Int64) {
        state.tokens = state.tokens.filter { $0.value > now }
        state.sessions = state.sessions.filter { $0.value > now }
        state.users = state.users.filter { $0.value.expiry > now }
    }
}
