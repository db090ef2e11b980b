import HTTPTypes
import NIOCore
import NIOSSL
import ServerTestSupport
import Testing
import WebSocketClient

@Suite("TLS and proxies")
struct ProxyAndTLSTests {
    static let echo: ScriptedServer.Script = { [.write($0.switching()), .echo] }
    static let hi: [UInt8] = [0x81, 0x02, 0x68, 0x69]

    @Test("wss, by name and by address", arguments: [("localhost", TestCertificate.names), ("127.0.0.1", .address)])
    func secure(host: String, certificate: TestCertificate) async throws {
        let configuration = WebSocketClientConfiguration(tls: try certificate.trustingClient())
        try await ScriptedServer.run(tls: certificate.server(), script: Self.echo) { server in
            try await expectText("hello", from: "wss://\(host):\(server.port)/", configuration, sending: "hello")
        }
    }

    @Test("one TLS context for many connections")
    func sharedContext() async throws {
        let context = try NIOSSLContext(configuration: TestCertificate.names.trustingClient())
        try await ScriptedServer.run(tls: TestCertificate.names.server(), script: Self.echo) { server in
            for _ in 0..<3 {
                try await expectText("hello", from: "wss://localhost:\(server.port)/", .init(tlsContext: context), sending: "hello")
            }
        }
    }

    @Test("frames that come in one record with the 101 are not lost")
    func framesWithHead() async throws {
        let configuration = WebSocketClientConfiguration(tls: try TestCertificate.names.trustingClient())
        let script: ScriptedServer.Script = { [.writeBytes(Array($0.switching().utf8) + Self.hi), .close] }
        try await ScriptedServer.run(tls: TestCertificate.names.server(), script: script) { server in
            try await expectText("hi", from: "wss://localhost:\(server.port)/", configuration)
        }
    }

    @Test("a certificate that nobody trusts fails, unless verification is switched off")
    func untrusted() async throws {
        var insecure = TLSConfiguration.makeClientConfiguration()
        insecure.certificateVerification = .none
        try await ScriptedServer.run(tls: TestCertificate.names.server(), script: Self.echo) { server in
            let url = "wss://localhost:\(server.port)/"
            let error = await connectError(to: url)
            guard case .connectionFailed(let cause) = error as? WebSocketClientError, cause is NIOSSLError else {
                Issue.record("\(String(describing: error))")
                return
            }
            #expect("\(error.map { "\($0)" } ?? "")" == "could not connect: TLS: the server's certificate is not trusted")
            #expect(server.requests.isEmpty)
            try await expectText("hello", from: url, .init(tls: insecure), sending: "hello")
        }
    }

    @Test("the certificate must be for the host, or for serverHostname")
    func serverHostname() async throws {
        let tls = try TestCertificate.names.trustingClient()
        try await ScriptedServer.run(tls: TestCertificate.names.server(), script: Self.echo) { server in
            let url = "wss://localhost:\(server.port)/"
            let error = await connectError(to: url, .init(tls: tls, serverHostname: "other.test"))
            guard case .connectionFailed = error as? WebSocketClientError else {
                Issue.record("the certificate is not for other.test: \(String(describing: error))")
                return
            }
            try await expectText("hello", from: url, .init(tls: tls, serverHostname: "inner.test"), sending: "hello")
        }
    }

    @Test("wss to a server without TLS, and ws to one with it, fail")
    func mixedUp() async throws {
        try await ScriptedServer.run(script: Self.echo) { server in
            let error = await connectError(to: "wss://127.0.0.1:\(server.port)/", .init(handshakeTimeout: .milliseconds(300)))
            #expect(error is WebSocketClientError)
        }
        try await ScriptedServer.run(tls: TestCertificate.names.server(), script: Self.echo) { server in
            let error = await connectError(to: "ws://127.0.0.1:\(server.port)/", .init(handshakeTimeout: .milliseconds(300)))
            #expect(error is WebSocketClientError)
        }
    }

    /// A proxy that answers CONNECT with `answer` and tunnels to a port.
    static func proxy(to port: Int, answer: String = "HTTP/1.1 200 Connection established\r\n\r\n") -> ScriptedServer.Script {
        { _ in [.write(answer), .tunnel(port: port)] }
    }

