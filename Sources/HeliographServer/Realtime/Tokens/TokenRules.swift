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
    /// The claim with the user.
    var userClaim = "sub"

    init(keys: [TokenKey], audience: String? = nil, issuer: String? = nil) {
        self.keys = keys
        self.audience = audience
        self.issuer = issuer
    }
}
