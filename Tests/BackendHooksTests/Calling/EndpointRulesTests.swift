import Testing

@testable import BackendHooks

@Suite("Addresses of backends")
struct EndpointRulesTests {
    @Test(
        "good ones",
        arguments: [
            "https://backend.example.com/hooks", "https://backend.example.com:8443/hooks?key=1", "http://127.0.0.1:3000",
            "http://localhost/a",
            "http://[::1]:3000/", "http://10.1.2.3/", "http://192.168.0.1/", "http://172.16.0.1/", "http://172.31.255.255/",
            "http://100.64.0.1/",
            "http://backend:3000/hooks", "http://app.default.svc/", "http://host.docker.internal/", "http://[fd00::1]/",
            "http://[fe80::1]/",
            "HTTP://LOCALHOST/",
        ])
    func good(url: String) {
        #expect(EndpointRules.objection(to: url) == nil)
    }

    @Test(
        "others",
        arguments: [
            "", "backend", "/hooks", "ftp://localhost/", "grpc://localhost:9000", "file:///etc/passwd", "http://",
            "http://user:pass@localhost/",
            "https://user@backend.example.com/", "http://localhost/#a", "javascript:alert(1)", "unix:///run/a.sock",
        ])
    func bad(url: String) {
        #expect(EndpointRules.objection(to: url) != nil)
        #expect(EndpointRules.objection(to: url, dangerouslyAllowsPlainHTTP: true) != nil)
    }

    @Test(
        "plain http to where others may be on the way needs an ugly word",
        arguments: [
            "http://example.com/", "http://8.8.8.8/", "http://172.32.0.1/", "http://192.169.0.1/", "http://100.128.0.1/",
            "http://2130706433/",
            "http://[2001:db8::1]/", "http://127.0.0.1.example.com/", "http://localhost.example.com/", "http://0x7f000001/",
        ])
    func plain(url: String) {
        #expect(EndpointRules.objection(to: url)?.contains("https") == true)
        #expect(EndpointRules.objection(to: url, dangerouslyAllowsPlainHTTP: true) == nil)
    }

    @Test("what is shown of an address has no query")
    func shown() {
        #expect(EndpointRules.shown("https://a.example/hooks?secret=1") == "https://a.example/hooks")
    }
}
