import ServerTestSupport
import Synchronization
import Testing

@testable import HeliographServer

@Suite("Health", .timeLimit(.minutes(1)))
struct ReadinessTests {
    private static var configuration: ServeConfiguration {
        var configuration = ServeConfiguration()
        configuration.port = 0
        configuration.shutdown.delay = .milliseconds(700)
        return configuration
    }

    @Test("ready and live are two things: a server that is over its budget must not be started anew")
    func ready() async throws {
        let isOver = Shared()
        try await RunningServer.run(Self.configuration) { server in
            server.application.readiness.add("memory") { isOver.value.load(ordering: .relaxed) ? "over its budget of \"1 GB\"" : nil }
            #expect(try await RunningServer.ask(server.port, "/health/ready").body == #"{"status":"ready"}"#)
            isOver.value.store(true, ordering: .relaxed)
            let ready = try await RunningServer.ask(server.port, "/health/ready")
            #expect(ready.status == 503)
            #expect(ready.body == #"{"status":"not ready","checks":{"memory":"over its budget of \"1 GB\""}}"#)
            #expect(try await RunningServer.ask(server.port, "/health/live").status == 200)
            #expect(try await RunningServer.ask(server.port, "/health").status == 200)
            #expect(try await RunningServer.ask(server.port, "/metrics").body.contains("\nheliograph_ready 0\n"))
            isOver.value.store(false, ordering: .relaxed)
            #expect(try await RunningServer.ask(server.port, "/health/ready").status == 200)
        }
    }

    @Test("a server that goes down says so for a while, and serves on meanwhile")
    func draining() async throws {
        try await RunningServer.run(Self.configuration) { server in
            async let over: Void = server.shutDown()
            var ready = try await RunningServer.ask(server.port, "/health/ready")
            for _ in 0..<50 where ready.status == 200 {
                try await Task.sleep(for: .milliseconds(5))
                ready = try await RunningServer.ask(server.port, "/health/ready")
            }
            #expect(ready.status == 503)
            #expect(ready.body.contains(#""draining":"the server is going down""#))
            #expect(try await RunningServer.ask(server.port, "/health/live").status == 200)
            #expect(try await RunningServer.ask(server.port, "/chat").status == 200)
            await over
        }
    }

    @Test("HEAD is answered without a body")
    func head() async throws {
        try await RunningServer.run(Self.configuration) { server in
            for path in ["/health", "/health/live", "/health/ready", "/metrics"] {
                let answer = try await RunningServer.ask(server.port, path, "HEAD")
                #expect(answer.status == 200)
                #expect(answer.body == "")
            }
        }
    }
}

/// An atomic that closures share.
private final class Shared: Sendable {
    let value = Atomic(false)
}
