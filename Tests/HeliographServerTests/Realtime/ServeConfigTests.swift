// `heliograph serve --config`, as a user starts it.

import Foundation
import ServerTestSupport
import Testing

#if canImport(FoundationNetworking)
import FoundationNetworking
#endif

@Suite("heliograph serve --config", .timeLimit(.minutes(2)))
struct ServeConfigTests {
    private let folder: TemporaryFolder

    init() throws { folder = try TemporaryFolder() }

    private func start(_ yaml: String, _ options: [String] = []) async throws -> (
        server: HeliographServerProcess, stop: () async -> Command.Outcome
    ) {
        let file = try folder.write(yaml, to: "heliograph.yaml")
        let server = try await HeliographServerProcess.start(["--config", file] + options)
        return (
            server,
            {
                server.command.signal(SIGTERM)
                return await server.command.outcome()
            }
        )
    }

    private func status(_ server: HeliographServerProcess, _ path: String, method: String = "GET") async throws -> Int {
        var request = URLRequest(url: server.address.appending(path: path))
        request.httpMethod = method
        let (_, response) = try await URLSession.cookieless.data(for: request)
        return (response as? HTTPURLResponse)?.statusCode ?? 0
    }

    @Test("serves the channels and no demo, says where, and warns")
    func start() async throws {
        let (server, stop) = try await start("{insecure: true, channel: {without_namespace: {}}, http_api: {key: 0123456789abcdef}}")
        #expect(try await status(server, "/chat") == 404)
        #expect(try await status(server, "/health") == 200)
        #expect(try await status(server, "/api/info", method: "POST") == 401)
        #expect(try await status(server, "/assets/heliograph.js") == 200)
        #expect(try await status(server, "/emulation", method: "POST") == 400)
        #expect(try await status(server, "/connection/uni_sse") == 404)
        let outcome = await stop()
        #expect(outcome.code == 0)
        #expect(outcome.output.contains("Clients: ws://127.0.0.1:\(server.port)/connection/websocket"))
        #expect(outcome.output.contains("API: http://127.0.0.1:\(server.port)/api"))
        #expect(outcome.output.contains("WARNING: insecure: true"))
        #expect(outcome.errors.contains("warning"))
        #expect(outcome.errors.contains("insecure: true"))
    }

    @Test("serves the demo too with --demo, and no API without a key")
    func demo() async throws {
        let (server, stop) = try await start("{client: {allow_anonymous: true}, channel: {without_namespace: {}}}", ["--demo"])
        #expect(try await status(server, "/chat") == 200)
        #expect(try await status(server, "/api/info", method: "POST") == 404)
        #expect(await stop().code == 0)
    }

    @Test("fails with the place of what is wrong")
    func mistakes() async throws {
        let file = try folder.write("client:\n  allow_anonymous: maybe\n", to: "bad.yaml")
        let path = try HeliographServerProcess.path
        let bad = try await Command.run(path, ["serve", "--port", "0", "--config", file])
        #expect(bad.code != 0)
        #expect(bad.errors.contains("bad.yaml:2: client.allow_anonymous: it must be true or false"))
        let missing = try await Command.run(path, ["serve", "--port", "0", "--config", "/none.yaml"])
        #expect(missing.code != 0)
        #expect(missing.errors.contains("there is no such file"))
        let open = try folder.write("{insecure: true, channel: {without_namespace: {}}}", to: "open.yaml")
        let refused = try await Command.run(path, ["serve", "--port", "0", "--host", "0.0.0.0", "--config", open])
        #expect(refused.code != 0)
        #expect(refused.errors.contains("0.0.0.0 is open to other machines"))
    }
}
