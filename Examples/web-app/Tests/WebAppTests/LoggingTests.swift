import HTTPTypes
import HummingbirdTesting
import Testing

@testable import WebApp

@Suite struct LoggingTests {
    @Test func everyAnswerHasAnIdOfItsOwn() async throws {
        try await inMemory { client in
            let first = try await client.execute(uri: "/notes", method: .get).headers[.xRequestID]
            let second = try await client.execute(uri: "/notes", method: .get).headers[.xRequestID]
            #expect(first != nil && second != nil && first != second)
        }
    }

    @Test func theIdOfAProxyIsKept() async throws {
        try await inMemory { client in
            let response = try await client.execute(uri: "/notes", method: .get, headers: [.xRequestID: "edge-42"])
            #expect(response.headers[.xRequestID] == "edge-42")
        }
    }

    @Test(arguments: ["", "a b", "x\"}", "né", String(repeating: "x", count: 65)])
    func anIdThatCouldForgeALogLineIsNotKept(id: String) {
        #expect(!RequestIDMiddleware.isHarmless(id))
    }
}
