import HTTPTypes
import HummingbirdTesting
import Testing

@testable import WebApp

@Suite struct ValidationTests {
    private func errors(_ body: String) async throws -> [FieldError] {
        try await buildApplication(.quiet).test(.router) { client in
            let response = try await client.execute(uri: "/accounts", method: .post, body: .json(body))
            #expect(response.status.code == 422)
            return try response.json([String: [FieldError]].self)["errors"] ?? []
        }
    }

    @Test func aGoodAccountIsMade() async throws {
        try await inMemory { client in
            let body = #"{"name":"Ada","email":"ada@example.com","age":36}"#
            let response = try await client.execute(uri: "/accounts", method: .post, body: .json(body))
            #expect(response.status == .created)
        }
    }

    @Test func allMistakesAreToldAtOnce() async throws {
        let found = try await errors(#"{"name":"","email":"ada","age":7}"#)
        #expect(found.map(\.field) == ["name", "email", "age"])
        #expect(found.map(\.code) == ["length", "format", "range"])
    }

    @Test(arguments: [
        (#"{"name":"Ada","age":36}"#, "email", "missing"),
        (#"{"name":"Ada","email":null,"age":36}"#, "email", "missing"),
        (#"{"name":"Ada","email":"ada@example.com","age":"old"}"#, "age", "type"),
    ])
    func missingAndMistypedFieldsAreFieldErrorsToo(body: String, field: String, code: String) async throws {
        let found = try await errors(body)
        #expect(found.map(\.field) == [field])
        #expect(found.map(\.code) == [code])
    }

    @Test func whatIsNoJSONIs400() async throws {
        try await inMemory { client in
            let response = try await client.execute(uri: "/accounts", method: .post, body: .json("{"))
            #expect(response.status == .badRequest)
        }
    }
}
