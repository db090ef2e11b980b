import Demos
import Hummingbird
import HummingbirdTesting
import Logging
import NIOCore
import NIOPosix
import ServerTestSupport
import WebSocketClient
import WebSocketNIO

@testable import HeliographServer

/// A server on a free port, for one test.
struct TestServer {
    let http: any TestClientProtocol
    let application: HeliographApplication

    func url(_ path: String) throws -> String {
        guard let port = http.port else { throw Unexpected("the server has no port") }
        return "ws://localhost:\(port)\(path)"
    }

    func connect(_ path: String, _ configuration: WebSocketClientConfiguration = .init()) async throws -> WebSocket {
        try await WebSocket.connect(to: url(path), configuration: configuration)
    }

    static func run(
        _ configuration: ServeConfiguration = .init(), demos: [any Demo]? = nil,
        eventLoopGroup: any EventLoopGroup = .singletonMultiThreadedEventLoopGroup,
        _ test: @escaping @Sendable (TestServer) async throws -> Void
    ) async throws {
        let logger = Logger(label: "test", factory: { _ in SwiftLogNoOpLogHandler() })
        let application = try HeliographApplication(
            configuration: configuration, eventLoopGroup: eventLoopGroup,
            metrics: ServerMetrics(), demos: demos, logger: logger)
        try await application.application.test(.live) { client in
            try await test(TestServer(http: client, application: application))
        }
    }
}
