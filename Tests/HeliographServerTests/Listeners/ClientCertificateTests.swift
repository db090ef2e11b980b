// Clients that show certificates, to the built program.

import Foundation
import NIOSSL
import ServerTestSupport
import Testing
import WebSocketClient
import WebSocketNIO

@Suite("Certificates of clients", .timeLimit(.minutes(3)))
struct ClientCertificateTests {
    private let folder: TemporaryFolder

    init() throws { folder = try TemporaryFolder() }

    private struct Setup {
        let server: HeliographServerProcess
        let certificate: String
        let clients: ClientCertificates
    }

    private func start(_ options: [String] = [], authorities: String? = nil) async throws -> Setup {
        let own = try await folder.certificate()
        let clients = try await ClientCertificates(in: folder)
        let server = try await HeliographServerProcess.start(
            [
                "--tls-cert", own.certificate, "--tls-key", own.key, "--set",
                "http_server.tls.client_ca_file=\(authorities ?? clients.authority)",
            ] + options)
        return Setup(server: server, certificate: own.certificate, clients: clients)
    }

    /// Whether a client gets in and is answered.
    private func isLetIn(
        _ setup: Setup, _ files: ClientCertificates.Files?, _ change: (inout TLSConfiguration) -> Void = { _ in }
    ) async throws -> Bool {
        var configuration = WebSocketClientConfiguration()
        var tls = TLSConfiguration.makeClientConfiguration()
        tls.trustRoots = .certificates(try NIOSSLCertificate.fromPEMFile(setup.certificate))
        if let files {
            tls.certificateChain = try NIOSSLCertificate.fromPEMFile(files.certificate).map { .certificate($0) }
            tls.privateKey = .privateKey(try NIOSSLPrivateKey(file: files.key, format: .pem))
        }
        change(&tls)
        configuration.tls = tls
        guard let socket = try? await WebSocket.connect(to: setup.server.socketAddress("/echo"), configuration: configuration) else {
            return false
        }
        guard (try? await socket.send("hello")) != nil else { return false }
        var messages = socket.messages.makeAsyncIterator()
        let isAnswered = (try? await messages.next()) == .text("hello")
        await socket.close()
        return isAnswered
    }

    @Test("who shows a good one gets in; who shows a foreign one, one that has expired, or none, does not")
    func required() async throws {
        let setup = try await start()
        #expect(try await isLetIn(setup, setup.clients.good))
        #expect(try await !isLetIn(setup, setup.clients.foreign))
        #expect(try await !isLetIn(setup, setup.clients.expired))
        #expect(try await !isLetIn(setup, nil))
        #expect(try await isLetIn(setup, setup.clients.good), "the others have broken nothing")
    }

    @Test("optional, who shows none gets in too, but nobody with a wrong one")
    func optional() async throws {
        let setup = try await start(["--set", "http_server.tls.client_certificates=optional"])
        #expect(try await isLetIn(setup, setup.clients.good))
        #expect(try await isLetIn(setup, nil))
        #expect(try await !isLetIn(setup, setup.clients.foreign))
        #expect(try await !isLetIn(setup, setup.clients.expired))
    }

    @Test("SIGHUP reads the authorities anew; connections go on")
    func reload() async throws {
        let authorities = folder.path("authorities.pem")
        let first = try await ClientCertificates(in: folder)
        try Data(contentsOf: URL(filePath: first.authority)).write(to: URL(filePath: authorities))
        let own = try await folder.certificate()
        let server = try await HeliographServerProcess.start([
            "--tls-cert", own.certificate, "--tls-key", own.key, "--set", "http_server.tls.client_ca_file=\(authorities)",
        ])
        let setup = Setup(server: server, certificate: own.certificate, clients: first)
        #expect(try await isLetIn(setup, first.good))
        #expect(try await !isLetIn(setup, first.foreign))
        // A file that is broken changes nothing.
        try Data("hello".utf8).write(to: URL(filePath: authorities))
        server.command.signal(SIGHUP)
        try await Task.sleep(for: .milliseconds(500))
        #expect(try await isLetIn(setup, first.good))
        try Data(contentsOf: URL(filePath: first.foreignAuthority)).write(to: URL(filePath: authorities))
        server.command.signal(SIGHUP)
        var isIn = false
        for _ in 0..<100 where !isIn {
            isIn = try await isLetIn(setup, first.foreign)
            try await Task.sleep(for: .milliseconds(50))
        }
        #expect(isIn)
        #expect(try await !isLetIn(setup, first.good))
        server.command.signal(SIGTERM)
        #expect(await server.command.outcome().errors.contains("There is no certificate in \(authorities)"))
    }

    @Test("nobody gets in with a TLS older than 1.2 (H17)")
    func old() async throws {
        let setup = try await start()
        #expect(try await isLetIn(setup, setup.clients.good) { $0.maximumTLSVersion = .tlsv12 })
        #expect(try await !isLetIn(setup, setup.clients.good) { ($0.minimumTLSVersion, $0.maximumTLSVersion) = (.tlsv1, .tlsv11) })
    }

    @Test("the oldest TLS is what the configuration says")
    func version() async throws {
        let setup = try await start(["--set", "http_server.tls.min_version=1.3"])
        #expect(try await isLetIn(setup, setup.clients.good))
        #expect(try await !isLetIn(setup, setup.clients.good) { $0.maximumTLSVersion = .tlsv12 })
    }

    @Test("the internal listener has authorities of its own, and who is at the public one needs nothing")
    func internalListener() async throws {
        let own = try await folder.certificate()
        let clients = try await ClientCertificates(in: folder)
        let server = try await HeliographServerProcess.start([
            "--tls-cert", own.certificate, "--tls-key", own.key, "--set", "http_server.internal_port=0", "--set",
            "http_server.internal_tls.cert_file=\(own.certificate)", "--set", "http_server.internal_tls.key_file=\(own.key)", "--set",
            "http_server.internal_tls.client_ca_file=\(clients.authority)",
        ])
        var place: String?
        while place == nil, let line = await server.command.line() {
            place = line.firstMatch(of: /Metrics and health: https:\/\/127.0.0.1:([0-9]+)/).map { "https://localhost:\($0.1)/metrics" }
        }
        let address = try #require(place)
        func fetch(_ files: ClientCertificates.Files?) async throws -> Command.Outcome {
            let shown = files.map { ["--cert", $0.certificate, "--key", $0.key] } ?? []
            return try await Command.run("/usr/bin/env", ["curl", "-sS", "--cacert", own.certificate] + shown + [address])
        }
        #expect(try await fetch(clients.good).output.contains("process_cpu_seconds_total"))
        for files in [clients.foreign, clients.expired, nil] { #expect(try await fetch(files).code != 0) }
        #expect(try await isLetIn(Setup(server: server, certificate: own.certificate, clients: clients), nil))
    }
}
