import HTTPTypes
import HummingbirdTesting
import Testing

@testable import WebApp

@Suite struct ContextTests {
    @Test func theUserOfTheTokenIsInTheContext() async throws {
        try await inMemory { client in
            let response = try await client.execute(uri: "/me", method: .get, headers: .bearer("ada-token"))
            #expect(try response.json(User.self) == User(name: "ada", isAdmin: true))
        }
    }

    @Test func aStrangerIsToldHowToSignIn() async throws {
        try await inMemory { client in
            let response = try await client.execute(uri: "/me", method: .get)
            #expect(response.status == .unauthorized)
            #expect(response.headers[.wwwAuthenticate] == "Bearer")
        }
    }

    @Test func aWrongTokenIsRefusedEvenWhereNobodyNeedsOne() async throws {
        try await inMemory { client in
            let response = try await client.execute(uri: "/notes", method: .get, headers: .bearer("guess"))
            #expect(response.status == .unauthorized)
        }
    }

    @Test(arguments: [("ada-token", 200), ("bob-token", 403)])
    func someRoutesAreForAdministrators(token: String, status: Int) async throws {
        try await inMemory { client in
            let response = try await client.execute(uri: "/me/secrets", method: .get, headers: .bearer(token))
            #expect(response.status.code == status)
        }
    }
}
