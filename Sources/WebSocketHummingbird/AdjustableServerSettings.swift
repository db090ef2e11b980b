import Synchronization

/// What can change of a server while it runs, as ``WebSocketServerConfiguration/adjustable``: who is connected stays, and who comes next is treated by what it says then.
///
/// ```swift
/// configuration.adjustable = AdjustableServerSettings(limits: ConnectionLimits(total: 10_000))
/// configuration.adjustable?.limits = ConnectionLimits(total: 20_000)
/// ```
public final class AdjustableServerSettings: Sendable {
    private struct Settings {
        var limits: ConnectionLimits
        var trustedProxies: TrustedProxies
    }

    private let settings: Mutex<Settings>

    /// - Parameters:
    ///   - limits: how many connections may be open.
    ///   - trustedProxies: whose word is taken for who a client is.
    public init(limits: ConnectionLimits = ConnectionLimits(), trustedProxies: TrustedProxies = TrustedProxies()) {
        settings = Mutex(Settings(limits: limits, trustedProxies: trustedProxies))
    }

    /// How many connections may be open. Those that are count, and stay even if they are more.
    public var limits: ConnectionLimits {
        get { settings.withLock { $0.limits } }
        set { settings.withLock { $0.limits = newValue } }
    }

    /// Whose word is taken for who a client is, of connections that come from now on.
    public var trustedProxies: TrustedProxies {
        get { settings.withLock { $0.trustedProxies } }
        set { settings.withLock { $0.trustedProxies = newValue } }
    }
}
