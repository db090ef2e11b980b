// H11 of the catalogue of attacks: a server that has run out of file descriptors lives on, and accepts again when there are some.

import Foundation
import NIOCore
import NIOPosix
import ServerTestSupport
import Testing
import WebSocketClient
import WebSocketNIO

@Suite("Running out of file descriptors", .timeLimit(.minutes(1)))
struct DescriptorLimitTests {
    /// With so few that accept(2) fails before the server's own limit, 95 % of them, is reached.
    private func start() async throws -> (command: Command, port: Int) {
        let command = try Command(
            "/bin/sh", ["-c", "ulimit -n 64; exec \"$0\" serve --port 0 --threads 1", HeliographServerProcess.path], mergesErrors: true)
        while let line = await command.line() {
            if let port = line.firstMatch(of: /running at http:\/\/127\.0\.0\.1:(\d+)/)?.output.1 { return (command, Int(port) ?? 0) }
        }
        throw Unexpected("it did not start")
    }

    @Test("it lives on, says so once, and accepts again when connections have gone")
    func exhausted() async throws {
        let (server, port) = try await start()
        let early = try await WebSocket.connect(to: "ws://127.0.0.1:\(port)/echo")
        // The kernel completes them; the server gets to accept some.
        var crowd: [any Channel] = []
        for _ in 0..<150 {
            crowd.append(
                try await ClientBootstrap(group: .singletonMultiThreadedEventLoopGroup).connect(host: "127.0.0.1", port: port).get())
        }
        // Those that are there already are served meanwhile.
        for number in 0..<20 {
            try await early.send("\(number)")
            var messages = early.messages.makeAsyncIterator()
            #expect(try await messages.next() == .text("\(number)"))
        }
        for channel in crowd { try? await channel.close() }
        let late = try await WebSocket.connect(to: "ws://127.0.0.1:\(port)/echo")
        try await late.send("room again")
        var messages = late.messages.makeAsyncIterator()
        #expect(try await messages.next() == .text("room again"))
        server.signal(SIGTERM)
        let outcome = await server.outcome()
        #expect(outcome.code == 0)
        #expect(outcome.output.components(separatedBy: "cannot accept connections for now").count == 2, "\(outcome.output)")
    }
}
