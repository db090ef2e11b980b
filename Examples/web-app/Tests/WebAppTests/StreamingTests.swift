import Foundation
import HTTPTypes
import HummingbirdTesting
import NIOCore
import Testing

@testable import WebApp

@Suite struct StreamingTests {
    @Test func aStreamedResponseHasNoContentLengthAndIsWhole() async throws {
        try await live { client in
            let response = try await client.execute(uri: "/streams/count/2500", method: .get)
            #expect(response.headers[.contentLength] == nil)
            #expect(response.text == (1...2500).map { "\($0)\n" }.joined())
        }
    }

    @Test func eventsAreServerSentEvents() async throws {
        try await live { client in
            let response = try await client.execute(uri: "/streams/events", method: .get)
            #expect(response.headers[.contentType] == "text/event-stream")
            #expect(response.text.components(separatedBy: "\n\n").first == "event: progress\ndata: {\"step\":1}")
        }
    }

    @Test func anUploadIsCountedWhileItArrives() async throws {
        try await live { client in
            let lines = ByteBuffer(string: String(repeating: "line\n", count: 200_000))
            let response = try await client.execute(uri: "/streams/lines", method: .post, body: lines)
            #expect(response.text == "200000")
        }
    }

    @Test func anEchoIsNeverWholeInMemoryAndStillComplete() async throws {
        try await live { client in
            let body = ByteBuffer(bytes: (0..<500_000).map { UInt8(truncatingIfNeeded: $0) })
            let response = try await client.execute(uri: "/streams/echo", method: .post, body: body)
            #expect(response.body == body)
        }
    }
}
