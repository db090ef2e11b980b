/// Which token something was granted by, for taking it back.
public struct TokenOrigin: Hashable, Sendable {
    public var user: String
    /// Its name, which no other token has (`jti`); nil: it has none.
    public var id: String?
    /// The login that it belongs to, with others perhaps (`sid`); nil: none.
    public var session: String?
    /// When it was made, in milliseconds since 1970 (`iat`); 0: it does not say.
    public var issuedAt: Int64

    public init(user: String, id: String? = nil, session: String? = nil, issuedAt: Int64 = 0) {
        self.user = user
        self.id = id
        self.session = session
        self.issuedAt = issuedAt
    }
}
