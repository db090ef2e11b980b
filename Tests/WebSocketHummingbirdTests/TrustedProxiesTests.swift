// H19: who a request comes from, when others say it.

import HTTPTypes
import NIOCore
import Testing

@testable import WebSocketHummingbird

@Suite("Proxies whose word is taken")
struct TrustedProxiesTests {
    private func proxies(_ field: TrustedProxies.Field = .xForwardedFor) -> TrustedProxies {
        TrustedProxies(["10.0.0.0/8", "192.0.2.10", "fd00::/8"].compactMap { IPNetwork($0) }, field: field)
    }

    private func client(_ peer: String, _ values: [String], _ field: TrustedProxies.Field = .xForwardedFor) throws -> String {
        var fields = HTTPFields()
        let name = try #require(HTTPField.Name(field.rawValue))
        for value in values { fields.append(HTTPField(name: name, value: value)) }
        return proxies(field).client(behind: try #require(IPAddress(peer)), fields).description
    }

    @Test(
        "The client is the right-most that is no proxy of ours",
        arguments: [
            ("10.1.2.3", ["203.0.113.5"], "203.0.113.5"), ("10.1.2.3", ["198.51.100.1, 203.0.113.5"], "203.0.113.5"),
            ("10.1.2.3", ["198.51.100.1, 203.0.113.5, 192.0.2.10, 10.9.9.9"], "203.0.113.5"),
            ("10.1.2.3", ["198.51.100.1", "203.0.113.5"], "203.0.113.5"), ("10.1.2.3", ["10.0.0.1, 10.0.0.2"], "10.0.0.1"),
            ("fd00::1", ["2001:db8::1"], "2001:db8::1"), ("10.1.2.3", ["203.0.113.5:8080"], "203.0.113.5"),
            ("10.1.2.3", ["[2001:db8::1]:443"], "2001:db8::1"), ("10.1.2.3", [" \t203.0.113.5\t "], "203.0.113.5"),
            ("::ffff:10.1.2.3", ["203.0.113.5"], "203.0.113.5"),
        ])
    func rightMost(peer: String, values: [String], client expected: String) throws {
        #expect(try client(peer, values) == expected)
    }

    @Test("A stranger who sends the field is himself", arguments: ["203.0.113.9", "11.0.0.1", "192.0.2.11", "2001:db8::9"])
    func strangers(peer: String) throws {
        #expect(try client(peer, ["198.51.100.1"]) == peer)
        #expect(TrustedProxies().client(behind: try #require(IPAddress(peer)), [:]).description == peer)
    }

    @Test(
        "What can't be read ends at the last proxy that is known",
        arguments: [
            ([], "10.1.2.3"), ([""], "10.1.2.3"), (["unknown"], "10.1.2.3"), (["198.51.100.1, nonsense"], "10.1.2.3"),
            (["198.51.100.1,"], "10.1.2.3"),
            (["nonsense, 10.0.0.9"], "10.0.0.9"), (["203.0.113.5:99999"], "10.1.2.3"), (["203.0.113.5:"], "10.1.2.3"),
            (["[2001:db8::1"], "10.1.2.3"),
            (["fe80::1%eth0"], "10.1.2.3"), (["1.2.3.4.5"], "10.1.2.3"), (["[2001:db8::1]x"], "10.1.2.3"),
        ])
    func nonsense(values: [String], client expected: String) throws {
        #expect(try client("10.1.2.3", values) == expected)
    }

    @Test(
        "Forwarded, as RFC 7239 has it",
        arguments: [
            ("for=203.0.113.5", "203.0.113.5"), ("for=198.51.100.1, for=203.0.113.5;proto=https;by=10.0.0.1", "203.0.113.5"),
            ("proto=https; For=\"[2001:db8:cafe::17]:4711\"", "2001:db8:cafe::17"), ("for=203.0.113.5, for=10.0.0.2", "203.0.113.5"),
            ("for=\"_hidden\"", "10.1.2.3"), ("for=unknown", "10.1.2.3"), ("proto=https", "10.1.2.3"), ("for=\"", "10.1.2.3"),
            ("for=203.0.113.5;for=198.51.100.1", "10.1.2.3"),
        ])
    func forwarded(value: String, client expected: String) throws {
        #expect(try client("10.1.2.3", [value], .forwarded) == expected)
    }

    @Test("X-Real-IP has one; another field than the one that was named is not looked at")
    func others() throws {
        #expect(try client("10.1.2.3", ["203.0.113.5"], .xRealIP) == "203.0.113.5")
        #expect(try client("10.1.2.3", ["198.51.100.1", "203.0.113.5"], .xRealIP) == "203.0.113.5")
        let peer = try #require(IPAddress("10.1.2.3"))
        var fields = HTTPFields()
        fields[try #require(HTTPField.Name("X-Real-IP"))] = "203.0.113.5"
        fields[try #require(HTTPField.Name("Forwarded"))] = "for=203.0.113.5"
        #expect(proxies().client(behind: peer, fields) == peer)
    }

    @Test(
        "Networks",
        arguments: [
            ("10.0.0.0/8", "10.255.0.1", true), ("10.0.0.0/8", "11.0.0.0", false), ("0.0.0.0/0", "203.0.113.1", true),
            ("0.0.0.0/0", "2001:db8::1", false),
            ("::/0", "2001:db8::1", true), ("::/0", "1.2.3.4", true), ("192.0.2.1/32", "192.0.2.1", true),
            ("192.0.2.0/31", "192.0.2.2", false),
            ("2001:db8::/65", "2001:db8::7fff:0:0:1", true), ("2001:db8::/65", "2001:db8::8000:0:0:1", false),
            ("192.0.2.1", "::ffff:192.0.2.1", true),
        ])
    func networks(network: String, address: String, isIn: Bool) throws {
        #expect(try #require(IPNetwork(network)).contains(try #require(IPAddress(address))) == isIn)
    }

    @Test(
        "What is no network",
        arguments: [
            "", "10.0.0.1/8", "10.0.0.0/33", "2001:db8::1/64", "::/129", "10.0.0.0/", "10.0.0.0/+8", "10.0.0.0/-1", "10.0.0.0/8/8",
            "10.0.0/8", "host", "*",
            "10.0.0.0/008a", "1.2.3.4%1",
        ])
    func noNetworks(text: String) {
        #expect(IPNetwork(text) == nil)
    }

    @Test("An address is written as it is usual", arguments: ["192.0.2.1", "2001:db8::1", "::1", "::", "0.0.0.0", "255.255.255.255"])
    func written(text: String) throws {
        #expect(try #require(IPAddress(text)).description == text)
        #expect(IPAddress(try SocketAddress(ipAddress: text, port: 1))?.description == text)
    }
}
