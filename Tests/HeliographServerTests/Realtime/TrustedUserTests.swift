// Who a user is, by the word of a proxy.

import HTTPTypes
import RealtimeProtocol
import ServerTestSupport
import Synchronization
import Testing
import WebSocketClient

@testable import HeliographServer

@Suite("The user whom a proxy names", .timeLimit(.minutes(1)))
struct TrustedUserTests {
    private func configuration(_ proxies: String, _ client: String = "") async throws -> ServeConfiguration {
        try await ServeConfiguration(
            yaml: """
                http_server: {trusted_proxies: [\(proxies)]}
                client: {user_id_http_header: X-User-Id, token: {hmac_secret_key: \(TokenMaker.secret)}\(client)}
                channel: {without_namespace: {}}
                http_api: {key: \(APITests.key)}
                """, file: "test.yaml")
    }

    /// Who a client is that comes with these fields; "refused" if nobody.
    private func user(_ fields: [String], token: String = "", _ serve: ServeConfiguration) async throws -> String {
        let name = try #require(HTTPField.Name("X-User-Id"))
        let answer = Mutex("")
        try await TestServer.run(serve) { server in
            var configuration = WebSocketClientConfiguration()
            for value in fields { configuration.headers.append(HTTPField(name: name, value: value)) }
            let client = try await RealtimeClient(server, "/connection/websocket", configuration)
            let reply = try await client.ask(.connect(Wire.ConnectRequest(token: token)))
            guard reply.error == nil else { return answer.withLock { $0 = "refused" } }
            let api = APITests.Service(server: server)
            let list = try await api.call("connections")
            let found = list.firstMatch(of: /"user":"([^"]*)"/).map { String($0.output.1) } ?? "?"
            answer.withLock { $0 = found }
        }
        return answer.withLock { $0 }
    }

    @Test("is that user, without a token")
    func trusted() async throws {
        let serve = try await configuration("127.0.0.0/8, \"::1\"")
        #expect(try await user(["42"], serve) == "42")
        #expect(try await user([], serve) == "refused")
    }

    @Test("a token says more than a proxy")
    func token() async throws {
        let serve = try await configuration("127.0.0.0/8, \"::1\"")
        let token = try await TokenMaker.hmac().sign(#"{"sub":"7"}"#)
        #expect(try await user(["42"], token: token, serve) == "7")
    }

    @Test("nobody is believed who is no proxy of ours, nor what is said twice, nor nothing")
    func foreign() async throws {
        let serve = try await configuration("10.0.0.0/8")
        #expect(try await user(["42"], serve) == "refused")
        let ours = try await configuration("127.0.0.0/8, \"::1\"")
        #expect(try await user(["42", "43"], ours) == "refused")
        #expect(try await user([""], ours) == "refused")
        let open = try await configuration("10.0.0.0/8", ", allow_anonymous: true")
        #expect(try await user(["42"], open) == "", "but as nobody, where that is allowed")
    }

    @Test("without proxies the setting is a mistake")
    func mistake() async throws {
        let error = await #expect(throws: ServeError.self) { try await configuration("") }
        #expect(error?.description.contains("give http_server.trusted_proxies") == true)
    }
}
