// What exceeds a limit is answered with 111, or ends the connection; the clock of the day has no say in it.

import Metrics
import NIOCore
import NIOEmbedded
import RealtimeProtocol
import Synchronization
import Testing

@testable import RealtimeHub

@Suite("Limits of commands", .serialized)
struct CommandLimitTests {
    let loop = EmbeddedEventLoop()

    private func client(_ hub: Hub) throws -> TestClient {
        let client = TestClient(hub, on: loop)
        try client.connect()
        return client
    }

    private func limited(_ change: (inout CommandLimits) -> Void) -> CommandLimits {
        var limits = CommandLimits()
        change(&limits)
        return limits
    }

    private static let publish = Wire.Command.Body.publish(Wire.PublishRequest(channel: "open:a", data: ByteBuffer(string: "1")))

    /// A command of every kind, and what it is answered with where nothing limits it.
    private static let commands: [(HubOperation, Wire.Command.Body)] = [
        (.subscribe, .subscribe(Wire.SubscribeRequest(channel: "closed:a"))),
        (.unsubscribe, .unsubscribe(Wire.UnsubscribeRequest(channel: "open:a"))), (.publish, publish),
        (.history, .history(Wire.HistoryRequest(channel: "history:a"))),
        (.presence, .presence(Wire.PresenceRequest(channel: "presence:a"))),
        (.presenceStats, .presenceStats(Wire.PresenceStatsRequest(channel: "presence:a"))),
        (.subRefresh, .subRefresh(Wire.SubRefreshRequest(channel: "open:a", token: "t"))),
        (.rpc, .rpc(Wire.RPCRequest(method: "m"))),
    ]

