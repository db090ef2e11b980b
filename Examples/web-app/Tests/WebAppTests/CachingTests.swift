import HTTPTypes
import HummingbirdTesting
import NIOCore
import Testing

@testable import WebApp

@Suite struct CachingTests {
    private func withANote(_ test: @escaping @Sendable (any TestClientProtocol) async throws -> Void) async throws {
        try await inMemory { client in
            try await client.execute(uri: "/notes", method: .post, body: .json(#"{"text":"milk"}"#))
            try await test(client)
        }
    }

    @Test func theFirstAnswerHasATag() async throws {
        try await withANote { client in
            let response = try await client.execute(uri: "/cached/notes/1", method: .get)
            #expect(response.status == .ok)
            #expect(response.headers[.eTag] == #""1-1""#)
            #expect(response.headers[.cacheControl] == "private, no-cache")
        }
    }

    @Test(arguments: [#""1-1""#, #""0-0", "1-1""#, #"W/"1-1""#, "*"])
    func whoHasTheCurrentVersionGetsNoBody(tag: String) async throws {
        try await withANote { client in
            let response = try await client.execute(uri: "/cached/notes/1", method: .get, headers: [.ifNoneMatch: tag])
            #expect(response.status == .notModified)
            #expect(response.body.readableBytes == 0)
            #expect(response.headers[.eTag] == #""1-1""#)
        }
    }

    @Test func whoHasAnOlderVersionGetsTheNote() async throws {
        try await withANote { client in
            let response = try await client.execute(uri: "/cached/notes/1", method: .get, headers: [.ifNoneMatch: #""1-0""#])
            #expect(try response.json(Note.self).text == "milk")
        }
    }

    @Test func aChangeNeedsTheVersionThatWasSeen() async throws {
        try await withANote { client in
            @Sendable func put(_ text: String, ifMatch tag: String?) async throws -> TestResponse {
                let headers: HTTPFields = tag.map { [.ifMatch: $0] } ?? [:]
                return try await client.execute(uri: "/cached/notes/1", method: .put, headers: headers, body: ByteBuffer(string: text))
            }
            #expect(try await put("bread", ifMatch: nil).status == .preconditionRequired)
            let changed = try await put("bread", ifMatch: #""1-1""#)
            #expect(changed.headers[.eTag] == #""1-2""#)
            #expect(try changed.json(Note.self).text == "bread")
            #expect(try await put("butter", ifMatch: #""1-1""#).status == .preconditionFailed)
            #expect(try await put("butter", ifMatch: #"W/"1-2""#).status == .preconditionFailed)  // If-Match compares strongly
        }
    }
}
