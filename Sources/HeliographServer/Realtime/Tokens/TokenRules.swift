import RealtimeHub

/// What a token must be to be believed.
struct TokenRules: Sendable {
    /// Any of them may have signed it.
    var keys: [TokenKey]
    /// Or any of these.
    var keySet: KeySet?
    /// One of its `aud` must be this; nil: any, or none.
    var audience: String?
    /// Its `iss` must be this; nil: any, or none.
    var issuer: String?
    /// One of its `aud` must match this.
    var audiencePattern: ChannelRegex?
    /// Its `iss` must match this.
    var issuerPattern: ChannelRegex?
    /// The claim with the user.
    var userClaim = "sub"

    init(keys: [TokenKey], audience: String? = nil, issuer: String? = nil) {
        self.keys = keys
        self.audience = audience
        self.issuer = issuer
    }

    /// Goes on with the keys that one of these has of the same place, and has them fetched anew: while there are no newer ones to be had, they are good.
    mutating func keep(oneOf sets: [KeySet]) {
        guard let source = keySet?.source, let same = sets.first(where: { $0.source == source }) else { return }
        keySet = same
        same.refresh()
    }
}

extension TokenRules {
    /// What a token says, which is looked at in the order in which it may be trusted: form, algorithm, signature, and only then the claims.
    ///
    /// - Parameter now: seconds since 1970.
    func verified(_ token: String, at now: Double) async throws(TokenError) -> TokenClaims {
        let token = try SignedToken(token)
        var keys = keys.filter { key in
            key.algorithm == token.algorithm && (key.id == nil || token.keyID == nil || key.id == token.keyID)
                && now < key.validUntil ?? .infinity
        }
        if keys.isEmpty, let set = keySet { keys = try await set.keys(for: token.algorithm, id: token.keyID) }
        guard !keys.isEmpty else { throw .invalid("no key is for its alg, \(token.algorithm.rawValue), and its kid") }
        guard keys.contains(where: { $0.signed(token.content, token.signature) }) else { throw .invalid("its signature is wrong") }
        let claims = TokenClaims(try token.claims())
        try claims.check(self, at: now)
        return claims
    }
}
