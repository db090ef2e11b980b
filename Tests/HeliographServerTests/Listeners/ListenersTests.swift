// What is on which listener, asked for on all of them.

import Foundation
import ServerTestSupport
import Testing

@testable import HeliographServer

@Suite("Listeners", .timeLimit(.minutes(1)))
struct ListenersTests {
    private static func configuration(_ more: String = "") async throws -> ServeConfiguration {
        try await ServeConfiguration(
            yaml: """
                admin_password: "correct horse battery"
                client: {allow_anonymous: true}
                channel: {without_namespace: {}}
                http_api: {key: 0123456789abcdef}
                \(more)
                """, file: "test.yaml", layers: SettingLayers(options: ["http_server.port": ["0"], "demo": ["true"]]))
    }

    /// The operator's, with what a listener says that has them.
    private static let own = [
        ("/health", 200), ("/health/live", 200), ("/health/ready", 200), ("/metrics", 200), ("/api/openapi.json", 200), ("/api/info", 405),
        ("/admin/login", 200), ("/admin", 303), ("/admin/assets/heliograph-live.js", 200),
    ]
    /// Clients' and visitors'.
    private static let open = [
        ("/", 200), ("/chat", 200), ("/market", 200), ("/game", 200), ("/dashboard", 200), ("/echo-demo", 200),
        ("/assets/heliograph.js", 200), ("/connection/websocket", 426), ("/connection/sse", 400), ("/echo", 426), ("/broadcast", 426),
    ]

    private func statuses(_ port: Int?, _ routes: [(String, Int)]) async throws -> [String: Int] {
        var statuses: [String: Int] = [:]
        for (path, _) in routes {
            statuses[path] = try await RunningServer.ask(port, path, headers: ["X-API-Key": "0123456789abcdef"]).status
        }
        return statuses
    }

    private func isThere(_ status: Int?) -> Bool { status != 404 }

    @Test("with an internal one, what is the operator's is there alone, and nothing of the clients'")
    func two() async throws {
        try await RunningServer.run(Self.configuration("http_server: {internal_port: 0}")) { server in
            let publicOwn = try await statuses(server.port, Self.own)
            let publicOpen = try await statuses(server.port, Self.open)
            let internalOwn = try await statuses(server.internalPort, Self.own)
            let internalOpen = try await statuses(server.internalPort, Self.open)
            for (path, _) in Self.own {
                #expect(publicOwn[path] == 404, "\(path) is not on the public listener")
                #expect(isThere(internalOwn[path]), "\(path) is on the internal listener")
            }
            for (path, _) in Self.open {
                #expect(isThere(publicOpen[path]), "\(path) is on the public listener")
                #expect(internalOpen[path] == 404, "\(path) is not on the internal listener")
            }
            #expect(server.internalPort != server.port)
        }
    }

