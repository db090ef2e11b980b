import Logging
import NIOCore
import ServiceLifecycle
import Testing
import WebSocketClient
import WebSocketNIO

@testable import WebApp

@Suite struct ShutdownTests {
    /// What `runService()` does on SIGTERM, without the signal.
    @Test(.timeLimit(.minutes(1)))
    func socketsAreToldAndTheServerEnds() async throws {
        let (ports, port) = AsyncStream<Int>.makeStream()
        let application = buildApplication(.quiet) { channel in port.yield(channel.localAddress?.port ?? 0) }
        let group = ServiceGroup(
            configuration: .init(services: [application], logger: Logger(label: "test", factory: { _ in SwiftLogNoOpLogHandler() }))
        )
        try await withThrowingTaskGroup(of: Void.self) { tasks in
            tasks.addTask { try await group.run() }
            var iterator = ports.makeAsyncIterator()
            let number = try #require(await iterator.next())
            let socket = try await WebSocket.connect(to: "ws://127.0.0.1:\(number)/clock")
            #expect(try await socket.receive()?.kind == .text)  // the service is running

            await group.triggerGracefulShutdown()
            #expect(await socket.waitForClose().code == .goingAway)
            try await tasks.waitForAll()  // and the server has ended
        }
    }

    @Test func aServiceThatIsAskedToStopStops() async throws {
        let clock = ClockService()
        let group = ServiceGroup(
            configuration: .init(services: [clock], logger: Logger(label: "test", factory: { _ in SwiftLogNoOpLogHandler() }))
        )
        try await withThrowingTaskGroup(of: Void.self) { tasks in
            tasks.addTask { try await group.run() }
            while clock.current == .idle { await Task.yield() }
            await group.triggerGracefulShutdown()
            try await tasks.waitForAll()
        }
        #expect(clock.current == .stopped)
    }
}
