import RealtimeHub
import RealtimeProtocol

extension TokenBench {
    /// How many connection tokens (HS256, with `exp` and a few claims) one core checks in a second, as when clients connect.
    ///
    /// - Parameter duration: how long to try.
    /// - Throws: ``ServeError`` if it is no time such as `2s`, or if a token is not good.
    public static func rate(for duration: String) async throws -> Double {
        guard let duration = Duration(setting: duration), duration > .zero else {
            throw ServeError("--for \(duration): it must be a time such as 500ms or 5s.")
        }
        let key = try await TokenKey(.hs256, .secret(ConfigurationTemplate.randomHex(32)))
        let verifier = SignedTokenVerifier(connections: TokenRules(keys: [key], audience: "chat"))
        let tokens = try (0..<64).map { number in
            let claims = #"{"sub":"user-\#(number)","aud":"chat","exp":4000000000,"iat":1700000000,"info":{"name":"Ada Lovelace"}}"#
            let content = "\(Base64.url(Array(#"{"alg":"HS256","typ":"JWT"}"#.utf8))).\(Base64.url(Array(claims.utf8)))"
            return "\(content).\(Base64.url(try key.sign(Array(content.utf8))))"
        }
        let start = ContinuousClock.now
        var count = 0
        while start.duration(to: .now) < duration {
            for (number, token) in tokens.enumerated() {
                guard try await verifier.connection(token).user == "user-\(number)" else { throw ServeError("A token is another user's.") }
            }
            count += tokens.count
        }
        return Double(count) / (start.duration(to: .now) / .seconds(1))
    }
}
