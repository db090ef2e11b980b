import Hummingbird
import Logging
import NIOCore
import NIOPosix
import ServiceLifecycle
import Testing
import WebSocketHummingbird
import WebSocketNIO
import WebSocketProtocol

@Suite(.timeLimit(.minutes(1)))
struct ShutdownTests {
    @Test("Sockets are closed with 1001, and the server ends when they are", arguments: ["/echo", "/loop-echo"], [false, true])
    func goingAway(path: String, isLate: Bool) async throws {
        try await withServer(echoRouter()) { server in
            let client = try await RawClient.connect(port: server.port)
            if isLate {
                try await client.send("GET /hello HTTP/1.1\r\nHost: localhost\r\n\r\n")
                #expect(try await client.response().body == "Hello")
            }
            try await client.send(Handshake(path).text)
            #expect(try await client.response().status == 101)
            await server.shutDown()
            #expect(try await client.frame().closeCode == 1001)
            try await client.send(Frame.close(1001))
            #expect(try await client.takeAll().isEmpty)
        }
    }

    @Test("A server whose task is cancelled ends too, with all sockets and their handlers", arguments: ["/echo", "/loop-echo"])
    func cancelled(path: String) async throws {
        let (ports, found) = AsyncStream<Int>.makeStream()
        let app = Application(
            router: echoRouter(), server: .webSockets(), configuration: .init(address: .hostname("127.0.0.1", port: 0)),
            onServerRunning: { channel in found.yield(channel.localAddress?.port ?? 0) },
            logger: Logger(label: "test", factory: { _ in SwiftLogNoOpLogHandler() }))
        let running = Task { try await app.run() }
        var iterator = ports.makeAsyncIterator()
        let port = await iterator.next() ?? 0
        var clients: [RawClient] = []
        for _ in 0..<3 { clients.append(try await RawClient.upgraded(port: port, Handshake(path))) }
        let idle = try await RawClient.connect(port: port)
        try await idle.send("GET /hello HTTP/1.1\r\nHost: localhost\r\n\r\n")
        #expect(try await idle.response().body == "Hello")
        running.cancel()
        for client in clients {
            #expect(try await client.frame().closeCode == 1001)
            try await client.send(Frame.close(1001))
            _ = try await client.takeAll()
        }
        _ = await running.result
    }

    @Test("A socket handler hears of a graceful shutdown as every other task of the server does", arguments: [false, true])
    func gracefulShutdown(isLate: Bool) async throws {
        let router = echoRouter()
        let (events, event) = AsyncStream<String>.makeStream()
        router.webSocket("ticker") { socket, _ in
            await withGracefulShutdownHandler {
                _ = await socket.waitForClose()
            } onGracefulShutdown: {
                event.yield("told")
            }
        }
        try await withServer(router) { server in
            // The first connection is Hummingbird's own, the second is not.
            let first = try await RawClient.upgraded(port: server.port, Handshake("/loop-echo"))
            let client = try await RawClient.connect(port: server.port)
            if isLate {
                try await client.send("GET /hello HTTP/1.1\r\nHost: localhost\r\n\r\n")
                #expect(try await client.response().body == "Hello")
            }
            try await client.send(Handshake("/ticker").text)
            #expect(try await client.response().status == 101)
            await server.shutDown()
            var iterator = events.makeAsyncIterator()
            #expect(await iterator.next() == "told")
            for socket in [first, client] {
                #expect(try await socket.frame().closeCode == 1001)
                try await socket.send(Frame.close(1001))
            }
        }
    }

    @Test("The code can be 1012")
    func serviceRestart() async throws {
        let router = Router()
        var configuration = WebSocketConfiguration()
        configuration.shutdownCode = .serviceRestart
        router.webSocket("echo", configuration: configuration, delegate: { _, _ in EchoDelegate() })
        try await withServer(router) { server in
            let client = try await RawClient.upgraded(port: server.port)
            await server.shutDown()
            #expect(try await client.frame().closeCode == 1012)
        }
    }