    @Test("ws through a proxy: CONNECT, then the handshake in the tunnel")
    func plainTunnel() async throws {
        try await ScriptedServer.run(script: Self.echo) { server in
            try await ScriptedServer.run(script: Self.proxy(to: server.port)) { proxy in
                let configuration = WebSocketClientConfiguration(
                    headers: [.authorization: "Bearer for-the-server"],
                    proxy: HTTPProxy(host: "127.0.0.1", port: proxy.port, user: "Aladdin", password: "open sesame"))
                try await expectText("hello", from: "ws://chat.example:8080/x", configuration, sending: "hello")
                let connect = try #require(proxy.requests.first)
                #expect(connect.requestLine == "CONNECT chat.example:8080 HTTP/1.1")
                #expect(connect["Host"] == "chat.example:8080")
                #expect(connect["Proxy-Authorization"] == "Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ==")
                #expect(connect["Authorization"] == nil)
                let request = try #require(server.requests.first)
                #expect(request.requestLine == "GET /x HTTP/1.1")
                #expect(request["Host"] == "chat.example:8080")
                #expect(request["Proxy-Authorization"] == nil)
                #expect(request["Authorization"] == "Bearer for-the-server")
            }
        }
    }

    @Test("wss through a proxy: TLS is with the server, not with the proxy")
    func secureTunnel() async throws {
        try await ScriptedServer.run(tls: TestCertificate.names.server(), script: Self.echo) { server in
            try await ScriptedServer.run(script: Self.proxy(to: server.port)) { proxy in
                let configuration = WebSocketClientConfiguration(
                    tls: try TestCertificate.names.trustingClient(), proxy: HTTPProxy(host: "127.0.0.1", port: proxy.port))
                try await expectText("hello", from: "wss://inner.test/x", configuration, sending: "hello")
                #expect(proxy.requests.map(\.requestLine) == ["CONNECT inner.test:443 HTTP/1.1"])
                #expect(proxy.requests.first?["Proxy-Authorization"] == nil)
            }
        }
    }

    @Test("an IPv6 host keeps its brackets in CONNECT")
    func ipv6Tunnel() async throws {
        try await ScriptedServer.run(script: Self.echo) { server in
            try await ScriptedServer.run(script: Self.proxy(to: server.port)) { proxy in
                let configuration = WebSocketClientConfiguration(proxy: HTTPProxy(host: "127.0.0.1", port: proxy.port))
                try await expectText("hello", from: "ws://[2001:db8::1]/", configuration, sending: "hello")
                #expect(proxy.requests.map(\.requestLine) == ["CONNECT [2001:db8::1]:80 HTTP/1.1"])
            }
        }
    }

    @Test("informational answers and fields of a 200 are no obstacle (RFC 9110 §9.3.6: Content-Length of a 2xx is ignored)")
    func strangeProxy() async throws {
        let answer = "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.0 200 OK\r\nContent-Length: 5\r\n\r\n"
        try await ScriptedServer.run(script: Self.echo) { server in
            try await ScriptedServer.run(script: Self.proxy(to: server.port, answer: answer)) { proxy in
                let configuration = WebSocketClientConfiguration(proxy: HTTPProxy(host: "127.0.0.1", port: proxy.port))
                try await expectText("hello", from: "ws://chat.example/", configuration, sending: "hello")
            }
        }
    }

    @Test("a proxy that refuses is told apart from a server that refuses")
    func proxyRefuses() async throws {
        let script: ScriptedServer.Script = { _ in
            [
                .write("HTTP/1.1 407 Proxy Authentication Required\r\nProxy-Authenticate: Basic\r\nContent-Length: 4\r\n\r\nwho?"),
                .nextRequest,
            ]
        }
        try await ScriptedServer.run(script: script) { proxy in
            let configuration = WebSocketClientConfiguration(proxy: HTTPProxy(host: "127.0.0.1", port: proxy.port))
            guard case .proxyRefused(let refusal) = await connectError(to: "ws://chat.example/", configuration) as? WebSocketClientError
            else {
                Issue.record("not refused")
                return
            }
            #expect(refusal.response.status.code == 407)
            #expect(refusal.response.headerFields[.proxyAuthenticate] == "Basic")
        }
    }

    @Test("a 101 is no answer to CONNECT, and a 200 none to the handshake")
    func wrongStatus() async throws {
        try await ScriptedServer.run(script: Self.echo) { server in
            let configuration = WebSocketClientConfiguration(
                proxy: HTTPProxy(host: "127.0.0.1", port: server.port), handshakeTimeout: .milliseconds(300))
            #expect(await connectError(to: "ws://chat.example/", configuration) is WebSocketClientError)
        }
    }
}
