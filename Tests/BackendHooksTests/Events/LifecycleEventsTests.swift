// Events on their way to a backend that is there, away, slow, or will not have some.

import Foundation
import NIOCore
import RealtimeProtocol
import ServerTestSupport
import Synchronization
import Testing

@testable import BackendHooks
@testable import RealtimeHub

@Suite("Telling backends", .timeLimit(.minutes(1)))
struct LifecycleEventsTests {
    private static let secret = "a secret of sixteen"

    /// The channels of the `cache_empty` events in a body, in their order.
    private static func channels(_ body: String) -> [String] {
        struct Batch: Decodable {
            struct Event: Decodable { var type, id: String; var channel: String? }
            var events: [Event]
        }
        let batch = try? JSONDecoder().decode(Batch.self, from: Data(body.utf8))
        return batch?.events.filter { $0.type == "cache_empty" }.compactMap(\.channel) ?? []
    }

    private func taken(_ backend: TestBackend) -> [String] { backend.requests.flatMap { Self.channels($0.body) } }

    private func configuration(_ backend: TestBackend) -> EventConfiguration {
        var configuration = EventConfiguration(url: "\(backend.url)/events", secrets: [Self.secret])
        configuration.batchDelay = .milliseconds(10)
        configuration.retryPause = .milliseconds(20) ... .milliseconds(100)
        configuration.flushTimeout = .seconds(10)
        configuration.timeout = .milliseconds(500)
        return configuration
    }

    private func run(_ configuration: EventConfiguration, _ body: (LifecycleEvents) async throws -> Void) async throws {
        let events = try LifecycleEvents(configuration, logger: quiet)
        let task = Task { await events.run(node: "n1") }
        do { try await body(events) } catch {
            task.cancel()
            throw error
        }
        events.finish()
        await task.value
    }

    private func record(_ range: Range<Int>, _ events: LifecycleEvents) {
        for index in range { events.record(.cacheEmpty(channel: "\(index)")) }
    }

    @Test("in batches, signed, in their order, and all of them when the server ends")
    func all() async throws {
        let backend = try await TestBackend { _ in .status(204) }
        try await run(configuration(backend)) { record(0..<1_000, $0) }
        #expect(taken(backend) == (0..<1_000).map(String.init))
        #expect(backend.requests.count < 20)
        for request in backend.requests {
            #expect(request.path == "/events")
            #expect(request["content-type"] == "application/json")
            let signature = try #require(request["heliograph-signature"])
            let now = Int64(Date().timeIntervalSince1970)
            #expect(EventSignature.isValid(signature, body: ByteBuffer(string: request.body), secret: Self.secret, now: now))
        }
        #expect(backend.requests[0].body.hasPrefix(#"{"node":"n1","events":[{"id":""#))
        #expect(backend.requests[0].body.contains(#""type":"started""#))
    }

    @Test("the last are told however long they would have been gathered")
    func longDelay() async throws {
        let backend = try await TestBackend { _ in .status(204) }
        var configuration = configuration(backend)
        configuration.batchDelay = .seconds(60)
        configuration.flushTimeout = .seconds(5)
        let start = ContinuousClock.now
        try await run(configuration) { events in
            record(0..<10, events)
            try await Task.sleep(for: .milliseconds(50))
        }
        #expect(taken(backend) == (0..<10).map(String.init))
        #expect(start.duration(to: .now) < .seconds(4))
    }

    static let failures: [TestBackend.Answer] = [
        .status(500), .status(429, fields: "retry-after: 0\r\n"), .status(301, fields: "location: /x\r\n"), .reset, .silence,
        .raw("?\r\n\r\n"),
    ]

    @Test("a backend that fails for a while gets all of it later, in order", arguments: failures.indices)
    func retries(index: Int) async throws {
        let failure = Self.failures[index]
        let good = Mutex<[String]>([])
        let count = Mutex(0)
        let backend = try await TestBackend { request in
            let number = count.withLock { count -> Int in
                count += 1
                return count
            }
            guard number > 3 else { return failure }
            good.withLock { $0 += Self.channels(request.body) }
            return .json("{}")
        }
        try await run(configuration(backend)) { events in
            record(0..<10, events)
            try await Task.sleep(for: .milliseconds(50))
            record(10..<500, events)
        }
        #expect(good.withLock { $0 } == (0..<500).map(String.init))
    }

    @Test("what it will not have is found among the rest, dropped, and nothing else is lost", arguments: [400, 413, 422])
    func poison(status: Int) async throws {
        let good = Mutex<[String]>([])
        let backend = try await TestBackend { request in
            let channels = Self.channels(request.body)
            if channels.contains("7") { return .status(status) }
            good.withLock { $0 += channels }
            return .json("{}")
        }
        try await run(configuration(backend)) { record(0..<50, $0) }
        #expect(good.withLock { $0 } == (0..<50).filter { $0 != 7 }.map(String.init))
        #expect(backend.requests.count < 40)
    }

    @Test("what is left on disk when the server ends is sent by the next, and nothing is lost between")
    func restart() async throws {
        let folder = try TemporaryFolder()
        let backend = try await TestBackend { _ in .status(503) }
        var configuration = configuration(backend)
        configuration.queue.directory = folder.path("queue")
        configuration.flushTimeout = .milliseconds(100)
        try await run(configuration) { record(0..<300, $0) }
        let good = Mutex<[String]>([])
        backend.replace { request in
            good.withLock { $0 += Self.channels(request.body) }
            return .json("{}")
        }
        configuration.flushTimeout = .seconds(10)
        try await run(configuration) { record(300..<310, $0) }
        #expect(good.withLock { $0 } == (0..<310).map(String.init))
    }

