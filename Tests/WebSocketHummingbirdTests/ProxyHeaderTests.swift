// H19: the header of the PROXY protocol, by bytes.

import NIOCore
import ServerTestSupport
import Testing

@testable import WebSocketHummingbird

@Suite("PROXY headers")
struct ProxyHeaderTests {
    private func read(_ bytes: [UInt8]) -> ProxyHeader.Reading { ProxyHeader.read(ByteBuffer(bytes: bytes).readableBytesView) }
    private func read(_ text: String) -> ProxyHeader.Reading { read(Array(text.utf8)) }

    private func isInvalid(_ reading: ProxyHeader.Reading) -> Bool { if case .invalid = reading { true } else { false } }

    static let signature: [UInt8] = [0x0D, 0x0A, 0x0D, 0x0A, 0x00, 0x0D, 0x0A, 0x51, 0x55, 0x49, 0x54, 0x0A]

    static func binary(_ command: UInt8, _ family: UInt8, _ body: [UInt8]) -> [UInt8] {
        signature + [command, family, UInt8(body.count >> 8), UInt8(body.count & 0xFF)] + body
    }

    private static let ipv4: [UInt8] = [192, 0, 2, 1, 198, 51, 100, 1, 0xDD, 0xD5, 0x01, 0xBB]
    private static let ipv6: [UInt8] =
        [0x20, 0x01, 0x0D, 0xB8] + [UInt8](repeating: 0, count: 11) + [7] + [UInt8](repeating: 0, count: 15) + [1] + [0, 1, 0, 2]

    @Test(
        "The lines of version 1",
        arguments: [
            ("PROXY TCP4 192.0.2.1 198.51.100.1 56789 443\r\n", "192.0.2.1"), ("PROXY TCP4 0.0.0.0 255.255.255.255 0 65535\r\n", "0.0.0.0"),
            ("PROXY TCP6 2001:db8::7 2001:db8::1 1 2\r\n", "2001:db8::7"),
            (
                "PROXY TCP6 ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff 65535 65535\r\n",
                "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff"
            ),
        ])
    func lines(line: String, client: String) throws {
        let address = try #require(IPAddress(client))
        #expect(read(line) == .complete(.client(address), count: line.utf8.count))
        #expect(read(line + "GET / HTTP/1.1\r\n") == .complete(.client(address), count: line.utf8.count))
    }

    @Test(
        "A proxy that does not know, or speaks for itself",
        arguments: ["PROXY UNKNOWN\r\n", "PROXY UNKNOWN ffff::1 ffff::2 1 2\r\n", "PROXY UNKNOWN what ever\r\n"])
    func unknown(line: String) {
        #expect(read(line) == .complete(.local, count: line.utf8.count))
    }

    @Test("Version 2: IPv4, IPv6, local, unspecified, and a socket of the proxy's system")
    func version2() throws {
        let (four, six) = try (#require(IPAddress("192.0.2.1")), #require(IPAddress("2001:db8::7")))
        #expect(read(Self.binary(0x21, 0x11, Self.ipv4)) == .complete(.client(four), count: 28))
        #expect(read(Self.binary(0x21, 0x21, Self.ipv6)) == .complete(.client(six), count: 52))
        #expect(read(Self.binary(0x20, 0x00, [])) == .complete(.local, count: 16))
        #expect(read(Self.binary(0x20, 0x11, Self.ipv4)) == .complete(.local, count: 28), "LOCAL, whatever the addresses")
        #expect(read(Self.binary(0x21, 0x00, [1, 2, 3])) == .complete(.local, count: 19))
        #expect(read(Self.binary(0x21, 0x31, [UInt8](repeating: 0, count: 216))) == .complete(.local, count: 232))
        let tlvs: [UInt8] = [0x02, 0, 3, 97, 98, 99]
        #expect(
            read(Self.binary(0x21, 0x11, Self.ipv4 + tlvs) + [0x16]) == .complete(.client(four), count: 34),
            "what follows the addresses is skipped")
    }

    @Test("It does not matter where a header is cut: until it is whole, it is not")
    func cuts() {
        for header in [Array("PROXY TCP4 192.0.2.1 198.51.100.1 56789 443\r\n".utf8), Self.binary(0x21, 0x21, Self.ipv6 + [1, 0, 0])] {
            for count in 0..<header.count { #expect(read(Array(header.prefix(count))) == .incomplete) }
            #expect(read(header) != .incomplete)
        }
    }

    @Test(
        "What is no header is told at its first wrong byte",
        arguments: [
            "GET / HTTP/1.1\r\n", "G", "PROXZ", "proxy TCP4", "\r\n\r\nX", "\u{16}\u{03}\u{01}",
        ])
    func strangers(text: String) {
        #expect(isInvalid(read(text)))
    }

    @Test(
        "Broken lines",
        arguments: [
            "PROXY \r\n", "PROXY TCP4\r\n", "PROXY TCP5 192.0.2.1 192.0.2.2 1 2\r\n", "PROXY TCP4 192.0.2.1 192.0.2.2 1\r\n",
            "PROXY TCP4 192.0.2.1 192.0.2.2 1 2 3\r\n", "PROXY TCP4  192.0.2.1 192.0.2.2 1 2\r\n",
            "PROXY TCP4 192.0.2.1 192.0.2.2 1 2 \r\n",
            "PROXY TCP4 192.0.2.256 192.0.2.2 1 2\r\n", "PROXY TCP4 192.0.2.1 192.0.2.2 65536 2\r\n",
            "PROXY TCP4 192.0.2.1 192.0.2.2 -1 2\r\n",
            "PROXY TCP4 192.0.2.1 192.0.2.2 +1 2\r\n", "PROXY TCP4 192.0.2.1 192.0.2.2 01 2\r\n",
            "PROXY TCP4 2001:db8::1 2001:db8::2 1 2\r\n",
            "PROXY TCP6 192.0.2.1 192.0.2.2 1 2\r\n", "PROXY TCP6 fe80::1%lo fe80::2 1 2\r\n", "PROXY TCP4 192.0.2.1 192.0.2.2 1 2\n",
            "PROXY TCP4 192.0.2.1\u{0} 192.0.2.2 1 2\r\n", "PROXY UNKNOWN \t\r\n",
            "PROXY UNKNOWN " + String(repeating: "x", count: 200) + "\r\n", "PROXY UNKNOWN " + String(repeating: "x", count: 100),
        ])
    func brokenLines(line: String) {
        #expect(isInvalid(read(line)))
    }

    @Test("Broken headers of version 2")
    func brokenBinaries() {
        let broken: [[UInt8]] = [
            Self.binary(0x11, 0x11, Self.ipv4), Self.binary(0x31, 0x11, Self.ipv4), Self.binary(0x22, 0x11, Self.ipv4),
            Self.binary(0x2F, 0x11, Self.ipv4),
            Self.binary(0x21, 0x12, Self.ipv4), Self.binary(0x21, 0x22, Self.ipv6), Self.binary(0x21, 0x41, Self.ipv4),
            Self.binary(0x21, 0xFF, Self.ipv4),
            Self.binary(0x21, 0x11, Array(Self.ipv4.dropLast())), Self.binary(0x21, 0x21, Self.ipv4), Self.binary(0x21, 0x31, Self.ipv6),
            Self.signature + [0x21, 0x11, 0xFF, 0xFF], Self.signature + [0x21, 0x11, 0x0F, 0xF1],
        ]
        for bytes in broken { #expect(isInvalid(read(bytes)), "\(bytes)") }
    }
}
