// Everything at once, from many tasks: nobody waits for ever, and the client is as good as before afterwards.

import NIOCore
import RealtimeClient
import RealtimeProtocol
import Testing
import WebSocketTesting

@Suite("Stress", .serialized)
struct StressTests {
    private static let channels = ["history:a", "history:b", "open:c", "presence:d"]

    /// What an application might do next.
    private static func act(on client: Client, _ random: inout SeededRandom) async throws {
        let channel = channels.randomElement(using: &random) ?? "open:c"
        switch Int.random(in: 0..<12, using: &random) {
        case 0: client.connect()
        case 1: if Int.random(in: 0..<8, using: &random) == 0 { client.disconnect() }
        case 2: try client.subscribe(channel).unsubscribe()
        case 3: try client.subscribe(channel).remove()
        case 4: _ = try await client.history(of: channel, limit: 3)
        case 5:
            let task = Task { try await client.subscribe(channel).publish(json: 2) }
            task.cancel()
            _ = try await task.value
        case 6:
            // A reader that goes away after a while.
            let task = Task {
                var count = 0
                for try await _ in try client.subscribe(channel).publications {
                    count += 1
                    if count == 5 { break }
                }
            }
            try await Task.sleep(for: .milliseconds(Int.random(in: 0...5, using: &random)))
            task.cancel()
            _ = try await task.value
        case 7: for await _ in client.events { break }
        case 8: for await _ in try client.subscribe(channel).joinsAndLeaves { break }
        default: try await client.publish(json: 1, to: channel)
        }
    }

    /// Returns how much failed. A reader of what nobody fills would wait for ever: each act has its time.
    private static func actForAWhile(on client: Client, seed: UInt64) async -> Int {
        var failures = 0
        for step in 0..<40 as Range<UInt64> {
            let act = Task {
                var random = SeededRandom(seed: seed << 32 | step)
                try await Self.act(on: client, &random)
            }
            let alarm = Task {
                try await Task.sleep(for: .milliseconds(150))
                act.cancel()
            }
            if case .failure = await act.result { failures += 1 }
            alarm.cancel()
        }
        return failures
    }

    private func cutRepeatedly(_ proxy: CuttingProxy) async {
        for _ in 0..<20 {
            try? await Task.sleep(for: .milliseconds(20))
            proxy.cut()
        }
    }

    @Test("many tasks, cut connections", .timeLimit(.minutes(3)), arguments: [WireFormat.json, .protobuf])
    func everything(format: WireFormat) async throws {
        try await LiveServer.run { server in
            try await CuttingProxy.run(to: server.port) { proxy in
                let client = server.client(port: proxy.port) {
                    ($0.format, $0.maxBufferedEvents, $0.timeout) = (format, 16, .milliseconds(300))
                }
                async let cutting: Void = cutRepeatedly(proxy)
                let failures = await withTaskGroup(of: Int.self) { group in
                    for seed in 0..<12 as Range<UInt64> { group.addTask { await Self.actForAWhile(on: client, seed: seed) } }
                    return await group.reduce(0, +)
                }
                await cutting
                // Not everything can have failed.
                #expect(failures < 12 * 40)
                client.connect()
                let after = try client.subscribe("history:after")
                try await after.ready(timeout: .seconds(30))
                try await client.publish(json: "still here", to: "history:after")
                for try await publication in after.publications {
                    #expect(try publication.decode(String.self) == "still here")
                    break
                }
                client.disconnect()
            }
        }
    }
}