    @Test("a process that is killed loses nothing that it wrote, whatever becomes of the rest")
    func killed() async throws {
        let folder = try TemporaryFolder()
        let backend = try await TestBackend { _ in .status(503) }
        var configuration = configuration(backend)
        configuration.queue.directory = folder.path("queue")
        let task = Task { [configuration] in
            let events = try LifecycleEvents(configuration, logger: quiet)
            record(0..<100, events)
            await events.run(node: "n1")
        }
        try await eventually("it is written") { !backend.requests.isEmpty }
        // No last word: as if the process were gone.
        task.cancel()
        _ = try await task.value
        let good = Mutex<[String]>([])
        backend.replace { request in
            good.withLock { $0 += Self.channels(request.body) }
            return .json("{}")
        }
        try await run(configuration) { _ in }
        #expect(good.withLock { $0 } == (0..<100).map(String.init))
    }

    @Test("events that can't be read for a while are sent when they can be, though nothing else happens")
    func heldUp() async throws {
        let folder = try TemporaryFolder()
        let good = Mutex<[String]>([])
        let isUp = Mutex(false)
        let backend = try await TestBackend { request in
            guard isUp.withLock({ $0 }) else { return .status(503) }
            good.withLock { $0 += Self.channels(request.body) }
            return .json("{}")
        }
        var configuration = configuration(backend)
        configuration.queue.directory = folder.path("queue")
        configuration.queue.maxBytes = 1 << 20
        try await run(configuration) { events in
            record(0..<3_000, events)
            try await eventually("they are written") { events.queue.size.events == 3_001 && !backend.requests.isEmpty }
            let files = try FileManager.default.contentsOfDirectory(atPath: folder.path("queue")).filter { $0.hasSuffix(".events") }
            let second = try #require(files.sorted().dropFirst().first)
            let (path, away) = (folder.path("queue/\(second)"), folder.path("away"))
            try FileManager.default.moveItem(atPath: path, toPath: away)
            // A link can't be opened, as nothing can be while no descriptor is left.
            try FileManager.default.createSymbolicLink(atPath: path, withDestinationPath: away)
            isUp.withLock { $0 = true }
            // The first of all events is that of the start.
            let inFirst = try #require(Int(second.prefix { $0 != "." })) - 2
            try await eventually("those of the first file come") { good.withLock { $0.count } >= inFirst }
            try await Task.sleep(for: .milliseconds(100))
            #expect(good.withLock { $0.count } == inFirst)
            try FileManager.default.removeItem(atPath: path)
            try FileManager.default.moveItem(atPath: away, toPath: path)
            try await eventually("the others come") { good.withLock { $0.count } == 3_000 }
        }
        #expect(good.withLock { $0 } == (0..<3_000).map(String.init))
    }

    @Test("the end does not wait longer than it may for a backend that is away")
    func bounded() async throws {
        let backend = try await TestBackend { _ in .silence }
        var configuration = configuration(backend)
        configuration.flushTimeout = .milliseconds(300)
        let start = ContinuousClock.now
        try await run(configuration) { record(0..<10, $0) }
        #expect(ContinuousClock.now - start < .seconds(5))
    }

    @Test("a full queue keeps the newest")
    func full() async throws {
        let good = Mutex<[String]>([])
        let isUp = Mutex(false)
        let backend = try await TestBackend { request in
            guard isUp.withLock({ $0 }) else { return .status(500) }
            good.withLock { $0 += Self.channels(request.body) }
            return .json("{}")
        }
        var configuration = configuration(backend)
        configuration.queue.maxBytes = 16 << 10
        try await run(configuration) { events in
            record(0..<1_000, events)
            try await eventually("it is dropped") { events.queue.size.events < 200 && !backend.requests.isEmpty }
            isUp.withLock { $0 = true }
        }
        let left = good.withLock { $0 }
        #expect(left.last == "999")
        #expect(left.count < 200 && left.count > 50)
        #expect(left == (1_000 - left.count..<1_000).map(String.init))
    }

    @Test("another configuration has what waits go elsewhere, signed by other secrets, in its order")
    func replaced() async throws {
        let away = try await TestBackend { _ in .status(503) }
        let here = try await TestBackend { _ in .status(204) }
        try await run(configuration(away)) { events in
            record(0..<50, events)
            try await eventually("it is tried") { !away.requests.isEmpty }
            var new = configuration(here)
            new.secrets = ["another secret of more"]
            new.batchSize = 10
            events.take(try LifecycleEvents.Change(to: new))
            record(50..<60, events)
            try await eventually("all arrive") { taken(here).count >= 60 }
        }
        #expect(taken(here) == (0..<60).map(String.init))
        let request = try #require(here.requests.first)
        let (value, body) = (try #require(request["heliograph-signature"]), ByteBuffer(string: request.body))
        let now = Int64(Date().timeIntervalSince1970)
        #expect(EventSignature.isValid(value, body: body, secret: "another secret of more", now: now))
        #expect(!EventSignature.isValid(value, body: body, secret: Self.secret, now: now))
        #expect(here.requests.count >= 6, "in batches of ten")
    }

    @Test("a channel is vacated while nothing else happens")
    func vacated() async throws {
        let backend = try await TestBackend { _ in .json("{}") }
        var configuration = configuration(backend)
        configuration.vacatedDelay = .milliseconds(100)
        try await run(configuration) { events in
            let ada = ClientIdentity(client: "c1", user: "ada")
            events.record(.subscribed(ada, channel: "a"))
            events.record(.unsubscribed(ada, channel: "a", .client))
            try await eventually("it is vacated") { backend.requests.contains { $0.body.contains(#""type":"vacated""#) } }
        }
    }
}