    @Test("with one, all is there, if it listens on this machine alone")
    func one() async throws {
        try await RunningServer.run(Self.configuration()) { server in
            for (path, status) in try await statuses(server.port, Self.own + Self.open) { #expect(isThere(status), "\(path)") }
            #expect(server.internalPort == nil)
        }
    }

    @Test("one that others reach has metrics and health only where that was asked for")
    func exposed() async throws {
        for (more, isMetrics, isHealth) in [
            ("", false, false), ("prometheus: {enabled: true}", true, true), ("health: {enabled: true}", false, true),
            ("{prometheus: {enabled: true}, health: {enabled: false}}", true, false),
        ] {
            var configuration = try await Self.configuration(more.hasPrefix("{") ? "" : more)
            if more.hasPrefix("{") { (configuration.hasMetrics, configuration.hasHealth) = (true, false) }
            configuration.host = "0.0.0.0"
            try await RunningServer.run(configuration) { server in
                for (path, isHere) in [("/metrics", isMetrics), ("/health", isHealth), ("/health/ready", isHealth), ("/api/info", true)] {
                    let status = try await RunningServer.ask(server.port, path).status
                    #expect((status != 404) == isHere, "\(path) with \(more)")
                }
            }
        }
    }

    @Test("switched off, metrics and health are nowhere")
    func off() async throws {
        let more = "http_server: {internal_port: 0}\nprometheus: {enabled: false}\nhealth: {enabled: false}"
        try await RunningServer.run(Self.configuration(more)) { server in
            for port in [server.port, server.internalPort] {
                for path in ["/metrics", "/health"] {
                    let status = try await RunningServer.ask(port, path).status
                    #expect(status == 404)
                }
            }
        }
    }

    @Test("the API is on the public one too, if it is external")
    func external() async throws {
        let configuration = try await ServeConfiguration(
            yaml: """
                client: {allow_anonymous: true}
                channel: {without_namespace: {}}
                http_api: {key: 0123456789abcdef, external: true}
                http_server: {port: 0, internal_port: 0}
                """, file: "test.yaml")
        try await RunningServer.run(configuration) { server in
            for port in [server.port, server.internalPort] {
                let answer = try await RunningServer.ask(port, "/api/info", "POST", headers: ["X-API-Key": "0123456789abcdef"])
                #expect(answer.status == 200)
            }
            #expect(try await RunningServer.ask(server.port, "/metrics").status == 404)
        }
    }

    @Test("the admin pages work on the internal one, with their live connection")
    func adminPages() async throws {
        try await RunningServer.run(Self.configuration("http_server: {internal_port: 0}")) { server in
            let page = try await RunningServer.ask(server.internalPort, "/admin/login")
            #expect(page.body.contains("<form"))
        }
    }

    @Test("a port that is taken is told, with its address")
    func taken() async throws {
        try await RunningServer.run(Self.configuration("http_server: {internal_port: 0}")) { server in
            var other = try await Self.configuration()
            other.internalListener = .init(port: server.internalPort ?? 0)
            let error = await #expect(throws: ServeError.self) { try await RunningServer.run(other) { _ in } }
            #expect(error?.description.contains("127.0.0.1:\(server.internalPort ?? 0) is in use") == true)
        }
    }

    @Test(
        "what makes no sense is refused",
        arguments: [
            ("http_server: {internal_port: 8080}", "the internal one needs another"),
            ("http_server: {internal_address: 10.0.0.1}", "there is none without internal_port"),
            ("http_server: {internal_tls: {cert_file: a, key_file: b}}", "there is none without internal_port"),
            ("http_server: {internal_port: 9000, tls_external: true}", "there is no tls"),
            ("http_server: {tls: {client_ca_file: a}}", "needs cert_file and key_file"),
            ("http_server: {tls: {cert_file: a, key_file: b, client_certificates: optional}}", "client_certificates needs client_ca_file"),
            ("http_server: {tls: {cert_file: a, key_file: b, min_version: \"1.1\"}}", "it must be 1.2 or 1.3"),
            ("http_server: {internal_port: 9000, internal_address: 10.0.0.1}\ninsecure: true", "10.0.0.1 is open to other machines"),
            ("shutdown: {timeout: 10s, delay: 8s}", "must be less than timeout"),
            ("prometheus: {enabled: maybe}", "it must be true or false"),
        ])
    func refused(more: String, words: String) async throws {
        let error = await #expect(throws: ServeError.self) {
            _ = try await ServeConfiguration(
                yaml: "client: {allow_anonymous: true}\nchannel: {without_namespace: {}}\n\(more)", file: "test.yaml")
        }
        #expect(error?.description.contains(words) == true, "\(String(describing: error))")
    }

    @Test("what Docs/operations.md shows is a configuration")
    func documented() async throws {
        let docs = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "../../../Docs/operations.md")
        let blocks = try String(contentsOf: docs, encoding: .utf8).matches(of: /```yaml\n(http_server:(?s:.*?))```/).map(\.1)
        #expect(blocks.count == 2)
        for block in blocks {
            let yaml = "client: {allow_anonymous: true}\nchannel: {without_namespace: {}}\n\(block)"
            #expect(try await ServeConfiguration(yaml: yaml, file: "test.yaml").internalListener?.port == 8_081)
        }
    }

    @Test("the internal one has the public one's certificate, its own, or none")
    func certificates() async throws {
        func read(_ server: String) async throws -> ServeConfiguration {
            try await ServeConfiguration(
                yaml: "client: {allow_anonymous: true}\nchannel: {without_namespace: {}}\nhttp_server: {internal_port: 9000, \(server)}",
                file: "test.yaml")
        }
        let tls = "tls: {cert_file: a, key_file: b}"
        #expect(try await read(tls).internalListener?.tls == TLSFiles(certificate: "a", key: "b"))
        #expect(try await read("\(tls), tls_external: true").internalListener?.tls == nil)
        let own = try await read("\(tls), internal_tls: {cert_file: c, key_file: d, client_ca_file: e, min_version: 1.3}").internalListener?
            .tls
        #expect(own?.certificate == "c")
        #expect(own?.clientAuthorities == "e")
        #expect(own?.requiresClientCertificate == true)
        #expect(own?.minimumVersion == .v13)
    }
}
