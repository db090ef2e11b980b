import Foundation
import NIOCore
import RealtimeProtocol
import ServerTestSupport
import Testing
import WebSocketClient
import WebSocketNIO
import WebSocketProtocol

@testable import HeliographServer

/// A14, over real sockets: a client that subscribes and then reads nothing more.
@Suite("A reader that stops", .serialized, .timeLimit(.minutes(5)))
struct StoppedReaderTests {
    @Test("costs a megabyte, and then its connection; who reads gets everything, and memory stays flat")
    func stopped() async throws {
        try await TestServer.run { server in
            let (stopped, reader) = (try await RealtimeClient(server), try await RealtimeClient(server))
            for client in [stopped, reader] {
                try await client.connect()
                try await client.subscribe("bench:a")
            }
            let before = try residentBytes()
            let rounds = 4_000
            try await publish(rounds, on: server, reader)
            // 32 MB went through. One connection may hold 1 MiB, and the client's half of the test a buffer.
            #expect(try residentBytes() - before < 24 << 20)

            var count = 0
            while case .push? = try? await stopped.next().body { count += 1 }
            #expect(count < rounds)
            let reason = await stopped.socket.waitForClose()
            #expect(reason.code.rawValue == 3_008 || reason.code.rawValue == 1_006, "\(reason)")
        }
    }

    /// Publishes as fast as the reader reads; checks that it gets everything, in order.
    private func publish(_ rounds: Int, on server: TestServer, _ reader: RealtimeClient) async throws {
        let publisher = try await RealtimeClient(server)
        try await publisher.connect()
        let payload = String(repeating: "x", count: 8_192)
        for number in 0..<rounds {
            let data = ByteBuffer(string: "[\(number),\"\(payload)\"]")
            let reply = try await publisher.ask(.publish(Wire.PublishRequest(channel: "bench:a", data: data)))
            guard reply.error == nil else { throw Unexpected("refused") }
            guard case .publication(let publication) = try await reader.push().body else { throw Unexpected("no publication") }
            guard String(buffer: publication.data).hasPrefix("[\(number),") else { throw Unexpected("not \(number)") }
        }
    }

    private func residentBytes() throws -> Int {
        let pages = try String(contentsOfFile: "/proc/self/statm", encoding: .utf8).split(separator: " ")
        guard pages.count > 1, let resident = Int(pages[1]) else { throw Unexpected("statm") }
        return resident * 4_096
    }
}
