import HTTPTypes
import HummingbirdTesting
import Testing

@testable import WebApp

@Suite struct MiddlewareTests {
    @Test(arguments: ["/notes", "/notes/99", "/me"])
    func goodAnswersAndErrorsHaveTheSecurityHeaders(path: String) async throws {
        try await inMemory { client in
            let response = try await client.execute(uri: path, method: .get)
            #expect(response.headers[.xContentTypeOptions] == "nosniff")
            #expect(response.headers[.contentSecurityPolicy]?.contains("frame-ancestors 'none'") == true)
        }
    }

    @Test func anErrorTellsItsMessageAsJSON() async throws {
        try await inMemory { client in
            let response = try await client.execute(uri: "/notes/99", method: .get)
            #expect(response.text == #"{"error":{"message":"no note 99"}}"#)
        }
    }
}
