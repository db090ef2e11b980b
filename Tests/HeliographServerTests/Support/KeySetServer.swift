import HTTPTypes
import Hummingbird
import HummingbirdTesting
import Logging
import NIOCore

/// A server with a key set, and other answers that a server could give.
enum KeySetServer {
    static func run(_ document: String, _ test: @escaping @Sendable (String) async throws -> Void) async throws {
        let router = Router()
        router.get("keys") { _, _ in document }
        router.get("away") { _, _ in Response.redirect(to: "/keys", type: .found) }
        router.get("slow") { _, _ in
            try await Task.sleep(for: .seconds(10))
            return document
        }
        router.get("endless") { _, _ in
            Response(
                status: .ok,
                body: ResponseBody { writer in
                    for _ in 0..<1_000 { try await writer.write(ByteBuffer(repeating: 0x20, count: 4_096)) }
                    try await writer.finish(nil)
                })
        }
        router.get("drips") { _, _ in
            Response(
                status: .ok,
                body: ResponseBody { writer in
                    for _ in 0..<80 {
                        try await writer.write(ByteBuffer(string: " "))
                        try await Task.sleep(for: .milliseconds(100))
                    }
                    try await writer.write(ByteBuffer(string: document))
                    try await writer.finish(nil)
                })
        }
        let application = Application(router: router, logger: Logger(label: "test", factory: { _ in SwiftLogNoOpLogHandler() }))
        try await application.test(.live) { client in
            try await test("http://127.0.0.1:\(client.port ?? 0)")
        }
    }
}
