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
