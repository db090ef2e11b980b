import HTTPTypes
import NIOSSL
import ServerTestSupport
import Testing
import WebSocketClient

@Suite("Redirects, followed")
struct FollowTests {
    static let echo: ScriptedServer.Script = { [.write($0.switching()), .echo] }

    static func redirect(_ status: Int = 307, to location: String) -> ScriptedServer.Script {
        { _ in [.write("HTTP/1.1 \(status) x\r\nLocation: \(location)\r\nContent-Length: 0\r\n\r\n"), .nextRequest] }
    }

    static var following: WebSocketClientConfiguration {
        WebSocketClientConfiguration(
            headers: [.authorization: "Bearer t", .cookie: "c=1", .origin: "http://o"], redirects: .follow(max: 2))
    }

    @Test("to the same site, with all fields", arguments: [301, 302, 303, 307, 308])
    func sameSite(status: Int) async throws {
        let script: ScriptedServer.Script = { request in
            if request.requestLine.hasPrefix("GET /new ") { return [.write(request.switching()), .echo] }
            return Self.redirect(status, to: "/new")(request)
        }
        try await ScriptedServer.run(script: script) { server in
            try await expectText("x", from: server.url, Self.following, sending: "x")
            #expect(server.requests.map { $0["Authorization"] } == ["Bearer t", "Bearer t"])
            #expect(server.requests.map { $0["Cookie"] } == ["c=1", "c=1"])
        }
    }

    @Test("to another host, without credentials")
    func otherHost() async throws {
        try await ScriptedServer.run(script: Self.echo) { target in
            try await ScriptedServer.run(script: Self.redirect(to: "http://127.0.0.1:\(target.port)/x")) { server in
                try await expectText("x", from: server.url, Self.following, sending: "x")
                #expect(server.requests.first?["Authorization"] == "Bearer t")
                let request = try #require(target.requests.first)
                #expect(request["Authorization"] == nil)
                #expect(request["Cookie"] == nil)
                #expect(request["Origin"] == "http://o")
                #expect(request["Host"] == "127.0.0.1:\(target.port)")
            }
        }
    }

    @Test("credentials of the URL stay too")
    func userinfo() async throws {
        try await ScriptedServer.run(script: Self.echo) { target in
            try await ScriptedServer.run(script: Self.redirect(to: "ws://127.0.0.1:\(target.port)/x")) { server in
                let url = "ws://u:p@127.0.0.1:\(server.port)/"
                try await expectText("x", from: url, .init(redirects: .follow(max: 1)), sending: "x")
                #expect(server.requests.first?["Authorization"] == "Basic dTpw")
                #expect(target.requests.first?["Authorization"] == nil)
            }
        }
    }

    @Test("from ws to wss")
    func safer() async throws {
        var configuration = Self.following
        configuration.tls = try TestCertificate.names.trustingClient()
        try await ScriptedServer.run(tls: TestCertificate.names.server(), script: Self.echo) { target in
            try await ScriptedServer.run(script: Self.redirect(to: "https://localhost:\(target.port)/")) { server in
                try await expectText("x", from: server.url, configuration, sending: "x")
            }
        }
    }

    @Test("not from wss to ws")
    func lessSafe() async throws {
        var configuration = Self.following
        configuration.tls = try TestCertificate.names.trustingClient()
        try await ScriptedServer.run(script: Self.echo) { target in
            try await ScriptedServer.run(tls: TestCertificate.names.server(), script: Self.redirect(to: target.url)) { server in
                guard case .badRedirect = await connectError(to: "wss://localhost:\(server.port)/", configuration) as? WebSocketClientError
                else {
                    Issue.record("it was followed")
                    return
                }
                #expect(target.connections == 0)
            }
        }
    }

    @Test("not for ever")
    func loop() async throws {
        try await ScriptedServer.run(script: Self.redirect(to: "/again")) { server in
            guard case .tooManyRedirects = await connectError(to: server.url, Self.following) as? WebSocketClientError else {
                Issue.record("no error")
                return
            }
            #expect(server.requests.count == 3)
        }
    }

    @Test(
        "not without one good Location",
        arguments: ["", "Location: /a\r\nLocation: /b\r\n", "Location: /a b\r\n", "Location: ftp://x/\r\n"])
    func badLocation(fields: String) async throws {
        let script: ScriptedServer.Script = { _ in [.write("HTTP/1.1 302 x\r\n\(fields)\r\n"), .nextRequest] }
        try await ScriptedServer.run(script: script) { server in
            guard case .badRedirect = await connectError(to: server.url, Self.following) as? WebSocketClientError else {
                Issue.record("no error")
                return
            }
        }
    }
}
