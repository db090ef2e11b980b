import Crypto
import FoundationEssentials

/// The password of the admin pages, as far as the process needs it: what tells it from others, in a time that says nothing about where they differ.
struct AdminPassword: Sendable {
    /// Shorter ones are guessed, whatever slows the guesses down.
    static let minBytes = 12
    static let maxBytes = 1_024

    /// Of this process, so that nothing that it keeps can be tried elsewhere.
    private let key = SymmetricKey(size: .bits256)
    private let code: HMAC<SHA256>.MAC

    /// - Throws: ``ServeError`` if it is too short or too long. The password is in none of its words.
    init(_ text: String) throws(ServeError) {
        guard (Self.minBytes...Self.maxBytes).contains(text.utf8.count) else {
            throw ServeError(
                "The admin password must have \(Self.minBytes) to \(Self.maxBytes) bytes; make one with `openssl rand -base64 24`.")
        }
        code = HMAC<SHA256>.authenticationCode(for: Data(text.utf8), using: key)
    }

    func isEqual(to text: String) -> Bool {
        text.utf8.count <= Self.maxBytes && HMAC<SHA256>.isValidAuthenticationCode(code, authenticating: Data(text.utf8), using: key)
    }
}
