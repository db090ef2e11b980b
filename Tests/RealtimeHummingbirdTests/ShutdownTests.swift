import HTTPTypes
import Hummingbird
import NIOCore
import RealtimeHub
import RealtimeHummingbird
import RealtimeProtocol
import Synchronization
import Testing

@Suite("The end of the server", .serialized, .timeLimit(.minutes(2)))
struct ShutdownTests {
    @Test("Streams end with 3001, at once, and the server with them", arguments: StreamClient.HTTP.allCases)
    func streams(http: StreamClient.HTTP) async throws {
        let started = try await RealtimeServer.result(.init { $0.http = http }) { (server) async throws in
            var clients: [EmulatedClient] = []
            for kind in EmulatedClient.Kind.allCases { clients.append(try await EmulatedClient.connect(server, kind)) }
            let listeners = [
                Listener.events(try await server.events()), .lines(try await server.send(.post, "/connection/uni_http_stream", [:], "{}")),
            ]
            for listener in listeners { _ = try await listener.next() }
            let started = ContinuousClock.now
            await server.shutDown()
            for client in clients { #expect(try await client.disconnect() == 3_001) }
            for listener in listeners { #expect(try await listener.disconnect() == 3_001) }
            return started
        }
        // Far less than any of its timeouts, on a machine that does other things too.
        #expect(ContinuousClock.now - started < .seconds(15))
    }

    @Test("A reader that does not read does not hold it up")
    func stuck() async throws {
        let settings = RealtimeServer.Settings {
            $0.options.closeTimeout = .milliseconds(300)
            $0.hub.maxBufferedBytes = 64 << 20
        }
        let started = try await RealtimeServer.result(settings) { (server) async throws in
            let slow = try await server.send(.get, "/connection/uni_sse?token=slow%2Fopen:tea", reads: false)
            try await eventually("it is there") { server.hub.channels()["open:tea"] == 1 }
            for _ in 0..<300 { try await server.publishText(to: "open:tea") }
            let started = ContinuousClock.now
            await server.shutDown()
            try await eventually("it is cut off") { server.hub.counts.clients == 0 }
            withExtendedLifetime(slow) {}
            return started
        }
        #expect(ContinuousClock.now - started < .seconds(15))
    }

    @Test("A stream whose answer is replaced by middleware is closed")
    func replaced() async throws {
        let settings = RealtimeServer.Settings {
            $0.more = { router, hub in
                router.group("other").add(middleware: Replacing()).realtime(.uniServerSentEvents, at: "events", hub: hub)
            }
        }
        try await RealtimeServer.run(settings) { (server) async throws in
            #expect(try await server.send(.get, "/other/events").rest() == "another")
            try await eventually("nobody is left") { server.hub.counts.clients == 0 }
        }
    }

    @Test("Each transport can be had alone, at any path")
    func alone() async throws {
        let settings = RealtimeServer.Settings {
            $0.options.transports = [.uniServerSentEvents]
            $0.more = { router, hub in
                router.realtime(.uniHTTPStream, at: "my/lines", hub: hub)
            }
        }
        try await RealtimeServer.run(settings) { (server) async throws in
            #expect(try await Listener.lines(try await server.send(.post, "/my/lines")).next().connect != nil)
            #expect(try await Listener.events(try await server.events()).next().connect != nil)
            for path in ["/connection/http_stream", "/connection/sse", "/emulation", "/connection/uni_http_stream"] {
                #expect(try await server.status(.post, path) == 404)
            }
        }
    }
}

private struct Replacing: RouterMiddleware {
    typealias Context = BasicRequestContext

    func handle(_ request: Request, context: Context, next: (Request, Context) async throws -> Response) async throws -> Response {
        _ = try await next(request, context)
        return Response(status: .ok, body: ResponseBody(byteBuffer: ByteBuffer(string: "another")))
    }
}
