import Crypto
import FoundationEssentials
import RealtimeProtocol
import Synchronization

/// Somebody who knew the password, a while ago.
struct AdminLogin: Hashable, Sendable {
    /// 128 random bits.
    let id: String
    /// In milliseconds since 1970.
    let expiresAt: Int64
}

/// Who is logged in. Their cookies say so: they are sealed, so the server remembers only the logins that were ended before their time.
final class AdminLogins: Sendable {
    static let lifetime: Duration = .seconds(8 * 3_600)

    private struct Ended {
        /// Until when each would have lasted.
        var logins: [String: Int64] = [:]
        /// Those that would have expired up to then are over, whoever they are.
        var allUntil: Int64 = 0
    }

    private static let maxEnded = 1_000
    private static let context = Data("heliograph admin login".utf8)

    private let key: SymmetricKey
    private let formKey: SymmetricKey
    private let ended = Mutex(Ended())
    private let now: @Sendable () -> Int64

    /// - Parameters:
    ///   - secret: the same in all processes that shall accept each other's logins; nil: one that nobody knows.
    ///   - password: with another password, nobody is logged in any more.
    ///   - now: milliseconds since 1970.
    init(secret: String?, password: String, now: @escaping @Sendable () -> Int64) {
        let material = secret.map { SymmetricKey(data: Data($0.utf8)) } ?? SymmetricKey(size: .bits256)
        func derived(_ purpose: String) -> SymmetricKey {
            HKDF<SHA256>.deriveKey(
                inputKeyMaterial: material, salt: Data(SHA256.hash(data: Data(password.utf8))), info: Data(purpose.utf8),
                outputByteCount: 32)
        }
        key = derived("admin login")
        formKey = derived("admin form")
        self.now = now
    }

    // MARK: Logins

    func begin() -> AdminLogin {
        AdminLogin(id: Self.random(), expiresAt: now() + Self.lifetime.components.seconds * 1_000)
    }

    func end(_ login: AdminLogin) {
        let now = now()
        ended.withLock { ended in
            ended.logins = ended.logins.filter { $0.value > now }
            // So many cannot be told apart for hours: whoever is logged in logs in again.
            if ended.logins.count >= Self.maxEnded {
                ended = Ended(allUntil: now + Self.lifetime.components.seconds * 1_000)
            }
            ended.logins[login.id] = login.expiresAt
        }
    }

    func isCurrent(_ login: AdminLogin) -> Bool {
        guard login.expiresAt > now() else { return false }
        return ended.withLock { $0.logins[login.id] == nil && login.expiresAt > $0.allUntil }
    }

    // MARK: Cookies

    func cookie(of login: AdminLogin) -> String? {
        let plain = Data("\(login.expiresAt) \(login.id)".utf8)
        guard let box = try? AES.GCM.seal(plain, using: key, authenticating: Self.context).combined else { return nil }
        return Base64.url(box)
    }

    /// Who is logged in with this cookie; nil: nobody (any more).
    func login(cookie: String) -> AdminLogin? {
        guard cookie.utf8.count <= 512, let bytes = Base64.decode(cookie.utf8, .url), let box = try? AES.GCM.SealedBox(combined: bytes),
            let plain = try? AES.GCM.open(box, using: key, authenticating: Self.context),
            let text = String(validating: plain, as: UTF8.self)
        else { return nil }
        let parts = text.split(separator: " ")
        guard parts.count == 2, let expiresAt = Int64(parts[0]) else { return nil }
        let login = AdminLogin(id: String(parts[1]), expiresAt: expiresAt)
        return isCurrent(login) ? login : nil
    }

    // MARK: Forms

    /// What a form of ours has, and one of another page can't know.
    ///
    /// - Parameter holder: what the browser has in a cookie.
    func formToken(for holder: String) -> String {
        Base64.url(Data(HMAC<SHA256>.authenticationCode(for: Data(holder.utf8), using: formKey)))
    }

    func isFormToken(_ token: String, for holder: String) -> Bool {
        guard !holder.isEmpty, token.utf8.count <= 64, let code = Base64.decode(token.utf8, .url) else { return false }
        return HMAC<SHA256>.isValidAuthenticationCode(code, authenticating: Data(holder.utf8), using: formKey)
    }

    /// 128 random bits.
    static func random() -> String { SymmetricKey(size: .bits128).withUnsafeBytes { Base64.url($0) } }
}
