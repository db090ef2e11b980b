// Promise (design, "Reliability"): a recoverable channel delivers every publication after the client's position exactly once and in order, or
// says "not recovered". Random schedules of publishing, losing connections and coming back, judged by a checker that is itself first shown to
// catch brokers that lose and swap.

import NIOCore
import NIOEmbedded
import PubSub
import RealtimeProtocol
import Testing
import WebSocketTesting

@testable import RealtimeHub

@Suite("Recovery under random schedules", .serialized)
struct RecoveryPropertyTests {
    /// What one client has got, and what is wrong with it.
    private struct Checker {
        var position: StreamPosition?
        var skipped = 0
        var recovered = 0
        var faults: [String] = []

        mutating func subscribed(_ result: Wire.SubscribeResult) {
            if let position, result.wasRecovering, result.recovered {
                if position.epoch != result.epoch { faults.append("recovered into another epoch") }
                recovered += 1
            } else if position != nil {
                // Said openly: what lies between is lost, and the client knows.
                skipped += 1
                position = StreamPosition(offset: result.offset, epoch: result.epoch)
            } else {
                position = StreamPosition(offset: result.offset, epoch: result.epoch)
            }
            for publication in result.publications { take(publication) }
        }

        mutating func take(_ publication: Wire.Publication) {
            guard var position else { return faults.append("a publication before the answer") }
            if publication.offset != position.offset + 1 { faults.append("\(publication.offset) after \(position.offset)") }
            if String(buffer: publication.data) != "\(publication.offset)" { faults.append("\(publication.offset) has another's data") }
            position.offset = publication.offset
            self.position = position
        }
    }

    /// A broker with a fault on the way to its receiver, not in its history.
    private final class FaultyBroker: Broker, BrokerReceiver, @unchecked Sendable {
        // `@unchecked`: used on one thread.
        enum Fault {
            case none
            case dropsSome
            case swapsSome
            case forgetsOffsets
        }

        private let inner = MemoryBroker()
        private let fault: Fault
        private weak var receiver: (any BrokerReceiver)?
        private var held: (Publication, String)?
        private var count = 0

        init(_ fault: Fault) { self.fault = fault }

        func published(_ publication: Publication, on channel: String, delta base: Publication?, excluding client: String?) {
            count += 1
            var publication = publication
            switch fault {
            case .dropsSome where count % 7 == 0: return
            case .swapsSome where count % 5 == 0:
                held = (publication, channel)
                return
            case .forgetsOffsets where count % 9 == 0: publication.offset += 1
            default: break
            }
            receiver?.published(publication, on: channel, delta: base, excluding: client)
            if let (late, channel) = held {
                held = nil
                receiver?.published(late, on: channel, delta: nil, excluding: nil)
            }
        }

        func joined(_ info: ClientInfo, on channel: String) {}
        func left(_ info: ClientInfo, on channel: String) {}
        func start(_ receiver: any BrokerReceiver) {
            self.receiver = receiver
            inner.start(self)
        }
        func stop() { inner.stop() }
        func subscribe(_ channel: String, _ completion: @escaping @Sendable (Result<Void, BrokerError>) -> Void) {
            inner.subscribe(channel, completion)
        }
        func unsubscribe(_ channel: String) { inner.unsubscribe(channel) }
        func publish(
            _ data: [UInt8], to channel: String, _ options: PublishOptions,
            _ completion: @escaping @Sendable (Result<PublishResult, BrokerError>) -> Void
        ) { inner.publish(data, to: channel, options, completion) }
        func publishJoin(_ info: ClientInfo, on channel: String) {}
        func publishLeave(_ info: ClientInfo, on channel: String) {}
        func history(
            of channel: String, _ query: HistoryQuery, retention: Retention?,
            _ completion: @escaping @Sendable (Result<History, BrokerError>) -> Void
        ) { inner.history(of: channel, query, retention: retention, completion) }
        func removeHistory(of channel: String, _ completion: @escaping @Sendable (Result<Void, BrokerError>) -> Void) {
            inner.removeHistory(of: channel, completion)
        }
    }

    private struct Outcome {
        var faults: [String] = []
        var resubscriptions = 0
        var skips = 0
        var recoveries = 0
        var behind = 0
    }

