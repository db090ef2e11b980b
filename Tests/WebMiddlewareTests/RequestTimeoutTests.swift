import HTTPTypes
import Hummingbird
import HummingbirdTesting
import NIOCore
import Synchronization
import Testing
import WebMiddleware

@Suite("RequestTimeout", .timeLimit(.minutes(1)))
struct RequestTimeoutTests {
    @Test("lets an answer in time through")
    func inTime() async throws {
        try await Site.run([RequestTimeout(.seconds(30))], handler: { _, _ in text("done") }) { site in
            let response = try await site.ask()
            #expect(response.status == .ok)
            #expect(response.text == "done")
        }
    }

    @Test("lets an error through as it is")
    func errors() async throws {
        try await Site.run([RequestTimeout(.seconds(30))], handler: { _, _ in throw HTTPError(.conflict) }) { site async throws in
            #expect(try await site.status() == .conflict)
        }
    }

    @Test("cancels the handler and says that it took too long")
    func late() async throws {
        let cancelled = Noted()
        let handler: @Sendable (Request, TestContext) async throws -> Response = { _, _ in
            do { try await Task.sleep(for: .seconds(60)) } catch {
                cancelled.note()
                throw error
            }
            return text("never")
        }
        try await Site.run([RequestTimeout(.milliseconds(20))], handler: handler) { site in
            let response = try await site.ask()
            #expect(response.status == .serviceUnavailable)
            #expect(response["Content-Type"] == "application/problem+json")
            #expect(response.text.contains("longer than 0.02 seconds"))
            #expect(cancelled.isNoted)
        }
    }

    @Test("answers late too if the handler swallows the cancellation, and what that returns is not sent")
    func swallowed() async throws {
        let handler: @Sendable (Request, TestContext) async throws -> Response = { _, _ in
            try? await Task.sleep(for: .seconds(60))
            return text("late")
        }
        try await Site.run([RequestTimeout(.milliseconds(20), status: .gatewayTimeout)], handler: handler) { site in
            let response = try await site.ask()
            #expect(response.status == .gatewayTimeout)
            #expect(!response.text.contains("late\""))
        }
    }

    @Test("covers the reading of a body that does not come")
    func slowBody() async throws {
        let never = RequestBody.makeStream()
        let handler: @Sendable (Request, TestContext) async throws -> Response = { request, _ in
            var request = request
            request.body = never.0
            return text(String(buffer: try await request.body.collect(upTo: 100)))
        }
        try await Site.run([RequestTimeout(.milliseconds(20))], handler: handler) { site async throws in
            #expect(try await site.status("/", .post) == .serviceUnavailable)
        }
        never.1.finish()
    }

    @Test("goes on for a body that is streamed")
    func streamedAnswer() async throws {
        let handler: @Sendable (Request, TestContext) async throws -> Response = { _, _ in
            Response(
                status: .ok,
                body: ResponseBody { writer in
                    for word in ["one ", "two"] {
                        try await Task.sleep(for: .milliseconds(60))
                        try await writer.write(ByteBuffer(string: word))
                    }
                    try await writer.finish(nil)
                })
        }
        try await Site.run([RequestTimeout(.milliseconds(50))], handler: handler) { site async throws in
            #expect(try await site.text() == "one two")
        }
    }
}

/// Whether something has happened.
final class Noted: Sendable {
    private let value = Atomic(false)

    var isNoted: Bool { value.load(ordering: .sequentiallyConsistent) }

    func note() { value.store(true, ordering: .sequentiallyConsistent) }
}
