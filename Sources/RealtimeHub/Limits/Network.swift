#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#elseif canImport(Darwin)
import Darwin
#endif

/// What counts as one address: an IPv4 address, or the first 64 bits of an IPv6 address, of which each customer of a provider has as many as the rest
/// leaves open. What is neither stands for itself.
func network(of address: String) -> String {
    guard address.utf8.contains(UInt8(ascii: ":")) else { return address }
    var bytes = [UInt8](repeating: 0, count: 16)
    guard inet_pton(AF_INET6, address, &bytes) == 1 else { return address }
    // ::ffff:0:0/96, an IPv4 address (RFC 4291 §2.5.5.2).
    if bytes.prefix(12).elementsEqual([0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xFF, 0xFF]) {
        return bytes.suffix(4).map { "\($0)" }.joined(separator: ".")
    }
    let groups = (0..<4).map { String(UInt16(bytes[2 * $0]) << 8 | UInt16(bytes[2 * $0 + 1]), radix: 16) }
    return groups.joined(separator: ":") + "/64"
}
