import HTTPTypes
import Testing

@testable import WebSocketProtocol

/// Cross-site WebSocket hijacking (RFC 6455 §10.2, security H1): which pages may open a socket.
@Suite struct OriginPolicyTests {
    func permits(_ policy: OriginPolicy, _ origins: [String], host: String = "example.com", scheme: String? = "http", cookie: Bool = true)
        -> Bool
    {
        var request = HTTPRequest(method: .get, scheme: scheme, authority: host, path: "/")
        request.headerFields[values: .origin] = origins
        if cookie { request.headerFields[.cookie] = "session=1" }
        let error = handshakeError { () throws(HandshakeError) in try policy.permits(request) }
        if let error { #expect(error.status == .forbidden) }
        return error == nil
    }

    /// The twelve of the table, sent to `example.com` by a browser with cookies.
    static let twelve: [(kind: String, origins: [String], isSameHost: Bool)] = [
        ("none", [], false),
        ("same", ["http://example.com"], true),
        ("other port", ["http://example.com:8080"], false),
        ("other scheme", ["ftp://example.com"], false),
        ("subdomain", ["http://www.example.com"], false),
        ("suffix trick", ["http://example.com.evil.com"], false),
        ("null", ["null"], false),
        ("upper case", ["HTTP://EXAMPLE.COM"], true),
        ("IDN", ["http://exämple.com"], false),
        ("two headers", ["http://example.com", "http://example.com"], false),
        ("empty", [""], false),
        ("userinfo", ["http://example.com@evil.com"], false),
    ]

    @Test("The table of twelve, same host", arguments: twelve)
    func sameHost(kind: String, origins: [String], isSameHost: Bool) {
        #expect(self.permits(.sameHost, origins) == isSameHost, "\(kind), with a cookie")
        #expect(self.permits(.sameHost, origins, cookie: false) == (isSameHost || origins.isEmpty), "\(kind), without")
    }

    @Test("The table of twelve, listed origins", arguments: twelve)
    func listed(kind: String, origins: [String], isSameHost: Bool) {
        let policy = OriginPolicy.allow(["http://example.com"])
        #expect(self.permits(policy, origins, host: "api.other.org") == isSameHost, "\(kind)")
        #expect(self.permits(policy, origins, host: "api.other.org", cookie: false) == (isSameHost || origins.isEmpty), "\(kind)")
    }

    @Test("The table of twelve, check switched off", arguments: twelve)
    func any(kind: String, origins: [String], isSameHost: Bool) {
        #expect(self.permits(.dangerouslyAllowAnyOrigin, origins))
    }

    @Test(
        "Same host: a missing port is the default of the origin's scheme",
        arguments: [
            ("http://example.com:80", "example.com", true),
            ("https://example.com:443", "example.com", true),
            ("https://example.com", "example.com:443", true),
            ("https://example.com", "example.com", true),
            ("http://example.com", "example.com:80", true),
            ("http://example.com", "example.com:443", false),
            ("https://example.com", "example.com:8443", false),
            ("https://example.com:8443", "example.com:8443", true),
            ("https://example.com:8443", "EXAMPLE.com:8443", true),
            ("http://localhost:8080", "localhost:8080", true),
            ("http://localhost:8080", "127.0.0.1:8080", false),
            ("http://[::1]:8080", "[::1]:8080", true),
            ("http://[::1]", "[::2]", false),
            ("https://xn--exmple-cua.com", "xn--exmple-cua.com", true),
            ("https://exämple.com", "exämple.com", false),
            ("https://example.com", "", false),
            ("https://example.com.", "example.com", false),
            ("https://example.com", "example.com, evil.com", false),
        ])
    func ports(origin: String, host: String, expected: Bool) {
        #expect(self.permits(.sameHost, [origin], host: host) == expected)
    }

    @Test("Same host: a page from http may not reach a server called over TLS, the other way a proxy may have ended it")
    func schemes() {
        #expect(!self.permits(.sameHost, ["http://example.com"], scheme: "https"))
        #expect(self.permits(.sameHost, ["https://example.com"], scheme: "https"))
        #expect(self.permits(.sameHost, ["https://example.com"], scheme: "http"))
        #expect(self.permits(.sameHost, ["http://example.com"], scheme: nil))
    }

    @Test("Same host: no host, nothing is the same")
    func noHost() {
        var request = HTTPRequest(method: .get, scheme: "http", authority: nil, path: "/")
        request.headerFields[.origin] = "http://example.com"
        #expect(throws: HandshakeError.self) { try OriginPolicy.sameHost.permits(request) }
    }

    @Test(
        "What a browser never writes is no origin",
        arguments: [
            "example.com", "//example.com", "http:example.com", "http:/example.com", "http://", "http:///", "://example.com",
            "1http://example.com",
            "http://example.com/", "http://example.com/path", "http://example.com?q", "http://example.com#f", "http://user@example.com",
            "http://user:pass@example.com", "http://example.com:", "http://example.com:0", "http://example.com:65536",
            "http://example.com:080000",
            "http://example.com:+80", "http://example.com:80:80", "http://example.com,http://example.com",
            "http://example.com http://evil.com",
            "http://exa mple.com", "http://example.com\\@evil.com", "http://[::1", "http://[]", "http://[g::1]", "http://::1", "http://*",
            "NULL",
        ])
    func noOrigin(text: String) {
        #expect(WebOrigin(text) == nil)
        #expect(!self.permits(.sameHost, [text], cookie: false))
        #expect(!self.permits(.allow(["http://*", "https://*", "*", "*://*"]), [text]))
    }

    @Test("An origin as long as a page is no origin")
    func long() {
        #expect(WebOrigin("http://" + String(repeating: "a", count: 505)) != nil)
        #expect(WebOrigin("http://" + String(repeating: "a", count: 506)) == nil)
    }

    @Test(
        "Patterns",
        arguments: [
            ("https://example.com", "https://example.com", true),
            ("https://example.com", "https://example.com:443", true),
            ("https://example.com:443", "https://example.com", true),
            ("https://example.com", "http://example.com", false),
            ("https://example.com", "https://example.com:8443", false),
            ("https://example.com:8443", "https://example.com:8443", true),
            ("https://EXAMPLE.com", "https://example.COM", true),
            ("https://*.example.com", "https://www.example.com", true),
            ("https://*.example.com", "https://a.b.example.com", true),
            ("https://*.example.com", "https://example.com", false),
            ("https://*.example.com", "https://.example.com", false),
            ("https://*.example.com", "https://example.com.evil.com", false),
            ("https://*.example.com", "https://www.example.com.evil.com", false),
            ("https://*.example.com", "https://evil.com:1.example.com", false),
            ("https://*.example.com", "https://wwwexample.com", false),
            ("https://*example.com", "https://evilexample.com", true),
            ("https://app-*.example.com", "https://app-17.example.com", true),
            ("https://app-*.example.com", "https://app-.example.com", false),
            ("https://*.*.example.com", "https://a.b.example.com", true),
            ("https://*.*.example.com", "https://a.example.com", false),
            ("https://localhost:*", "https://localhost:3000", true),
            ("https://localhost:*", "https://localhost", true),
            ("http://127.0.0.1:*", "http://127.0.0.1:5173", true),
            ("http://[::1]:*", "http://[::1]:5173", true),
            ("http://[::1]", "http://[::1]:80", true),
            ("example.com", "https://example.com", true),
            ("example.com", "http://example.com", true),
            ("example.com", "http://example.com:8080", false),
            ("example.com:8080", "http://example.com:8080", true),
            ("*.example.com", "https://www.example.com", true),
            ("chrome-extension://abcdef", "chrome-extension://abcdef", true),
            ("chrome-extension://abcdef", "chrome-extension://abcdeg", false),
            ("capacitor://localhost", "capacitor://localhost", true),
            ("null", "null", true),
            ("*", "null", false),
            ("", "https://example.com", false),
            ("https://", "https://example.com", false),
        ])
    func patterns(pattern: String, origin: String, expected: Bool) {
        #expect(self.permits(.allow([pattern]), [origin]) == expected)
    }

    @Test("One pattern of several is enough, none permits nothing, and the same host is not permitted unless listed")
    func lists() {
        #expect(self.permits(.allow(["https://a.com", "https://b.com"]), ["https://b.com"]))
        #expect(!self.permits(.allow([]), ["http://example.com"]))
        #expect(!self.permits(.allow(["https://a.com"]), ["http://example.com"]))
    }

    @Test("A pattern made to be slow is not")
    func slow() {
        let policy = OriginPolicy.allow(["https://" + String(repeating: "*a", count: 50) + "b"])
        let took = ContinuousClock().measure {
            for _ in 0..<50 { _ = self.permits(policy, ["https://" + String(repeating: "a", count: 500)]) }
        }
        #expect(took < .seconds(1))
    }
}
