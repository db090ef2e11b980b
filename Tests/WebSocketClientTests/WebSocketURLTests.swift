import Testing

@testable import WebSocketClient

@Suite("WebSocket URLs (RFC 6455 §3, RFC 3986)")
struct WebSocketURLTests {
    struct Good: CustomTestStringConvertible {
        let text: String
        let host: String
        let port: Int
        let target: String
        let authority: String
        var isSecure = false
        var testDescription: String { self.text }
    }

    static let good = [
        Good(text: "ws://example.com", host: "example.com", port: 80, target: "/", authority: "example.com"),
        Good(text: "wss://example.com", host: "example.com", port: 443, target: "/", authority: "example.com", isSecure: true),
        Good(text: "WSS://Example.COM/", host: "example.com", port: 443, target: "/", authority: "example.com", isSecure: true),
        Good(text: "ws://example.com:80/chat", host: "example.com", port: 80, target: "/chat", authority: "example.com"),
        Good(text: "wss://example.com:80/", host: "example.com", port: 80, target: "/", authority: "example.com:80", isSecure: true),
        Good(text: "ws://example.com:/x", host: "example.com", port: 80, target: "/x", authority: "example.com"),
        Good(text: "ws://h:65535?room=1", host: "h", port: 65535, target: "/?room=1", authority: "h:65535"),
        Good(text: "ws://h/a/b?c=/d?e@:f", host: "h", port: 80, target: "/a/b?c=/d?e@:f", authority: "h"),
        Good(text: "ws://h/%C3%A9", host: "h", port: 80, target: "/%C3%A9", authority: "h"),
        Good(text: "ws://[::1]:9000/x", host: "::1", port: 9000, target: "/x", authority: "[::1]:9000"),
        Good(text: "ws://[2001:DB8::1]/", host: "2001:db8::1", port: 80, target: "/", authority: "[2001:db8::1]"),
        Good(text: "ws://127.0.0.1:8080", host: "127.0.0.1", port: 8080, target: "/", authority: "127.0.0.1:8080"),
        Good(text: "ws://my_service.internal.", host: "my_service.internal.", port: 80, target: "/", authority: "my_service.internal."),
        Good(text: "ws://1and1.example", host: "1and1.example", port: 80, target: "/", authority: "1and1.example"),
        Good(text: "ws://user:pa%3Ass@h/", host: "h", port: 80, target: "/", authority: "h"),
    ]

    @Test("reads", arguments: good)
    func reads(_ row: Good) throws {
        let url = try WebSocketURL(row.text)
        #expect(url.isSecure == row.isSecure)
        #expect(url.host == row.host)
        #expect(url.port == row.port)
        #expect(url.target == row.target)
        #expect(url.authority == row.authority)
    }

    @Test(
        "refuses",
        arguments: [
            "", "ws:", "ws:/h", "ws//h", "://h", "http://h/", "https://h/", "ftp://h", " ws://h", "ws://h/ ", "ws://h/\n",
            "ws://", "ws:///path", "ws://?x", "ws://:80/",
            "ws://h/#fragment", "ws://h#", "ws://h/path?query#f",
            "ws://h:0/", "ws://h:65536/", "ws://h:-1/", "ws://h:+80/", "ws://h:8o/", "ws://h:99999999999999999999/", "ws://h:80:80/",
            "ws://[::1", "ws://[]/", "ws://[127.0.0.1]/", "ws://[::1]x/", "ws://[fe80::1%25eth0]/", "ws://::1/",
            "ws://127.1/", "ws://2130706433/", "ws://0x7f.0.0.1/", "ws://0x7f000001/", "ws://0177.0.0.1/", "ws://256.0.0.1/",
            "ws://1.2.3.4./",
            "ws://a..b/", "ws://.a/", "ws://exa mple/", "ws://exämple/", "ws://h%41/", "ws://h\\x/", "ws://a<b/", "ws://h/a|b", "ws://h/%4",
            "ws://h/%zz",
            "ws://a@b@c/", "ws://us%3Aer:p@h/", "ws://us%0Aer:p@h/", "ws://u%zz@h/", "ws://user:[@h/",
        ]
    )
    func refuses(_ text: String) {
        #expect(throws: WebSocketURLError.self) { try WebSocketURL(text) }
    }

    @Test("limits labels, names and the whole")
    func limits() throws {
        let label = String(repeating: "a", count: 63)
        _ = try WebSocketURL("ws://\(label).\(label)/")
        #expect(throws: WebSocketURLError.self) { try WebSocketURL("ws://\(label)a/") }
        #expect(throws: WebSocketURLError.self) { try WebSocketURL("ws://\(label).\(label).\(label).\(label)/") }
        #expect(throws: WebSocketURLError.self) { try WebSocketURL("ws://h/" + String(repeating: "a", count: WebSocketURL.maxBytes)) }
    }

