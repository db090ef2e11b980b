// Promise (design, "Reliability"): a recoverable channel delivers every publication after the client's position exactly once and in order, or says
// that it does not. A machine against a real hub, both in memory and on a clock of the test: connections that are cut anywhere, readers that sleep,
// subscribing and unsubscribing, in random order.

import NIOCore
import NIOEmbedded
import PubSub
import RealtimeHub
import RealtimeProtocol
import Testing
import WebSocketTesting

@testable import RealtimeClient

@Suite("Recovery under random schedules", .serialized)
struct RecoveryPropertyTests {
    /// The hub's end of a connection, kept in memory.
    private final class Wire: SessionTransport {
        let eventLoop: any EventLoop
        let format: WireFormat
        var name: String { "test" }
        var isUnidirectional: Bool { false }
        var needsPings: Bool { true }
        var bufferedBytes: Int { 0 }
        var batches: [ByteBuffer] = []
        var closeCode: DisconnectCode?

        init(_ loop: any EventLoop, _ format: WireFormat) {
            eventLoop = loop
            self.format = format
        }

        func send(_ batch: ByteBuffer) { batches.append(batch) }
        func send(_ batch: SharedBatch, mayWait: Bool) { batches.append(batch.bytes) }
        func holdReads(_ isHeld: Bool) {}
        func close(_ code: DisconnectCode) { closeCode = code }
    }

    /// What a reader was told, and what is wrong with it.
    private struct Checker {
        private var last: UInt64?
        /// Where a stream begins anew that was not recovered: that it was missed has to be said before anything else.
        private var unsaid: UInt64?
        /// It was said, without saying where it goes on.
        private(set) var mayJump = false
        private(set) var faults: [String] = []
        private(set) var misses = 0
        private(set) var publications = 0
        private(set) var recoveries = 0

        var position: UInt64 { last ?? 0 }

        mutating func take(_ event: Client.SubscriptionEvent) {
            switch event {
            case .publication(let publication): take(publication)
            case .missed:
                misses += 1
                if let unsaid { last = unsaid } else { mayJump = true }
                unsaid = nil
            case .subscribed(let subscribed):
                if subscribed.recovered {
                    recoveries += 1
                } else if subscribed.wasRecovering {
                    unsaid = subscribed.position?.offset
                } else if last == nil {
                    last = subscribed.position?.offset
                } else {
                    faults.append("it begins anew, and does not say so")
                }
            case .subscribing, .unsubscribed, .join, .leave, .error: break
            }
        }

        private mutating func take(_ publication: Client.Publication) {
            if unsaid != nil { faults.append("\(publication.offset) before it is said what is missing") }
            if !mayJump, let last, publication.offset != last + 1 { faults.append("\(publication.offset) after \(last)") }
            if String(buffer: publication.data) != RecoveryPropertyTests.text(publication.offset) {
                faults.append("\(publication.offset) has another's data")
            }
            publications += 1
            last = publication.offset
            mayJump = false
        }
    }

    private struct Outcome {
        var checker = Checker()
        var published: UInt64 = 0
        var connections = 0
    }

