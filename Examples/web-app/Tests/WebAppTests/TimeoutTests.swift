import HTTPTypes
import Hummingbird
import HummingbirdTesting
import Testing

@testable import WebApp

@Suite struct TimeoutTests {
    @Test func aRequestThatTakesTooLongGets503() async throws {
        var options = AppOptions.quiet
        options.requestTimeout = .milliseconds(20)
        try await inMemory(options) { client in
            let response = try await client.execute(uri: "/slow/60000", method: .get)
            #expect(response.status == .serviceUnavailable)
            #expect(response.headers[.retryAfter] == "1")
        }
    }

    @Test func aRequestInTimeIsNotTouched() async throws {
        try await inMemory { client in
            let response = try await client.execute(uri: "/slow/0", method: .get)
            #expect(response.text == "done")
        }
    }

    @Test(arguments: [("/slow/part/0", "fresh"), ("/slow/part/60000", "from yesterday")])
    func aPartOfTheWorkMayHaveItsOwnLimit(path: String, text: String) async throws {
        try await inMemory { client in
            let response = try await client.execute(uri: path, method: .get)
            #expect(response.text == text)
        }
    }

    @Test func theErrorOfTheWorkIsTheErrorOfTheTimeout() async throws {
        await #expect(throws: HTTPError.self) {
            try await withTimeout(.seconds(60)) { throw HTTPError(.conflict) }
        }
    }
}
