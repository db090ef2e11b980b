import FoundationEssentials
import Logging
import RealtimeHub
import Synchronization
import WebSocketHummingbird

/// What the admin pages know and may do.
final class Admin: Sendable {
    let hub: Hub
    let board: AdminBoard
    let logins: AdminLogins
    let logger: Logger
    /// Milliseconds since 1970.
    let now: @Sendable () -> Int64
    private let start = ContinuousClock.now
    private let password: AdminPassword
    private let guesses = Mutex(GuessLimiter())

    /// - Parameters:
    ///   - password: who knows it may do everything here.
    ///   - secret: by which logins outlive a restart; nil: they don't.
    ///   - hub: whose connections and channels they are.
    ///   - now: milliseconds since 1970.
    /// - Throws: ``ServeError`` if the password can't be one.
    init(
        password: String, secret: String?, hub: Hub, logger: Logger,
        now: @escaping @Sendable () -> Int64 = { Int64(Date().timeIntervalSince1970 * 1_000) }
    ) throws(ServeError) {
        self.password = try AdminPassword(password)
        self.hub = hub
        self.logger = logger
        self.now = now
        logins = AdminLogins(secret: secret, password: password, now: now)
        board = AdminBoard(hub: hub)
    }

    /// Seconds.
    var uptime: Int64 { start.duration(to: .now).components.seconds }

    enum Attempt: Sendable {
        case accepted(AdminLogin)
        case refused
        /// It was not even looked at. In seconds.
        case tooMany(wait: Int64)
    }

    func logIn(_ guess: String, from peer: PeerAddress, address: String, now: ContinuousClock.Instant = .now) -> Attempt {
        let from: Logger.Metadata = ["address": "\(address)"]
        if let wait = guesses.withLock({ $0.guess(peer, now: now) }) {
            logger.warning("Admin: too many guesses of the password.", metadata: from)
            return .tooMany(wait: wait.components.seconds + 1)
        }
        guard password.isEqual(to: guess) else {
            logger.warning("Admin: a wrong password.", metadata: from)
            return .refused
        }
        guesses.withLock { $0.succeeded(peer) }
        logger.notice("Admin: logged in.", metadata: from)
        return .accepted(logins.begin())
    }

    /// Writes down who did what.
    func note(_ action: String, _ login: AdminLogin, _ what: [String: String] = [:]) {
        var metadata = what.mapValues { Logger.MetadataValue.string($0) }
        metadata["login"] = "\(login.id.prefix(6))"
        logger.notice("Admin: \(action).", metadata: metadata)
    }
}
