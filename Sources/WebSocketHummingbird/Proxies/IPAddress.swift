public import NIOCore

#if canImport(Darwin)
import Darwin
#elseif canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#endif

/// An address of the Internet Protocol, of either version. An IPv4 address that is written as an IPv6 one (`::ffff:192.0.2.1`) is the IPv4 address.
public struct IPAddress: Hashable, Sendable {
    // As IPv6 has it; IPv4 is ::ffff:0:0/96 (RFC 4291 §2.5.5.2).
    let high: UInt64
    let low: UInt64

    private static let mapped: UInt64 = 0xffff_0000_0000

    init(high: UInt64, low: UInt64) {
        self.high = high
        self.low = low
    }

    init(ipv4 number: UInt32) {
        self.init(high: 0, low: Self.mapped | UInt64(number))
    }

    /// Of 4 or 16 bytes; nil: it is neither.
    init?(bytes: some Collection<UInt8>) {
        switch bytes.count {
        case 4: self.init(ipv4: bytes.reduce(0) { $0 << 8 | UInt32($1) })
        case 16: self.init(high: Self.number(bytes.prefix(8)), low: Self.number(bytes.dropFirst(8)))
        default: return nil
        }
    }

    private static func number(_ bytes: some Sequence<UInt8>) -> UInt64 { bytes.reduce(0) { $0 << 8 | UInt64($1) } }

    /// As it is written: `192.0.2.1`, `2001:db8::1`. Nil: it is no address.
    public init?(_ text: some StringProtocol) {
        // INET6_ADDRSTRLEN; a zone (`%eth0`) means nothing to anybody else.
        guard text.utf8.count < 46, !text.utf8.contains(0) else { return nil }
        let isIPv6 = text.utf8.contains(UInt8(ascii: ":"))
        var bytes = [UInt8](repeating: 0, count: isIPv6 ? 16 : 4)
        guard inet_pton(isIPv6 ? AF_INET6 : AF_INET, String(text), &bytes) == 1 else { return nil }
        self.init(bytes: bytes)
    }

    /// Of a socket; nil: it is one of the local system.
    public init?(_ address: SocketAddress?) {
        // `sockaddr_in` has its address at byte 4, `sockaddr_in6` at byte 8, on every system.
        let (offset, count): (Int, Int)
        switch address {
        case .v4: (offset, count) = (4, 4)
        case .v6: (offset, count) = (8, 16)
        default: return nil
        }
        let bytes = address?.withSockAddr { start, size in
            size >= offset + count ? Array(UnsafeRawBufferPointer(start: start, count: size)[offset..<offset + count]) : []
        }
        self.init(bytes: bytes ?? [])
    }

    var isIPv4: Bool { high == 0 && low >> 32 == Self.mapped >> 32 }
}

extension IPAddress: CustomStringConvertible {
    /// As it is written in short (RFC 5952).
    public var description: String {
        if isIPv4 { return (0..<4).map { "\(low >> (24 - 8 * UInt64($0)) & 0xff)" }.joined(separator: ".") }
        let bytes = (0..<16).map { UInt8(truncatingIfNeeded: ($0 < 8 ? high : low) >> (56 - 8 * UInt64($0 % 8))) }
        var text = [CChar](repeating: 0, count: 46)
        guard inet_ntop(AF_INET6, bytes, &text, socklen_t(text.count)) != nil else { return "" }
        return String(decoding: text.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }
}

/// A network: the addresses that begin with the same bits.
public struct IPNetwork: Hashable, Sendable {
    private let high: UInt64
    private let low: UInt64
    private let highMask: UInt64
    private let lowMask: UInt64

    /// - Parameter text: an address, or a network as in `10.0.0.0/8` and `fd00::/8`. Nil: it is neither, or has bits beyond its length.
    public init?(_ text: some StringProtocol) {
        let parts = text.split(separator: "/", maxSplits: 1, omittingEmptySubsequences: false)
        guard let first = parts.first, let address = IPAddress(first) else { return nil }
        let most = address.isIPv4 ? 32 : 128
        var length = most
        if parts.count == 2 {
            guard parts[1].utf8.count <= 3, parts[1].utf8.allSatisfy({ (0x30...0x39).contains($0) }), let given = Int(parts[1]),
                given <= most
            else { return nil }
            length = given
        }
        let bits = length + 128 - most
        highMask = Self.mask(bits)
        lowMask = Self.mask(bits - 64)
        guard address.high & ~highMask == 0, address.low & ~lowMask == 0 else { return nil }
        high = address.high
        low = address.low
    }

    private static func mask(_ bits: Int) -> UInt64 { bits <= 0 ? 0 : bits >= 64 ? .max : ~(UInt64.max >> UInt64(bits)) }

    /// Whether it has the address.
    public func contains(_ address: IPAddress) -> Bool {
        address.high & highMask == high && address.low & lowMask == low
    }
}
