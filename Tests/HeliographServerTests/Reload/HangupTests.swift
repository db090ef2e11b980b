// SIGHUP, as an administrator sends it to the built program.

import Foundation
import NIOSSL
import ServerTestSupport
import Testing
import WebSocketClient
import WebSocketNIO

#if canImport(FoundationNetworking)
import FoundationNetworking
#endif

@Suite("SIGHUP", .timeLimit(.minutes(2)))
struct HangupTests {
    private let folder: TemporaryFolder

    init() throws { folder = try TemporaryFolder() }

    private static func yaml(key: String) -> String {
        "{client: {allow_anonymous: true}, channel: {without_namespace: {}}, http_api: {key: \(key)}}"
    }

    /// What the API says to a key, until it says what is wanted.
    private func isAccepted(_ key: String, by server: HeliographServerProcess) async throws -> Bool {
        for _ in 0..<100 {
            var request = URLRequest(url: server.address.appending(path: "/api/info"))
            request.httpMethod = "POST"
            request.setValue(key, forHTTPHeaderField: "X-API-Key")
            let (_, response) = try await URLSession.cookieless.data(for: request)
            if (response as? HTTPURLResponse)?.statusCode == 200 { return true }
            try await Task.sleep(for: .milliseconds(50))
        }
        return false
    }

    @Test("reads the file anew, and says so; a bad one changes nothing")
    func file() async throws {
        let file = try folder.write(Self.yaml(key: "0123456789abcdef"), to: "heliograph.yaml")
        let server = try await HeliographServerProcess.start(["--config", file, "--demo"])
        let socket = try await WebSocket.connect(to: server.socketAddress("/echo"))
        _ = try folder.write(Self.yaml(key: "short"), to: "heliograph.yaml")
        server.command.signal(SIGHUP)
        // Signals that are waiting are one; so the bad file must have been read.
        for _ in 0..<200 where !server.command.errorsSoFar.contains("nothing has changed") { try await Task.sleep(for: .milliseconds(50)) }
        #expect(try await isAccepted("0123456789abcdef", by: server))
        _ = try folder.write(Self.yaml(key: "fedcba9876543210"), to: "heliograph.yaml")
        server.command.signal(SIGHUP)
        #expect(try await isAccepted("fedcba9876543210", by: server))
        try await socket.send("still here")
        var messages = socket.messages.makeAsyncIterator()
        #expect(try await messages.next() == .text("still here"))
        server.command.signal(SIGTERM)
        let outcome = await server.command.outcome()
        #expect(outcome.code == 0)
        #expect(outcome.errors.contains("nothing has changed"))
        #expect(outcome.errors.contains("http_api.key: it has 5 characters"))
        #expect(outcome.errors.contains("changed=http_api.key"))
        #expect(!outcome.errors.contains("fedcba9876543210"), "no secret is in the log")
    }

