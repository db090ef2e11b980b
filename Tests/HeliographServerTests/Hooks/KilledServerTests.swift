// `kill -9`: what the program had written down for a backend that was away, the next one tells it.

import Foundation
import ServerTestSupport
import Synchronization
import Testing
import WebSocketClient
import WebSocketNIO

@Suite("A server that is killed", .timeLimit(.minutes(2)))
struct KilledServerTests {
    private let folder: TemporaryFolder

    init() throws { folder = try TemporaryFolder() }

    private struct Event: Decodable {
        var id, type: String
        var channel: String?
        /// `RUN-NUMBER`
        var run: Substring { id.prefix { $0 != "-" } }
        var number: Int? { Int(id.drop { $0 != "-" }.dropFirst()) }
    }

    private static func events(_ requests: [TestBackend.Request]) throws -> [Event] {
        struct Batch: Decodable { var events: [Event] }
        return try requests.flatMap { try JSONDecoder().decode(Batch.self, from: Data($0.body.utf8)).events }
    }

    private func start(_ backend: String, sync: String) async throws -> HeliographServerProcess {
        let file = try folder.write(
            """
            client: {allow_anonymous: true}
            channel: {without_namespace: {allow_subscribe_for_anonymous: true, allow_publish_for_anonymous: true}}
            events:
              endpoint: "\(backend)/events"
              secrets: [0123456789abcdef]
              types: [started, connected, subscribed]
              batch_delay: 5ms
              batch_size: 7
              retry_min: 20ms
              retry_max: 100ms
              queue: {directory: "\(folder.path("queue"))", sync: \(sync)}
            """, to: "heliograph.yaml")
        return try await HeliographServerProcess.start(["--config", file])
    }

    /// Connects, and subscribes and publishes until the server is gone, or to the last channel.
    private static func live(_ address: String, _ channels: [String]) async throws {
        let socket = try await WebSocket.connect(to: address)
        var messages = socket.messages.makeAsyncIterator()
        try await socket.send(#"{"id":1,"connect":{}}"#)
        _ = try await messages.next()
        for (index, channel) in channels.enumerated() {
            try await socket.send(
                #"{"id":\#(2 * index + 2),"subscribe":{"channel":"\#(channel)"}}"# + "\n"
                    + #"{"id":\#(2 * index + 3),"publish":{"channel":"\#(channel)","data":1}}"#)
            guard try await messages.next() != nil else { return }
        }
    }

    private func isWritten(_ text: String) -> Bool {
        let files = (try? FileManager.default.contentsOfDirectory(atPath: folder.path("queue"))) ?? []
        return files.contains { name in
            let data = try? Data(contentsOf: URL(filePath: folder.path("queue/\(name)")))
            return data?.range(of: Data(text.utf8)) != nil
        }
    }

    private func eventually(_ what: String, _ condition: () throws -> Bool) async throws {
        for _ in 0..<400 {
            if try condition() { return }
            try await Task.sleep(for: .milliseconds(25))
        }
        throw Unexpected("never came: \(what)")
    }

    @Test("each event that was written arrives at least once, and all in their order", arguments: ["interval", "always", "never"])
    func killed(sync: String) async throws {
        let early = (0..<10).map { "early\($0)" }
        let written = (0..<100).map { "written\($0)" }
        let before = try await TestBackend { _ in .status(204) }
        let port = before.port
        let server = try await start(before.url, sync: sync)
        let address = server.socketAddress("/connection/websocket")
        try await Self.live(address, early)
        try await eventually("the first are taken") { try Self.events(before.requests).contains { $0.channel == early.last } }
        let taken = try Self.events(before.requests)
        try await before.stop()
        // Its connections go on beyond its listener; what comes there now is refused.
        before.replace { _ in .reset }

        try await Self.live(address, written)
        try await eventually("all is written") { isWritten("\"written99\"") }
        // It dies in the middle of its work.
        let late = Task { try? await Self.live(address, (0..<100_000).map { "late\($0)" }) }
        try await eventually("more is written") { isWritten("\"late5\"") }
        server.command.signal(SIGKILL)
        #expect(await server.command.outcome().code == -SIGKILL)
        _ = await late.value

        let after = try await TestBackend(port: port) { _ in .status(204) }
        let next = try await start(after.url, sync: sync)
        let run = try #require(taken.first?.run)
        try await eventually("the next one's start") { try Self.events(after.requests).contains { $0.type == "started" && $0.run != run } }
        next.command.signal(SIGTERM)
        #expect(await next.command.outcome().code == 0)

        let told = try taken + Self.events(after.requests)
        let own = told.filter { $0.run == run }
        // What comes twice is what was under way when it died: each run of numbers goes on where an earlier one has been.
        let numbers = own.compactMap(\.number)
        var highest = 0
        for number in numbers {
            #expect(number <= highest + 1, "nothing is left out")
            highest = max(highest, number)
        }
        let again = try Self.events(after.requests).filter { $0.run == run }.compactMap(\.number)
        #expect(again == again.sorted(), "in their order")
        var seen: Set<String> = []
        let channels = own.compactMap(\.channel).filter { seen.insert($0).inserted }
        #expect(channels.starts(with: early + written))
        let rest = Array(channels.dropFirst(early.count + written.count))
        #expect(rest == (0..<rest.count).map { "late\($0)" } && rest.count > 5)
        #expect(told.last?.run != run, "what is new comes after what was left")
        try await after.stop()
    }
}
