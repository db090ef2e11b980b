import NIOCore
import Synchronization

#if canImport(Darwin)
import Darwin
#elseif canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#endif

/// Counts the open connections of a server against its ``ConnectionLimits``.
final class ConnectionGate: Sendable {
    typealias Peer = PeerAddress

    private struct State {
        var total = 0
        var byPeer: [Peer: Int] = [:]
    }

    private let settings: AdjustableServerSettings
    private let usualTotal: Int
    private let countsAddresses: Bool
    private let state = Mutex(State())

    /// - Parameter countsAddresses: whether the connections of an address are counted even if nothing limits them: that may change.
    init(_ settings: AdjustableServerSettings, countsAddresses: Bool, descriptorLimit: Int = ConnectionGate.descriptorLimit()) {
        self.settings = settings
        self.countsAddresses = countsAddresses
        usualTotal = max(1, descriptorLimit - descriptorLimit / 20)
    }

    var total: Int { settings.limits.total ?? usualTotal }

    /// How many connections are open.
    var count: Int { state.withLock { $0.total } }

    /// Takes a place, if there is one, that is to be given back with ``leave(_:)``.
    func enter(_ peer: Peer) -> Bool {
        let limits = settings.limits
        return state.withLock { state in
            guard state.total < limits.total ?? usualTotal, Self.enter(peer, &state, limits) else { return false }
            state.total += 1
            return true
        }
    }

    private static func enter(_ peer: Peer, _ state: inout State, _ limits: ConnectionLimits) -> Bool {
        guard peer != .unknown else { return true }
        let open = state.byPeer[peer, default: 0]
        guard open < limits.perAddress ?? .max else { return false }
        state.byPeer[peer] = open + 1
        return true
    }

    /// Takes a place among those of an address, for a connection that has one among all.
    func enterAddress(_ peer: Peer) -> Bool {
        let limits = settings.limits
        return state.withLock { Self.enter(peer, &$0, limits) }
    }

    func leaveAddress(_ peer: Peer) {
        guard peer != .unknown else { return }
        state.withLock { state in
            guard let open = state.byPeer[peer] else { return }
            state.byPeer[peer] = open > 1 ? open - 1 : nil
        }
    }

    func leave(_ peer: Peer) {
        state.withLock { state in
            state.total -= 1
            guard peer != .unknown, let open = state.byPeer[peer] else { return }
            state.byPeer[peer] = open > 1 ? open - 1 : nil
        }
    }

    /// Who is at the other end. Nothing is looked up if no limit needs it.
    func peer(of channel: any Channel) -> Peer {
        guard countsAddresses || settings.limits.perAddress != nil, let address = channel.remoteAddress else { return .unknown }
        return Peer(address)
    }

    /// The descriptors that the process may have open.
    static func descriptorLimit() -> Int {
        var limit = rlimit()
        #if canImport(Glibc)
        let result = getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit)
        #else
        let result = getrlimit(RLIMIT_NOFILE, &limit)
        #endif
        guard result == 0 else { return 1024 }
        return Int(clamping: limit.rlim_cur)
    }
}
