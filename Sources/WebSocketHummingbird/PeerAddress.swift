package import NIOCore

/// What one peer is: an IPv4 address, the first 64 bits of an IPv6 address (a peer has all the addresses of its network), or nothing that could be
/// told apart.
package enum PeerAddress: Hashable, Sendable {
    case ipv4(UInt32)
    case ipv6(UInt64)
    case unknown
}

extension PeerAddress {
    package init(_ address: SocketAddress) {
        self = IPAddress(address).map { PeerAddress($0) } ?? .unknown
    }

    package init(_ address: IPAddress) {
        self = address.isIPv4 ? .ipv4(UInt32(truncatingIfNeeded: address.low)) : .ipv6(address.high)
    }
}
