// The backend takes tokens back by the HTTP API.

import HTTPTypes
import HummingbirdTesting
import NIOCore
import RealtimeProtocol
import ServerTestSupport
import Testing
import WebSocketNIO
import WebSocketProtocol

@testable import HeliographServer

@Suite("HTTP API: revoke", .timeLimit(.minutes(1)))
struct RevokeAPITests {
    private static let yaml = """
        client: {token: {hmac_secret_key: "\(TokenMaker.secret)"}}
        channel: {without_namespace: {}}
        http_api: {key: 0123456789abcdef}
        """

    private func call(_ server: TestServer, _ body: String) async throws -> String {
        let answer = try await server.http.execute(
            uri: "/api/revoke", method: .post, headers: [.authorization: "apikey 0123456789abcdef"], body: ByteBuffer(string: body))
        return String(buffer: answer.body)
    }

    @Test(
        "ends what a user, a login or a token was granted",
        arguments: [#"{"user":"42"}"#, #"{"session":"s"}"#, #"{"token":"t","expire_at":4000000000}"#])
    func revokes(body: String) async throws {
        let serve = try await ServeConfiguration(yaml: Self.yaml, file: "test.yaml")
        try await TestServer.run(serve) { server in
            let token = try await TokenMaker.hmac().sign(#"{"sub":"42","sid":"s","jti":"t","iat":1700000000}"#)
            let other = try await RealtimeClient(server)
            try await other.connect(TokenMaker.hmac().sign(#"{"sub":"43","sid":"s2","jti":"t2"}"#))
            let client = try await RealtimeClient(server)
            try await client.connect(token)
            #expect(try await call(server, body) == #"{"result":{}}"#)
            #expect(await client.socket.waitForClose().code.rawValue == 3_500)
            let again = try await RealtimeClient(server)
            await #expect(throws: (any Error).self) { try await again.connect(token) }
            #expect(try await call(server, #"{"user":"nobody"}"#) == #"{"result":{}}"#)
            try await other.socket.send("{\"id\":9,\"ping\":{}}")
            #expect(try await other.next().id == 9, "the others go on")
        }
    }

    @Test(
        "wants one of them",
        arguments: ["{}", #"{"user":"1","token":"2"}"#, #"{"user":"1","expire_at":1800000000000}"#, #"{"user":"1","until":1}"#])
    func refuses(body: String) async throws {
        let serve = try await ServeConfiguration(yaml: Self.yaml, file: "test.yaml")
        try await TestServer.run(serve) { server in
            let answer = try await call(server, body)
            #expect(answer.contains(#""code":107"#))
        }
    }
}
