import Testing

@testable import LiveViews

@Suite("What a view is made for")
struct LiveRequestTests {
    @Test("the path and the values of the query, without their escapes")
    func query() {
        let request = LiveRequest(url: "/a/b?q=a+b%26c&empty=&flag&q=2&%C3%BC=%c3%BC&=x")
        #expect(request.path == "/a/b")
        #expect(request.query("q") == "a b&c")
        #expect(request.query("empty") == "")
        #expect(request.query("flag") == "")
        #expect(request.query("ü") == "ü")
        #expect(request.query("none") == nil)
        #expect(LiveRequest(url: "/a").query("q") == nil)
        #expect(LiveRequest(url: "/a?b=c=d?e").query("b") == "c=d?e")
    }

    @Test("an address is a path of the same origin")
    func addresses() {
        for url in ["/", "/a", "/a/b?c=d&e=http://x", "/ü", "/a//b", "/?"] { #expect(LiveRequest.isAddress(url), "\(url)") }
        for url in [
            "", "a", "//evil.example", "/\\evil.example", "\\\\evil", "http://evil.example", "javascript:alert(1)", "/a#b", "/a b", "/a\n",
            "/\t/evil",
            "/\u{7f}", "/\u{0}", "?a", "/" + String(repeating: "a", count: 4_096),
        ] {
            #expect(!LiveRequest.isAddress(url), "\(url.prefix(30))")
        }
    }
}