    @Test("has limits and backends taken over by connections that are open, and says what waits")
    func limitsAndBackends() async throws {
        let one = try await TestBackend { _ in .json(#"{"result":{"data":"one"}}"#) }
        let two = try await TestBackend { _ in .json(#"{"result":{"data":"two"}}"#) }
        func yaml(_ url: String, _ client: String = "") -> String {
            """
            client: {allow_anonymous: true\(client)}
            channel: {without_namespace: {}}
            rpc: {proxy: {endpoint: "\(url)"}, without_namespace: {proxy_enabled: true}}
            """
        }
        let file = try folder.write(yaml(one.url), to: "heliograph.yaml")
        let server = try await HeliographServerProcess.start(["--config", file])
        let socket = try await WebSocket.connect(to: server.socketAddress("/connection/websocket"))
        var messages = socket.messages.makeAsyncIterator()
        func ask(_ command: String) async throws -> String {
            try await socket.send(command)
            guard case .text(let text) = try await messages.next() else { throw Unexpected("no text") }
            return text
        }
        _ = try await ask(#"{"id":1,"connect":{}}"#)
        #expect(try await ask(#"{"id":2,"rpc":{"method":"m","data":1}}"#).contains(#""one""#))
        let limits =
            ", ping_interval: 20s, rate_limit: {client_command: {enabled: true, rpc: {enabled: true, buckets: [{interval: 1h, rate: 1}]}}}"
        _ = try folder.write(yaml(two.url, limits), to: "heliograph.yaml")
        server.command.signal(SIGHUP)
        for _ in 0..<200 where !server.command.errorsSoFar.contains("was read anew") { try await Task.sleep(for: .milliseconds(50)) }
        #expect(try await ask(#"{"id":3,"rpc":{"method":"m","data":1}}"#).contains(#""two""#))
        #expect(try await ask(#"{"id":4,"rpc":{"method":"m","data":1}}"#).contains("111"))
        server.command.signal(SIGTERM)
        let outcome = await server.command.outcome()
        #expect(outcome.errors.contains("rpc.proxy.endpoint"))
        #expect(outcome.errors.contains("settings=client.ping_interval"))
        #expect(outcome.code == 0)
        try await one.stop()
        try await two.stop()
    }

    @Test("reads the certificate anew; connections go on with the old one")
    func certificate() async throws {
        let (one, two) = (try await folder.certificate("one"), try await folder.certificate("two"))
        let files = (certificate: folder.path("cert.pem"), key: folder.path("key.pem"))
        func install(_ from: (certificate: String, key: String)) throws {
            for (source, target) in [(from.certificate, files.certificate), (from.key, files.key)] {
                try Data(contentsOf: URL(filePath: source)).write(to: URL(filePath: target))
            }
        }
        func trusting(_ certificate: String) throws -> WebSocketClientConfiguration {
            var configuration = WebSocketClientConfiguration()
            configuration.tls = .makeClientConfiguration()
            configuration.tls?.trustRoots = .certificates(try NIOSSLCertificate.fromPEMFile(certificate))
            return configuration
        }
        try install(one)
        let server = try await HeliographServerProcess.start(["--tls-cert", files.certificate, "--tls-key", files.key])
        let socket = try await WebSocket.connect(to: server.socketAddress("/echo"), configuration: trusting(one.certificate))
        try install(two)
        server.command.signal(SIGHUP)
        var late: WebSocket?
        for _ in 0..<100 where late == nil {
            late = try? await WebSocket.connect(to: server.socketAddress("/echo"), configuration: trusting(two.certificate))
            try await Task.sleep(for: .milliseconds(50))
        }
        for socket in [socket, try #require(late)] {
            try await socket.send("hello")
            var messages = socket.messages.makeAsyncIterator()
            #expect(try await messages.next() == .text("hello"))
        }
        // A key that is not the certificate's: the server goes on with what it has.
        try Data(contentsOf: URL(filePath: one.key)).write(to: URL(filePath: files.key))
        server.command.signal(SIGHUP)
        try await Task.sleep(for: .milliseconds(500))
        let again = try await WebSocket.connect(to: server.socketAddress("/echo"), configuration: trusting(two.certificate))
        await again.close()
        server.command.signal(SIGTERM)
        let outcome = await server.command.outcome()
        #expect(outcome.code == 0)
        #expect(outcome.errors.contains("does not belong"))
    }

    @Test("opens the log anew; one that can't be opened goes on where it was, and says so")
    func log() async throws {
        func contents(_ path: String) -> String { (try? String(contentsOfFile: path, encoding: .utf8)) ?? "" }
        func move(_ from: String, _ to: String) throws {
            try FileManager.default.moveItem(atPath: folder.path(from), toPath: folder.path(to))
        }
        func eventually(_ path: String, has words: String) async throws -> Bool {
            for _ in 0..<200 where !contents(folder.path(path)).contains(words) { try await Task.sleep(for: .milliseconds(25)) }
            return contents(folder.path(path)).contains(words)
        }
        try FileManager.default.createDirectory(atPath: folder.path("logs"), withIntermediateDirectories: true)
        let server = try await HeliographServerProcess.start(["--set", "log.file=\(folder.path("logs/a.log"))"])
        try move("logs/a.log", "logs/b.log")
        server.command.signal(SIGHUP)
        #expect(try await eventually("logs/a.log", has: "read anew"))
        try move("logs", "moved")
        server.command.signal(SIGHUP)
        #expect(try await eventually("moved/a.log", has: "the log goes on where it was"))
        #expect(contents(folder.path("moved/a.log")).contains("No such file"))
    }

    @Test("ends a server that has nothing to read anew")
    func nothing() async throws {
        // Under nohup a program that we start would never hear of it.
        _ = Foundation.signal(SIGHUP, SIG_DFL)
        let server = try await HeliographServerProcess.start()
        server.command.signal(SIGHUP)
        #expect(await server.command.outcome().code == -SIGHUP)
    }
}
