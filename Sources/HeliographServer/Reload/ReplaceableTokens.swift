import RealtimeHub
import Synchronization

/// The keys of a server that is running, which can be replaced.
final class ReplaceableTokens: TokenVerifier {
    private let verifier: Mutex<SignedTokenVerifier?>

    /// - Parameter verifier: nil: there are no keys, and no token is good.
    init(_ verifier: SignedTokenVerifier?) {
        self.verifier = Mutex(verifier)
    }

    /// Keys that come from the same place as before stay what they are.
    func replace(by new: SignedTokenVerifier?) {
        verifier.withLock { verifier in
            var new = new
            new?.keep(oneOf: verifier?.keySets ?? [])
            verifier = new
        }
    }

    private func current() throws(TokenError) -> SignedTokenVerifier {
        guard let verifier = verifier.withLock({ $0 }) else { throw .invalid("there are no keys for tokens") }
        return verifier
    }

    func connection(_ token: String) async throws(TokenError) -> ConnectionClaims {
        try await current().connection(token)
    }

    func subscription(_ token: String) async throws(TokenError) -> SubscriptionClaims {
        try await current().subscription(token)
    }
}