    fileprivate static func text(_ number: UInt64) -> String { #"{"number":\#(number),"text":"the same for all, the same for all"}"# }

    private struct World {
        var client: MachineClient
        let key: SubscriptionKey
        let hub: Hub
        let broker: MemoryBroker
        let loop = EmbeddedEventLoop()
        let format: WireFormat
        let retention: Retention?
        var connection: (wire: Wire, session: Session)?
        var opened = 0
        var outcome = Outcome()

        init(seed: UInt64, historySize: Int) throws {
            format = seed % 2 == 0 ? .json : .protobuf
            var settings = TestHub.history
            settings.historySize = historySize
            retention = settings.retention
            broker = MemoryBroker()
            var configuration = HubConfiguration()
            configuration.allowsAnonymousConnections = true
            hub = Hub(configuration: configuration, namespaces: Namespaces(named: ["history": settings]), broker: broker)
            let format = format
            client = MachineClient(random: 0.5) { ($0.format, $0.maxBufferedEvents) = (format, 16) }
            key = try client.subscribe("history:a") { if seed % 4 >= 2 { $0.delta = .fossil } }
            client.connect()
        }

        mutating func publish() {
            outcome.published += 1
            var options = PublishOptions(retention: retention)
            options.usesDelta = true
            broker.publish(Array(RecoveryPropertyTests.text(outcome.published).utf8), to: "history:a", options) { _ in }
        }

        /// What the client wants of the network is done, and some of what the hub has sent arrives.
        mutating func turn(arriving count: Int = .max) {
            if client.opened.count > opened {
                opened = client.opened.count
                connection?.session.closed()
                let wire = Wire(loop, format)
                connection = (wire, hub.open(wire))
                outcome.connections += 1
                client.open()
            }
            loop.run()
            for frame in client.takeFrames() { connection?.session.received(frame) }
            loop.run()
            guard let wire = connection?.wire else { return }
            let arriving = wire.batches.prefix(count)
            wire.batches.removeFirst(arriving.count)
            for batch in arriving { client.receive(batch) }
            if let code = wire.closeCode, wire.batches.isEmpty {
                connection = nil
                client.lose(code.number, code.reason)
            }
        }

        mutating func cut() {
            connection?.session.closed()
            connection = nil
            client.lose()
        }

        mutating func read(_ count: Int) {
            for event in client.events(of: key, atMost: count) { outcome.checker.take(event) }
        }

        mutating func pass(_ duration: Duration) {
            loop.advanceTime(by: TimeAmount(duration))
            client.wait(duration)
        }
    }

    private func run(seed: UInt64, historySize: Int = 100) throws -> Outcome {
        var random = SeededRandom(seed: seed)
        var world = try World(seed: seed, historySize: historySize)
        defer { world.hub.shutDown() }
        for _ in 0..<500 {
            switch Int.random(in: 0..<16, using: &random) {
            case 0..<5: world.publish()
            case 5: for _ in 0..<Int.random(in: 1...30, using: &random) { world.publish() }
            case 6..<9: world.turn(arriving: Int.random(in: 0...3, using: &random))
            case 9: world.turn()
            case 10: if Int.random(in: 0..<3, using: &random) == 0 { world.cut() }
            case 11: world.pass(.milliseconds(Int.random(in: 0...2_000, using: &random)))
            case 12:
                if Int.random(in: 0..<6, using: &random) == 0 {
                    world.client.tell { [key = world.key] in $0.unsubscribe(key, at: $1) }
                }
            case 13: world.client.tell { [key = world.key] in $0.resume(key, at: $1) }
            default: world.read(Int.random(in: 0...12, using: &random))
            }
        }
        // In the end everybody comes back and reads what is left.
        world.client.tell { [key = world.key] in $0.resume(key, at: $1) }
        for _ in 0..<200 {
            world.turn()
            world.read(.max)
            world.pass(.milliseconds(500))
        }
        return world.outcome
    }

    @Test("every publication exactly once and in order, or it is said", arguments: 0..<24 as Range<UInt64>)
    func promise(seed: UInt64) throws {
        let outcome = try run(seed: seed)
        #expect(outcome.checker.faults == [])
        #expect(outcome.checker.position == outcome.published || outcome.checker.mayJump)
    }

    @Test("also where the history is short", arguments: 0..<12 as Range<UInt64>)
    func shortHistory(seed: UInt64) throws {
        let outcome = try run(seed: seed, historySize: 5)
        #expect(outcome.checker.faults == [])
        #expect(outcome.checker.position == outcome.published || outcome.checker.mayJump)
    }

    @Test("both happen: what was missed is recovered, and what can't be is said to be missed")
    func bothHappen() throws {
        let long = try (100..<106).map { try run(seed: $0, historySize: 1_000) }
        #expect(long.reduce(0) { $0 + $1.connections } > 12)
        #expect(long.reduce(0) { $0 + $1.checker.recoveries } > 12)
        #expect(long.reduce(0) { $0 + $1.checker.publications } > 600)
        let short = try (100..<106).map { try run(seed: $0, historySize: 5) }
        #expect(short.contains { $0.checker.misses > 0 })
    }

    @Test("the checker sees what is missing, twice, or out of order")
    func checker() {
        func faults(_ offsets: [UInt64], missedBefore: UInt64? = nil) -> Int {
            var checker = Checker()
            let subscribed = Client.Subscribed(
                channel: "a", isRecoverable: true, isPositioned: true, position: Client.StreamPosition(epoch: "e", offset: 0),
                wasRecovering: false, recovered: false, data: ByteBuffer())
            checker.take(.subscribed(subscribed))
            for offset in offsets {
                if offset == missedBefore { checker.take(.missed) }
                let wire = RealtimeProtocol.Wire.Publication(data: ByteBuffer(string: Self.text(offset)), offset: offset)
                checker.take(.publication(Client.Publication(wire, channel: "a", data: wire.data, position: nil)))
            }
            return checker.faults.count
        }
        #expect(faults([1, 2, 3, 4]) == 0)
        #expect(faults([2, 3]) > 0)
        #expect(faults([1, 2, 4]) > 0)
        #expect(faults([1, 2, 2, 3]) > 0)
        #expect(faults([1, 3, 2, 4]) > 0)
        #expect(faults([1, 2, 7, 8], missedBefore: 7) == 0)
    }
}
