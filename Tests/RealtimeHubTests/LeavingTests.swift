// The end of a server, as its sessions see it.

import NIOCore
import NIOEmbedded
import PubSub
import RealtimeProtocol
import Testing

@testable import RealtimeHub

@Suite("Leaving (R5)")
struct LeavingTests {
    let loop = EmbeddedEventLoop()
    let hub = TestHub.make { $0.shutdownWindow = .seconds(1) }

    private func subscriber() throws -> TestClient {
        let client = TestClient(hub, on: loop)
        try client.connect()
        _ = try client.subscribe("open:a")
        _ = try client.received()
        return client
    }

    @Test("what was published before is with the client before its end, although the loop has not had its turn")
    func flushed() throws {
        let client = try subscriber()
        for number in 1...40 { hub.core.broker.publish(Array("\(number)".utf8), to: "open:a", PublishOptions()) { _ in } }
        #expect(client.transport.batches.isEmpty)
        client.session.shutDown()
        let replies = try client.received()
        #expect(replies.count == 40)
        #expect(client.closeCode == 3_001)
    }

    @Test("more than one turn's worth is, too")
    func muchMore() throws {
        let hub = TestHub.make { $0.maxPublicationsPerTurn = 10 }
        let client = TestClient(hub, on: loop)
        try client.connect()
        _ = try client.subscribe("open:a")
        _ = try client.received()
        for number in 1...95 { hub.core.broker.publish(Array("\(number)".utf8), to: "open:a", PublishOptions()) { _ in } }
        client.session.shutDown()
        #expect(try client.received().count == 95)
    }

    @Test("a few leave at once")
    func few() throws {
        let clients = try (0..<30).map { _ in try subscriber() }
        for client in clients { client.session.leave() }
        loop.run()
        #expect(clients.allSatisfy { $0.closeCode == 3_001 })
    }

    @Test("many leave one after the other, over the whole of the window")
    func many() throws {
        let clients = try (0..<1_000).map { _ in try subscriber() }
        for client in clients { client.session.leave() }
        func gone() -> Int { clients.count { $0.closeCode != nil } }
        loop.run()
        #expect(gone() == 100)
        loop.advanceTime(by: .milliseconds(500))
        #expect((550...650).contains(gone()))
        loop.advanceTime(by: .milliseconds(500))
        #expect(gone() == 1_000)
        #expect(clients.allSatisfy { $0.closeCode == 3_001 })
    }

    @Test("one that goes meanwhile, or is told twice, is no trouble")
    func others() throws {
        let clients = try (0..<200).map { _ in try subscriber() }
        for client in clients { client.session.leave() }
        for client in clients { client.session.leave() }
        clients[199].session.closed()
        loop.advanceTime(by: .seconds(2))
        #expect(clients.dropLast().allSatisfy { $0.closeCode == 3_001 })
        let late = try subscriber()
        late.session.leave()
        loop.run()
        #expect(late.closeCode == 3_001, "another one later has its turn, too")
    }
}
