import Metrics
import MetricsTestKit
import NIOCore
import NIOEmbedded
import PubSub
import RealtimeProtocol
import Testing

@testable import RealtimeHub

/// What one client or one channel may take from the others (A4, A15).
@Suite("Fairness", .serialized)
struct FairnessTests {
    let loop = EmbeddedEventLoop()

    private func client(_ hub: Hub) throws -> TestClient {
        let client = TestClient(hub, on: loop)
        try client.connect()
        return client
    }

    @Test("A client that sends more commands than it may is disconnected with 3013; a second later it could have gone on")
    func commands() throws {
        let hub = TestHub.make { $0.maxCommandsPerSecond = 100 }
        let (patient, flood) = try (client(hub), client(hub))
        for _ in 0..<3 {
            for _ in 0..<95 { try patient.ask(.unsubscribe(Wire.UnsubscribeRequest(channel: "open:a"))) }
            loop.advanceTime(by: .seconds(1))
        }
        #expect(patient.session.isOpen)
        for _ in 0..<200 where flood.session.isOpen { try flood.send(.unsubscribe(Wire.UnsubscribeRequest(channel: "open:a"))) }
        #expect(flood.closeCode == 3_013)
        #expect(try flood.received().count(where: { $0.id > 0 }) == 100)
    }

    @Test("Zero commands a second are as many as one likes")
    func noLimit() throws {
        let client = try client(TestHub.make { $0.maxCommandsPerSecond = 0 })
        for _ in 0..<1_000 { try client.ask(.unsubscribe(Wire.UnsubscribeRequest(channel: "open:a"))) }
        #expect(client.session.isOpen)
    }

    @Test("A channel with much to say does not keep the others waiting: it has a part of each turn")
    func turns() async throws {
        let hub = TestHub.make { $0.maxPublicationsPerTurn = 10 }
        let (hot, cold) = try (client(hub), client(hub))
        _ = try hot.subscribe("open:hot")
        _ = try cold.subscribe("open:cold")
        for number in 0..<25 { try await hub.publish(Array("\(number)".utf8), to: "open:hot") }
        try await hub.publish(Array("1".utf8), to: "open:cold")
        let hubLoop = hub.loop(loop)
        var texts: [String] = []
        loop.execute {
            // The first turn is over: the cold channel has had its publication, the hot one a part.
            #expect(cold.transport.batches.count == 1)
            #expect(hubLoop.channels["open:hot"]?.hasPending == true)
        }
        texts += try hot.publications().map(\.text)
        #expect(texts == (0..<25).map { "\($0)" }, "all, in order, in the end")
        #expect(hubLoop.channels["open:hot"]?.hasPending == false)
    }

    @Test("What waits on a loop is bounded: what comes beyond is dropped, and who has a position is told")
    func bound() async throws {
        let hub = TestHub.make { $0.maxWaitingDeliveries = 20 }
        let (positioned, plain) = try (client(hub), client(hub))
        _ = try positioned.subscribe("history:a") { $0.positioned = true }
        _ = try plain.subscribe("open:a")
        for number in 0..<30 { try await hub.publish(Array("\(number)".utf8), to: "history:a") }
        #expect(try positioned.publications().map(\.text) == (0..<20).map { "\($0)" })
        try await hub.publish(Array("30".utf8), to: "history:a")
        let pushes = try positioned.received().compactMap { reply in
            if case .push(let push) = reply.body { push } else { nil }
        }
        guard case .unsubscribe(let unsubscribe) = pushes.first?.body else { throw Unexpected("\(pushes)") }
        #expect(unsubscribe.code == 2_500)
        for number in 0..<30 { try await hub.publish(Array("\(number)".utf8), to: "open:a") }
        #expect(try plain.publications().count == 20)
        try await hub.publish(Array("31".utf8), to: "open:a")
        #expect(try plain.publications().map(\.text) == ["31"], "a plain channel goes on")
    }

    @Test("What nobody on the loop wants any more does not count as waiting")
    func vanished() async throws {
        let hub = TestHub.make { $0.maxWaitingDeliveries = 20 }
        let client = try client(hub)
        for _ in 0..<10 {
            _ = try client.subscribe("open:a")
            for number in 0..<15 { try await hub.publish(Array("\(number)".utf8), to: "open:a") }
            try client.send(.unsubscribe(Wire.UnsubscribeRequest(channel: "open:a")))
        }
        _ = try client.subscribe("open:a")
        _ = try client.received()
        for number in 0..<20 { try await hub.publish(Array("\(number)".utf8), to: "open:a") }
        #expect(try client.publications().count == 20)
    }

    @Test("Publications that are waiting for their turn are no gap when positions are checked")
    func positionCheck() async throws {
        let hub = TestHub.make {
            $0.maxPublicationsPerTurn = 1
            $0.positionCheckInterval = .seconds(1)
        }
        let client = try client(hub)
        _ = try client.subscribe("history:a") { $0.positioned = true }
        for number in 0..<5 { try await hub.publish(Array("\(number)".utf8), to: "history:a") }
        loop.advanceTime(by: .seconds(3))
        #expect(try client.publications().count == 5)
        #expect(client.session.subscriptions["history:a"] != nil)
    }

    @Test("Ten thousand joins and leaves are bounded like publications, and reach only who asked for them")
    func joins() throws {
        let hub = TestHub.make { $0.maxWaitingDeliveries = 64 }
        let (watcher, other) = try (client(hub), client(hub))
        _ = try watcher.subscribe("presence:a") { $0.joinLeave = true }
        _ = try other.subscribe("presence:a")
        _ = try other.received()
        for number in 0..<10_000 {
            hub.core.broker.publishJoin(
                ClientInfo(user: "", client: "\(number)", connectionInfo: nil, channelInfo: nil), on: "presence:a")
        }
        let joins = try watcher.received().count { reply in
            if case .push(let push) = reply.body, case .join = push.body { true } else { false }
        }
        #expect(joins <= 65)
        #expect(try other.received().isEmpty)
    }
}