    @Test(
        "userinfo is Basic credentials (RFC 7617)",
        arguments: [
            ("ws://Aladdin:open%20sesame@h/", "Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ=="),
            ("ws://test:123%C2%A3@h/", "Basic dGVzdDoxMjPCow=="),
            ("ws://user@h/", "Basic dXNlcjo="),
            ("ws://:secret@h/", "Basic OnNlY3JldA=="),
            ("ws://u:a:b@h/", "Basic dTphOmI="),
        ])
    func userinfo(text: String, authorization: String) throws {
        #expect(try WebSocketURL(text).basicAuthorization == authorization)
    }

    @Test("a description has no credentials")
    func description() throws {
        #expect(try WebSocketURL("wss://me:secret@example.com:8443/a?b").description == "wss://example.com:8443/a?b")
    }

    @Test("knows addresses from names", arguments: [("ws://[::1]", true), ("ws://10.0.0.1", true), ("ws://localhost", false)])
    func addresses(text: String, isAddress: Bool) throws {
        #expect(try WebSocketURL(text).hostIsAddress == isAddress)
    }
}

@Suite("Redirects (RFC 9110 §15.4, RFC 3986 §5.2)")
struct RedirectTests {
    @Test(
        "resolve a Location",
        arguments: [
            ("ws://h/a/b?q", "/x", "ws://h/x"),
            ("ws://h/a/b?q", "c", "ws://h/a/c"),
            ("ws://h/a/b?q", "./c/../d", "ws://h/a/d"),
            ("ws://h/a/b?q", "../../../c", "ws://h/c"),
            ("ws://h/a/b?q", "..", "ws://h/"),
            ("ws://h/a/b/", ".", "ws://h/a/b/"),
            ("ws://h/a/b?q", "?r=1", "ws://h/a/b?r=1"),
            ("ws://h/a/b?q", "", "ws://h/a/b?q"),
            ("ws://h/a/b?q", "#f", "ws://h/a/b?q"),
            ("ws://h:81/a", "//other/x", "ws://other/x"),
            ("wss://h/a", "//other/x#f", "wss://other/x"),
            ("ws://h/a", "ws://other:82/x", "ws://other:82/x"),
            ("ws://h/a", "http://other/x", "ws://other/x"),
            ("ws://h/a", "HTTPS://other/x", "wss://other/x"),
            ("ws://h/a?u=", "b?u=http://c", "ws://h/b?u=http://c"),
            ("wss://h/a", "https://other/x", "wss://other/x"),
        ])
    func resolve(from: String, location: String, to: String) throws {
        #expect(try WebSocketURL(from).redirected(to: location).description == to)
    }

    @Test(
        "refuse what is less safe, or broken",
        arguments: [
            ("wss://h/", "ws://h/"), ("wss://h/", "http://h/"), ("ws://h/", "ftp://h/"), ("ws://h/", "mailto:a@b"),
            ("ws://h/", "javascript:1"),
            ("ws://h/", "ws://u:p@h/"), ("ws://h/", "ws:///x"), ("ws://h/", "/a b"), ("ws://h/", "/é"), ("ws://h/", "/%4"),
        ])
    func refuse(from: String, location: String) {
        #expect(throws: WebSocketURLError.self) { try WebSocketURL(from).redirected(to: location) }
    }

    @Test(
        "credentials stay with their site",
        arguments: [
            ("ws://h/a", "ws://h/b", true), ("ws://h/a", "wss://h/b", true), ("ws://h:8080/", "wss://h:8080/", true),
            ("ws://h/a", "ws://g.h/", false), ("ws://h/a", "ws://h:81/", false), ("ws://h:81/a", "wss://h/", false),
        ])
    func site(first: String, second: String, isSame: Bool) throws {
        #expect(try WebSocketURL(second).isSameSite(as: WebSocketURL(first)) == isSame)
    }
}

@Suite("URLs of every kind")
struct RandomURLTests {
    @Test("no text is a trap, and what is read reads the same again")
    func random() throws {
        var generator = SystemRandomNumberGenerator()
        let pieces = [
            "ws", "wss", "http", ":", "//", "/", "?", "#", "@", "[", "]", "::1", "127.0.0.1", "host", ".", "..", "%", "%41", "80", "99999",
            "é", " ", "\u{0}", "-", "_", "0x7f",
        ]
        for _ in 0..<20_000 {
            let tail = (0..<Int.random(in: 0..<8, using: &generator)).map { _ in pieces.randomElement(using: &generator) ?? "" }.joined()
            let text = (Bool.random(using: &generator) ? "ws://" : "") + tail
            guard let url = try? WebSocketURL(text) else { continue }
            let again = try WebSocketURL(url.description)
            #expect(again.description == url.description)
            #expect(again.host == url.host && again.port == url.port && again.target == url.target)
            _ = try? url.redirected(to: tail)
        }
    }
}
