import FoundationEssentials
import RealtimeHub
import WebMiddleware

/// The keys and tokens that the API is called with.
struct APIAccess: Sendable {
    private(set) var keys = APIKeys([])
    private var callers: [String: APICaller] = [:]
    /// Nil: no token is good.
    var tokens: APITokenVerifier?

    var isEmpty: Bool { callers.isEmpty && tokens == nil }

    /// - Parameter keys: with whose they are; no two have one name.
    init(_ keys: [(APIKeys.Key, APICaller)] = []) {
        self.keys = APIKeys(keys.map(\.0))
        callers = Dictionary(keys.map { ($0.0.name, $0.1) }, uniquingKeysWith: { first, _ in first })
    }

    func caller(of key: APIKeys.Key) -> APICaller? { callers[key.name] }

    /// Which key this is, and whose.
    func caller(_ text: String) -> (APICaller, APIKeys.Key)? {
        guard text.utf8.count <= 4_096, let key = keys.key(text) else { return nil }
        return caller(of: key).map { ($0, key) }
    }
}

/// Tokens of backends: `{"exp": …, "api": {"methods": ["publish"], "channels": ["news:*"]}}`. With `api: {}` they are for everything. Those for clients have no `api`, and none
/// with it are good for clients (RFC 8725 §3.12).
struct APITokenVerifier: Sendable {
    private(set) var rules: TokenRules
    /// Seconds since 1970.
    private let now: @Sendable () -> Double

    init(_ rules: TokenRules, now: @escaping @Sendable () -> Double = { Date().timeIntervalSince1970 }) {
        self.rules = rules
        self.now = now
    }

    mutating func keep(oneOf sets: [KeySet]) { rules.keep(oneOf: sets) }

    func caller(_ token: String) async throws(TokenError) -> APICaller {
        let claims = try await rules.verified(token, at: now())
        guard let grant = try claims.object("api") else { throw .invalid("it has no api: it is a client's") }
        // Nobody could take it back.
        guard claims["exp"] != nil else { throw .invalid("it has no exp") }
        // What is not understood may be a restriction.
        if let other = grant.members.keys.filter({ $0 != "methods" && $0 != "channels" }).min() {
            throw .invalid("api has \(other.prefix(32)), which is not known")
        }
        var caller = APICaller(name: try claims.string(rules.userClaim) ?? "token")
        if grant["methods"] != nil { caller.methods = Set(try grant.strings("methods")) }
        if grant["channels"] != nil {
            var patterns: [ChannelPattern] = []
            for text in try grant.strings("channels") {
                guard let pattern = try? ChannelPattern(text) else { throw .invalid("channels has what is no pattern") }
                patterns.append(pattern)
            }
            guard patterns.count <= Capabilities.maxPatterns else { throw .invalid("more than \(Capabilities.maxPatterns) patterns") }
            caller.channels = patterns
        }
        return caller
    }
}
