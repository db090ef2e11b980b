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
    /// What one peer is: an IPv4 address, the first 64 bits of an IPv6 address (a peer has all the addresses of its network), or nothing
    /// that could be told apart.
    enum Peer: Hashable, Sendable {
        case ipv4(UInt32)
        case ipv6(UInt64)
        case unknown
    }

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

extension ConnectionGate.Peer {
    init(_ address: SocketAddress) {
        // `sockaddr_in` has its address at byte 4, `sockaddr_in6` at byte 8, on every system.
        switch address {
        case .v4:
            self = Self.bytes(address, from: 4, count: 4).map { .ipv4(Self.number($0)) } ?? .unknown
        case .v6:
            guard let bytes = Self.bytes(address, from: 8, count: 16) else { self = .unknown; return }
            // ::ffff:a.b.c.d is the IPv4 address a.b.c.d on a socket for both (RFC 4291 §2.5.5.2).
            let isIPv4 = bytes[..<10].allSatisfy { $0 == 0 } && bytes[10] == 0xff && bytes[11] == 0xff
            self = isIPv4 ? .ipv4(Self.number(bytes[12...])) : .ipv6(Self.number(bytes[..<8]))
        case .unixDomainSocket:
            self = .unknown
        }
    }

    private static func number<Number: FixedWidthInteger>(_ bytes: some Sequence<UInt8>) -> Number {
        bytes.reduce(0) { $0 << 8 | Number(truncatingIfNeeded: $1) }
    }

    private static func bytes(_ address: SocketAddress, from offset: Int, count: Int) -> [UInt8]? {
        address.withSockAddr { start, size in
            guard size >= offset + count else { return nil }
            return Array(UnsafeRawBufferPointer(start: start, count: size)[offset..<offset + count])
        }
    }
}
