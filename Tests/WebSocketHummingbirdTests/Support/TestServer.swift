import Hummingbird
import HummingbirdCore
import Logging
import NIOCore
import NIOPosix
import ServiceLifecycle
import WebSocketHummingbird
import WebSocketNIO
import WebSocketProtocol

/// A server that listens on a port of its own.
struct TestServer: Sendable {
    let port: Int
    private let services: ServiceGroup

    fileprivate init(port: Int, services: ServiceGroup) {
        self.port = port
        self.services = services
    }

    func shutDown() async {
        await services.triggerGracefulShutdown()
    }
}

/// Runs a server, then shuts it down and waits until it has ended.
@discardableResult
func withServer<Context: RequestContext, Result: Sendable>(
    _ router: Router<Context>,
    _ server: HTTPServerBuilder = .webSockets(),
    eventLoops: any EventLoopGroup = .singletonMultiThreadedEventLoopGroup,
    logger: Logger = Logger(label: "test", factory: { _ in SwiftLogNoOpLogHandler() }),
    _ body: @Sendable (TestServer) async throws -> Result
) async throws -> Result where Context.Source == ApplicationRequestContextSource {
    let (ports, found) = AsyncStream<Int>.makeStream()
    let app = Application(
        router: router, server: server, configuration: .init(address: .hostname("127.0.0.1", port: 0)),
        onServerRunning: { channel in
            found.yield(channel.localAddress?.port ?? 0)
            found.finish()
        },
        eventLoopGroupProvider: .shared(eventLoops),
        logger: logger)
    let services = ServiceGroup(configuration: .init(services: [app], logger: logger))
    return try await withThrowingTaskGroup(of: Void.self) { group in
        group.addTask { try await services.run() }
        var iterator = ports.makeAsyncIterator()
        let server = TestServer(port: await iterator.next() ?? 0, services: services)
        do {
            let result = try await body(server)
            await server.shutDown()
            try await group.waitForAll()
            return result
        } catch {
            await server.shutDown()
            throw error
        }
    }
}

/// A router with an echo of each API.
func echoRouter() -> Router<BasicRequestContext> {
    let router = Router()
    router.get("hello") { _, _ in "Hello" }
    router.webSocket("echo") { socket, _ in
        for try await message in socket.messages { try await socket.send(message) }
    }
    router.webSocket("loop-echo", delegate: { _, _ in EchoDelegate() })
    return router
}

final class EchoDelegate: WebSocketDelegate {
    func received(_ payload: ByteBuffer, _ kind: MessageKind, on socket: WebSocketConnection) {
        socket.send(payload, kind)
    }
}
