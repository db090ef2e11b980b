import Hummingbird
import HummingbirdCore
import Logging
import NIOCore
import NIOPosix
import RealtimeHummingbird
import ServiceLifecycle
import WebSocketHummingbird

/// A server in this process, for pages that no demo is.
struct LiveTestServer {
    let address: String

    static func run(_ routes: (Router<BasicRequestContext>) -> Void, _ body: @Sendable (LiveTestServer) async throws -> Void) async throws {
        let logger = Logger(label: "test", factory: { _ in SwiftLogNoOpLogHandler() })
        let router = Router()
        router.liveScript()
        routes(router)
        let (ports, found) = AsyncStream<Int>.makeStream()
        let app = Application(
            router: router, server: .webSockets(), configuration: .init(address: .hostname("127.0.0.1", port: 0)),
            onServerRunning: { found.yield($0.localAddress?.port ?? 0) },
            eventLoopGroupProvider: .shared(.singletonMultiThreadedEventLoopGroup), logger: logger)
        let services = ServiceGroup(configuration: .init(services: [app], logger: logger))
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { try await services.run() }
            var port = ports.makeAsyncIterator()
            let server = LiveTestServer(address: "http://127.0.0.1:\(await port.next() ?? 0)")
            let result = await Result { try await body(server) }
            await services.triggerGracefulShutdown()
            try result.get()
            try await group.waitForAll()
        }
    }
}

extension Result where Failure == any Error {
    fileprivate init(_ body: () async throws -> Success) async {
        do { self = .success(try await body()) } catch { self = .failure(error) }
    }
}
