import FoundationEssentials
import RealtimeHub
import RealtimeProtocol

/// Checks tokens in the order in which they may be trusted: form, algorithm, signature, and only then what they say (server-features §2.3).
struct SignedTokenVerifier: TokenVerifier {
    let connections: TokenRules
    let subscriptions: TokenRules
    /// Seconds since 1970.
    private let now: @Sendable () -> Double

    /// - Parameter subscriptions: the rules of subscription tokens; nil: the same.
    init(
        connections: TokenRules, subscriptions: TokenRules? = nil, now: @escaping @Sendable () -> Double = { Date().timeIntervalSince1970 }
    ) {
        self.connections = connections
        self.subscriptions = subscriptions ?? connections
        self.now = now
    }

    func connection(_ token: String) async throws(TokenError) -> ConnectionClaims {
        let claims = try await verified(token, connections)
        // RFC 8725 §3.12: a token for one thing must not do for another.
        guard claims["channel"] == nil else { throw .invalid("it is a subscription token") }
        var result = ConnectionClaims(user: try claims.required(connections.userClaim))
        result.expiresAt = try claims.expiry()
        result.info = try claims.payload("info", "b64info")
        result.channels = try claims.strings("channels")
        result.subscriptions = try claims.subscriptions()
        result.capabilities = try claims.capabilities()
        result.origin = try claims.origin(user: result.user)
        return result
    }

    func subscription(_ token: String) async throws(TokenError) -> SubscriptionClaims {
        let claims = try await verified(token, subscriptions)
        let channel = try claims.required("channel")
        // A token without a user is for the anonymous.
        var result = SubscriptionClaims(user: try claims.string(subscriptions.userClaim) ?? "", channel: channel)
        result.client = try claims.string("client")
        result.expiresAt = try claims.expiry()
        result.info = try claims.payload("info", "b64info")
        result.override = try claims.override("override")
        result.origin = try claims.origin(user: result.user)
        return result
    }

    private func verified(_ token: String, _ rules: TokenRules) async throws(TokenError) -> TokenClaims {
        let token = try SignedToken(token)
        let now = now()
        var keys = rules.keys.filter { key in
            key.algorithm == token.algorithm && (key.id == nil || token.keyID == nil || key.id == token.keyID)
                && now < key.validUntil ?? .infinity
        }
        if keys.isEmpty, let set = rules.keySet { keys = try await set.keys(for: token.algorithm, id: token.keyID) }
        guard !keys.isEmpty else { throw .invalid("no key is for its alg, \(token.algorithm.rawValue), and its kid") }
        guard keys.contains(where: { $0.signed(token.content, token.signature) }) else { throw .invalid("its signature is wrong") }
        let claims = TokenClaims(try token.claims())
        try claims.check(rules, at: now)
        return claims
    }
}