    @Test(
        "A flood of every command: so many are done as may be, the others are answered with 111, and only those of its kind",
        arguments: 0..<8)
    func operations(index: Int) throws {
        let (operation, body) = Self.commands[index]
        let hub = TestHub.make { $0.limits.connectionCommands = limited { $0.operations[operation] = [.perSecond(5)] } }
        let client = try client(hub)
        for _ in 0..<200 { try client.send(body) }
        let codes = try client.received().filter { $0.id > 0 }.map { $0.error?.code ?? 0 }
        #expect(codes.count == 200)
        #expect(codes.prefix(5).allSatisfy { $0 != 111 })
        #expect(codes.dropFirst(5).allSatisfy { $0 == 111 })
        #expect(client.session.isOpen)
        for (other, body) in Self.commands where other != operation { #expect(try client.ask(body).error?.code != 111) }
        loop.advanceTime(by: .milliseconds(200))
        #expect(try client.ask(body).error?.code != 111)
        #expect(try client.ask(body).error?.code == 111)
    }

    @Test("The error is one that clients take for a reason to try again")
    func temporary() throws {
        let hub = TestHub.make { $0.limits.connectionCommands = limited { $0.total = [.perSecond(1)] } }
        let client = try client(hub)
        let error = try #require(try client.ask(Self.publish).error)
        #expect((error.code, error.temporary) == (111, true))
    }

    @Test("Of several rates all hold, and a command that one refuses costs nothing of the others")
    func rates() throws {
        let rates = [BucketRate.perSecond(2), BucketRate(4, per: .seconds(60))]
        let client = try client(TestHub.make { $0.limits.connectionCommands = limited { $0.operations[.publish] = rates } })
        var allowed = 0
        for _ in 0..<10 {
            for _ in 0..<10 where try client.ask(Self.publish).error == nil { allowed += 1 }
            loop.advanceTime(by: .seconds(1))
        }
        #expect(allowed == 4)
    }

    @Test("The usual rate is each operation's own; methods may have theirs")
    func usual() throws {
        var handlers = HubHandlers()
        handlers.call = nil
        let limits = limited {
            $0.usual = [.perSecond(1)]
            $0.methods = ["often": [.perSecond(3)]]
        }
        let client = try client(TestHub.make(handlers) { $0.limits.connectionCommands = limits })
        func codes(_ body: Wire.Command.Body, _ count: Int) throws -> [UInt32?] { try (0..<count).map { _ in try client.refusal(body) } }
        #expect(try codes(Self.publish, 2) == [nil, 111])
        #expect(try codes(.unsubscribe(Wire.UnsubscribeRequest(channel: "open:a")), 2) == [nil, 111])
        #expect(try codes(.rpc(Wire.RPCRequest(method: "often")), 4) == [108, 108, 108, 111])
        #expect(try codes(.rpc(Wire.RPCRequest(method: "other")), 2) == [108, 111])
    }

    @Test("Where it is told so, one too many ends the connection with 3013")
    func disconnects() throws {
        let limits = limited {
            $0.total = [.perSecond(3)]
            $0.disconnects = true
        }
        let client = try client(TestHub.make { $0.limits.connectionCommands = limits })
        for _ in 0..<3 { try client.send(Self.publish) }
        #expect(client.closeCode == 3_013)
    }

    @Test("A message that is not answered is dropped; answers to pings are free")
    func messages() async throws {
        let count = Mutex(0)
        var handlers = HubHandlers()
        handlers.message = { _, _ in count.withLock { $0 += 1 } }
        let limits = limited { $0.operations[.send] = [BucketRate(2, per: .seconds(60))] }
        let hub = TestHub.make(handlers) { $0.limits.connectionCommands = limits }
        let client = try await LiveClient(hub)
        _ = try await client.connect()
        for _ in 0..<10 { try await client.send(.send(Wire.SendRequest(data: ByteBuffer(string: "1")))) }
        #expect(try await client.ask(Self.publish).error == nil)
        #expect(count.withLock { $0 } == 2)
    }

    @Test("The connections of an address share what there is, and those of another do not")
    func addresses() throws {
        let hub = TestHub.make { $0.limits.addressCommands = limited { $0.operations[.publish] = [.perSecond(4)] } }
        let (one, other) = try (client(hub), client(hub))
        for _ in 0..<2 {
            #expect(try one.refusal(Self.publish) == nil)
            #expect(try other.refusal(Self.publish) == nil)
        }
        #expect(try one.refusal(Self.publish) == 111)
        #expect(try other.refusal(Self.publish) == 111)
    }

    @Test("Connecting too often from an address is answered with 111")
    func connects() throws {
        let hub = TestHub.make { $0.limits.addressCommands = limited { $0.operations[.connect] = [.perSecond(3)] } }
        let codes = try (0..<5).map { _ in try TestClient(hub, on: loop).refusal(.connect(Wire.ConnectRequest())) }
        #expect(codes == [nil, nil, nil, 111, 111])
    }

    @Test("More bytes than may be end the connection with 3013")
    func bytes() throws {
        let client = try client(TestHub.make { $0.limits.connectionCommands = limited { $0.bytes = [.perSecond(2_000)] } })
        let body = Wire.Command.Body.publish(
            Wire.PublishRequest(channel: "open:a", data: ByteBuffer(string: "\"" + String(repeating: "x", count: 500) + "\"")))
        for _ in 0..<3 { #expect(try client.refusal(body) == nil) }
        try client.send(body)
        #expect(client.closeCode == 3_013)
    }

    @Test("A client with too many errors is disconnected with 3509")
    func errors() throws {
        let client = try client(TestHub.make { $0.limits.errors = [BucketRate(3, per: .seconds(10))] })
        for _ in 0..<3 { #expect(try client.refusal(.history(Wire.HistoryRequest(channel: "open:a"))) == 108) }
        try client.send(.history(Wire.HistoryRequest(channel: "open:a")))
        #expect(client.closeCode == 3_509)
    }

    @Test("The clock of the day jumps a day back and forth: nothing is refused for it, and nothing is given away (R3)")
    func clockJump() throws {
        let day: Int64 = 86_400_000
        let time = Mutex<Int64>(1_700_000_000_000)
        let hub = TestHub.make {
            $0.now = { time.withLock { $0 } }
            $0.limits.connectionCommands = limited { $0.operations[.publish] = [.perSecond(2)] }
            $0.limits.connectionRate = .perSecond(1_000)
        }
        let client = try client(hub)
        for jump in [day, -2 * day, day] {
            for _ in 0..<2 { #expect(try client.refusal(Self.publish) == nil) }
            time.withLock { $0 += jump }
            #expect(try client.refusal(Self.publish) == 111, "a day more or less fills no bucket")
            #expect(hub.refusal(ofConnectionFrom: "192.0.2.1") == nil)
            loop.advanceTime(by: .seconds(1))
            #expect(client.session.isOpen)
        }
    }
}