    @Test("A socket that has not answered yet does not keep the server for ever")
    func silentPeer() async throws {
        let router = Router()
        var configuration = WebSocketConfiguration()
        configuration.limits.closeTimeout = .milliseconds(200)
        router.webSocket("echo", configuration: configuration, delegate: { _, _ in EchoDelegate() })
        try await withServer(router) { server in
            let client = try await RawClient.upgraded(port: server.port)
            await server.shutDown()
            #expect(try await client.frame().closeCode == 1001)
            #expect(try await client.takeAll().isEmpty)
        }
    }

    @Test("Idle and silent connections are closed at once, requests under way are answered")
    func plainConnections() async throws {
        let router = echoRouter()
        let (asked, ask) = AsyncStream<Void>.makeStream()
        let (answers, answer) = AsyncStream<Void>.makeStream()
        router.get("slow") { _, _ in
            ask.yield()
            for await _ in answers { break }
            return "slow"
        }
        try await withServer(router) { server in
            let silent = try await RawClient.connect(port: server.port)
            let idle = try await RawClient.connect(port: server.port)
            try await idle.send("GET /hello HTTP/1.1\r\nHost: localhost\r\n\r\n")
            #expect(try await idle.response().status == 200)
            let busy = try await RawClient.connect(port: server.port)
            try await busy.send("GET /slow HTTP/1.1\r\nHost: localhost\r\n\r\n")
            for await _ in asked { break }
            await server.shutDown()
            #expect(try await silent.takeAll().isEmpty)
            #expect(try await idle.takeAll().isEmpty)
            answer.yield()
            #expect(try await busy.response().body == "slow")
            #expect(try await busy.takeAll().isEmpty)
        }
    }

    @Test("A request for an upgrade that is still being decided on becomes a socket that is closed with 1001")
    func duringUpgrade() async throws {
        let router = Router()
        let (asked, ask) = AsyncStream<Void>.makeStream()
        let (answers, answer) = AsyncStream<Void>.makeStream()
        router.webSocket(
            "echo",
            shouldUpgrade: { _, _ in
                ask.yield()
                for await _ in answers { break }
                return .accept()
            }, delegate: { _, _ in EchoDelegate() })
        try await withServer(router) { server in
            let client = try await RawClient.connect(port: server.port)
            try await client.send(Handshake().text)
            for await _ in asked { break }
            await server.shutDown()
            // The listening socket is closed in the same turn as the others are told.
            await #expect(throws: (any Error).self) {
                while true { _ = try await RawClient.connect(port: server.port) }
            }
            answer.yield()
            #expect(try await client.response().status == 101)
            #expect(try await client.frame().closeCode == 1001)
        }
    }

    @Test("Many sockets leave in batches")
    func paced() async throws {
        try await withServer(echoRouter(), eventLoops: .singletonMultiThreadedEventLoopGroup.next()) { server in
            let count = 1_200
            var clients: [RawClient] = []
            while clients.count < count {
                clients += try await withThrowingTaskGroup(of: RawClient.self) { group in
                    for _ in 0..<100 { group.addTask { try await RawClient.upgraded(port: server.port, Handshake("/loop-echo")) } }
                    return try await group.reduce(into: []) { $0.append($1) }
                }
            }
            let clock = ContinuousClock()
            let start = clock.now
            await server.shutDown()
            let times = try await withThrowingTaskGroup(of: Duration.self) { group in
                for client in clients {
                    group.addTask {
                        let frame = try await client.frame(within: .seconds(30))
                        #expect(frame.closeCode == 1001)
                        return clock.now - start
                    }
                }
                return try await group.reduce(into: []) { $0.append($1) }
            }
            // 500 at once, then a pause of 100 ms.
            #expect(times.filter { $0 < .milliseconds(90) }.count <= 500)
            #expect(times.count == count)
        }
    }
}
