import HTTPTypes
import Hummingbird
import HummingbirdTesting
import Testing
import WebMiddleware

@Suite("SecurityHeaders", .timeLimit(.minutes(1)))
struct SecurityHeadersTests {
    @Test("say by default that nothing comes from elsewhere, and nobody frames the page")
    func defaults() async throws {
        try await Site.run([SecurityHeaders<TestContext>()]) { site in
            let response = try await site.ask()
            #expect(
                response["Content-Security-Policy"]
                    == "default-src 'self'; object-src 'none'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'")
            #expect(response["X-Content-Type-Options"] == "nosniff")
            #expect(response["Referrer-Policy"] == "no-referrer")
            #expect(response["Permissions-Policy"] == "camera=(), geolocation=(), microphone=(), payment=(), usb=()")
            #expect(response["Cross-Origin-Opener-Policy"] == "same-origin")
            #expect(response["Cross-Origin-Resource-Policy"] == "same-origin")
            #expect(response["Cross-Origin-Embedder-Policy"] == nil)
            #expect(response["Strict-Transport-Security"] == nil, "only for who asks for it")
        }
    }

    @Test("are on errors, and on what nobody handles")
    func errors() async throws {
        try await Site.run([SecurityHeaders<TestContext>()], handler: { _, _ in throw HTTPError(.badRequest, message: "no") }) { site in
            #expect(try await site.ask()["X-Content-Type-Options"] == "nosniff")
            let unknown = try await site.ask("/unknown")
            #expect(unknown.status == .notFound)
            #expect(unknown["X-Content-Type-Options"] == "nosniff")
        }
    }

    @Test("leave what the handler has said")
    func own() async throws {
        let own: HTTPFields = [.contentSecurityPolicy: "default-src 'none'"]
        try await Site.run([SecurityHeaders<TestContext>()], handler: { _, _ in text("", own) }) { site in
            let response = try await site.ask()
            #expect(response.headers[values: .contentSecurityPolicy] == ["default-src 'none'"])
            #expect(response["Referrer-Policy"] == "no-referrer")
        }
    }

    @Test("have a nonce for each answer, which the handler knows")
    func nonces() async throws {
        var options = SecurityHeaderOptions()
        options.contentSecurityPolicy = .perRequest { nonce in [.scriptSrc(.nonce(nonce), .strictDynamic)] }
        try await Site.run(
            [SecurityHeaders<TestContext>(options)], handler: { _, _ in text(ContentSecurityNonce.current ?? "none") }
        ) { site in
            let (one, two) = (try await site.ask(), try await site.ask())
            #expect(one["Content-Security-Policy"] == "script-src 'nonce-\(one.text)' 'strict-dynamic'")
            #expect(one.text.utf8.count == 22)
            #expect(one.text != two.text)
        }
        #expect(ContentSecurityNonce.current == nil)
    }

    @Test("say what was asked for, and nothing that was not")
    func options() async throws {
        var options = SecurityHeaderOptions()
        options.contentSecurityPolicy = nil
        options.strictTransportSecurity = StrictTransportSecurity(maxAge: 60, includesSubdomains: false)
        options.referrerPolicy = .strictOriginWhenCrossOrigin
        options.permissionsPolicy = nil
        options.crossOriginOpenerPolicy = nil
        options.crossOriginResourcePolicy = nil
        options.others = [.server: "mine"]
        try await Site.run([SecurityHeaders<TestContext>(options)]) { site in
            let response = try await site.ask()
            #expect(response["Strict-Transport-Security"] == "max-age=60")
            #expect(response["Referrer-Policy"] == "strict-origin-when-cross-origin")
            #expect(response["Server"] == "mine")
            for name in ["Content-Security-Policy", "Permissions-Policy", "Cross-Origin-Opener-Policy", "Cross-Origin-Resource-Policy"] {
                #expect(response[name] == nil)
            }
        }
    }

    @Test("write their values as the standards have them")
    func values() {
        #expect(StrictTransportSecurity().description == "max-age=31536000; includeSubDomains")
        #expect(StrictTransportSecurity(maxAge: -1, isPreloaded: true).description == "max-age=0; includeSubDomains; preload")
        let policy = PermissionsPolicy([
            "usb": [.any], "camera": [.self, .origin("https://a.example")], "geolocation": [], "payment": [.origin(#"https://b"x\y"#)],
        ])
        #expect(policy.description == #"camera=(self "https://a.example"), geolocation=(), payment=("https://bxy"), usb=*"#)
    }
}
