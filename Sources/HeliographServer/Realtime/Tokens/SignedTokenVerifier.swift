import FoundationEssentials
import RealtimeHub
import RealtimeProtocol

/// Checks the tokens of clients.
struct SignedTokenVerifier: TokenVerifier {
    private(set) var connections: TokenRules
    private(set) var subscriptions: TokenRules
    /// Whether a token may be for the user with the empty name.
    var allowsAnonymous = true
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

    var keySets: [KeySet] { [connections.keySet, subscriptions.keySet].compactMap(\.self) }

    mutating func keep(oneOf sets: [KeySet]) {
        connections.keep(oneOf: sets)
        subscriptions.keep(oneOf: sets)
    }

    func connection(_ token: String) async throws(TokenError) -> ConnectionClaims {
        let claims = try await connections.verified(token, at: now())
        // RFC 8725 §3.12: a token for one thing must not do for another.
        guard claims["channel"] == nil else { throw .invalid("it is a subscription token") }
        guard claims["api"] == nil else { throw .invalid("it is a token of the API") }
        var result = ConnectionClaims(user: try claims.required(connections.userClaim))
        guard allowsAnonymous || !result.user.isEmpty else { throw .invalid("it is for nobody") }
        result.expiresAt = try claims.expiry()
        result.info = try claims.payload("info", "b64info")
        result.meta = try claims.objectText("meta")
        result.channels = try claims.strings("channels")
        result.subscriptions = try claims.subscriptions()
        result.capabilities = try claims.capabilities()
        result.origin = try claims.origin(user: result.user)
        return result
    }

    func subscription(_ token: String) async throws(TokenError) -> SubscriptionClaims {
        let claims = try await subscriptions.verified(token, at: now())
        guard claims["api"] == nil else { throw .invalid("it is a token of the API") }
        let channel = try claims.required("channel")
        // A token without a user is for the anonymous.
        var result = SubscriptionClaims(user: try claims.string(subscriptions.userClaim) ?? "", channel: channel)
        result.client = try claims.string("client")
        result.expiresAt = try claims.expiry()
        result.info = try claims.payload("info", "b64info")
        result.override = try claims.override("override")
        result.tagsFilter = try claims.tagsFilter()
        result.origin = try claims.origin(user: result.user)
        return result
    }
}
