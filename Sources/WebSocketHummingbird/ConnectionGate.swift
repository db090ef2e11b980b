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

    let total: Int
    private let perAddress: Int?
    private let state = Mutex(State())

    init(_ limits: ConnectionLimits, descriptorLimit: Int = ConnectionGate.descriptorLimit()) {
        self.total = limits.total ?? max(1, descriptorLimit - descriptorLimit / 20)
        self.perAddress = limits.perAddress
    }

    /// How many connections are open.
    var count: Int { state.withLock { $0.total } }

    /// Takes a place, if there is one, that is to be given back with ``leave(_:)``.
    func enter(_ peer: Peer) -> Bool {
        state.withLock { state in
            guard state.total < total else { return false }
            if let perAddress, peer != .unknown {
                let open = state.byPeer[peer, default: 0]
                guard open < perAddress else { return false }
                state.byPeer[peer] = open + 1
            }
            state.total += 1
            return true
        }
    }

    /// Takes a place among those of an address, for a connection that has one among all.
    func enterAddress(_ peer: Peer) -> Bool {
        guard let perAddress, peer != .unknown else { return true }
        return state.withLock { state in
            let open = state.byPeer[peer, default: 0]
            guard open < perAddress else { return false }
            state.byPeer[peer] = open + 1
            return true
        }
    }

    func leaveAddress(_ peer: Peer) {
        guard perAddress != nil else { return }
        state.withLock { state in
            guard let open = state.byPeer[peer] else { return }
            state.byPeer[peer] = open > 1 ? open - 1 : nil
        }
    }

    func leave(_ peer: Peer) {
        state.withLock { state in
            state.total -= 1
            guard perAddress != nil, let open = state.byPeer[peer] else { return }
            state.byPeer[peer] = open > 1 ? open - 1 : nil
        }
    }

    /// Who is at the other end. Nothing is looked up if no limit needs it.
    func peer(of channel: any Channel) -> Peer {
        guard perAddress != nil, let address = channel.remoteAddress else { return .unknown }
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