    private func run(seed: UInt64, _ fault: FaultyBroker.Fault, clients count: Int = 4, steps: Int = 400) throws -> Outcome {
        var random = SeededRandom(seed: seed)
        let loop = EmbeddedEventLoop()
        let broker = FaultyBroker(fault)
        var settings = TestHub.history
        settings.historySize = 200
        settings.forceRecovery = true
        var configuration = HubConfiguration()
        configuration.allowsAnonymousConnections = true
        let hub = Hub(configuration: configuration, namespaces: Namespaces(named: ["history": settings]), broker: broker)
        defer { hub.shutDown() }
        var clients: [TestClient?] = Array(repeating: nil, count: count)
        var checkers = Array(repeating: Checker(), count: count)
        var outcome = Outcome()
        var published = 0

        func come(_ index: Int, _ format: WireFormat) throws {
            let client = TestClient(hub, on: loop, format)
            try client.connect()
            clients[index] = client
            try resubscribe(index)
        }

        func resubscribe(_ index: Int) throws {
            guard let client = clients[index] else { return }
            outcome.resubscriptions += 1
            let result = try client.subscribe("history:a") { request in
                guard let position = checkers[index].position else { return }
                request.recover = true
                request.offset = position.offset
                request.epoch = position.epoch
            }
            checkers[index].subscribed(result)
        }

        func listen(_ index: Int) throws {
            guard let client = clients[index] else { return }
            for reply in try client.received() {
                guard case .push(let push) = reply.body else { continue }
                switch push.body {
                case .publication(let publication): checkers[index].take(publication)
                case .unsubscribe(let unsubscribe) where unsubscribe.code >= 2_500: try resubscribe(index)
                default: break
                }
            }
        }

        func publish() throws {
            published += 1
            var options = PublishOptions()
            options.retention = settings.retention
            broker.publish(Array("\(published)".utf8), to: "history:a", options) { _ in }
            if Bool.random(using: &random) { loop.run() }
        }

        for _ in 0..<steps {
            let index = Int.random(in: 0..<count, using: &random)
            switch Int.random(in: 0..<10, using: &random) {
            case 0..<6: try publish()
            case 6: for _ in 0..<Int.random(in: 1...60, using: &random) { try publish() }
            case 7: try listen(index)
            case 8:
                // What had not been read is lost with the connection; the position is that of what was.
                clients[index]?.session.closed()
                clients[index] = nil
            default:
                if clients[index] == nil { try come(index, Bool.random(using: &random) ? .json : .protobuf) } else { try listen(index) }
            }
        }
        // In the end all come back. What a broker lost last shows when a quiet channel's position is looked at.
        for index in 0..<count {
            if clients[index] == nil { try come(index, .json) }
            try listen(index)
        }
        for _ in 0..<60 {
            loop.advanceTime(by: .seconds(1))
            for index in 0..<count {
                for reply in try clients[index]?.received() ?? [] {
                    if reply == Wire.Reply() { clients[index]?.send(clients[index]?.transport.format == .json ? "{}" : "\u{0}") }
                    guard case .push(let push) = reply.body else { continue }
                    switch push.body {
                    case .publication(let publication): checkers[index].take(publication)
                    case .unsubscribe: try resubscribe(index)
                    default: break
                    }
                }
            }
        }
        for checker in checkers {
            outcome.faults += checker.faults
            outcome.skips += checker.skipped
            outcome.recoveries += checker.recovered
            if checker.position?.offset != UInt64(published) { outcome.behind += 1 }
        }
        return outcome
    }

    @Test("Every publication exactly once and in order, or the client was told", arguments: 0..<40 as Range<UInt64>)
    func promise(seed: UInt64) throws {
        let outcome = try run(seed: seed, .none)
        #expect(outcome.faults == [])
        #expect(outcome.behind == 0)
    }

    @Test("Also if the broker loses, swaps or misnumbers what it delivers", arguments: 0..<20 as Range<UInt64>)
    func faultyBrokers(seed: UInt64) throws {
        for fault in [FaultyBroker.Fault.dropsSome, .swapsSome, .forgetsOffsets] {
            let outcome = try run(seed: seed, fault)
            #expect(outcome.faults.filter { !$0.hasSuffix("another's data") } == [], "\(fault)")
            #expect(outcome.behind == 0, "\(fault)")
        }
    }

    @Test("Recovery is not for show: clients come back by it, and are told when it fails")
    func bothHappen() throws {
        let outcomes = try (0..<10).map { try run(seed: $0 + 1_000, .none) }
        #expect(outcomes.allSatisfy { $0.resubscriptions > 10 && $0.recoveries > 3 })
        #expect(outcomes.contains { $0.skips > 0 })
    }

    @Test("The checker sees a publication that is missing, twice, or out of order")
    func checker() {
        func faults(_ offsets: [UInt64]) -> Int {
            var checker = Checker()
            checker.subscribed(Wire.SubscribeResult(epoch: "e"))
            for offset in offsets { checker.take(Wire.Publication(data: ByteBuffer(string: "\(offset)"), offset: offset)) }
            return checker.faults.count
        }
        #expect(faults([1, 2, 3, 4]) == 0)
        #expect(faults([1, 2, 4]) > 0)
        #expect(faults([1, 2, 2, 3]) > 0)
        #expect(faults([1, 3, 2, 4]) > 0)
    }
}
