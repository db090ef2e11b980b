import NIOCore
import NIOEmbedded
import PubSub
import RealtimeProtocol
import Synchronization
import Testing

@testable import RealtimeHub

/// A subscription between its request and its answer, with a broker that takes its time over the history.
@Suite("While a subscription is being made", .serialized)
struct WhileSubscribingTests {
    private let loop = EmbeddedEventLoop()
    private let broker = HoldingBroker()
    private let hub: Hub

    init() {
        var configuration = HubConfiguration()
        configuration.allowsAnonymousConnections = true
        configuration.maxPublicationsWhileSubscribing = 4
        hub = Hub(configuration: configuration, namespaces: TestHub.namespaces, broker: broker)
    }

    private func subscribing() throws -> TestClient {
        let client = TestClient(hub, on: loop)
        try client.connect()
        try client.send(.subscribe(Wire.SubscribeRequest(channel: "history:a", positioned: true)))
        #expect(try client.received().isEmpty)
        return client
    }

    private func publish(_ range: ClosedRange<Int>) async throws {
        for number in range { try await hub.publish(Array("\(number)".utf8), to: "history:a") }
        loop.run()
    }

    @Test("What is published meanwhile comes behind the answer")
    func kept() async throws {
        let client = try subscribing()
        try await publish(1...4)
        #expect(try client.received().isEmpty)
        broker.release()
        let replies = try client.received()
        guard case .subscribe(let result) = replies.first?.body else { throw Unexpected("no answer first") }
        #expect(result.offset == 0)
        #expect(replies.count == 5)
        #expect(client.session.subscriptions["history:a"]?.position.offset == 4)
    }

    @Test("More than is kept ends the connection with 3010: without an answer the subscription can't be ended alone")
    func tooMuch() async throws {
        let client = try subscribing()
        try await publish(1...5)
        #expect(client.closeCode == 3010)
        broker.release()
        loop.run()
        #expect(try client.received().isEmpty)
        #expect(hub.subscribers(of: "history:a") == 0)
    }
}

/// Looks up a history at once, and tells it when the test says.
private final class HoldingBroker: Broker {
    private let inner = MemoryBroker()
    private let held = Mutex<[@Sendable () -> Void]>([])

    func release() {
        let answers = held.withLock { held in
            defer { held = [] }
            return held
        }
        for answer in answers { answer() }
    }

    func history(
        of channel: String, _ query: HistoryQuery, retention: Retention?,
        _ completion: @escaping @Sendable (Result<History, BrokerError>) -> Void
    ) {
        inner.history(of: channel, query, retention: retention) { result in
            self.held.withLock { $0.append { completion(result) } }
        }
    }

    func start(_ receiver: any BrokerReceiver) { inner.start(receiver) }
    func stop() { inner.stop() }
    func subscribe(_ channel: String, _ completion: @escaping @Sendable (Result<Void, BrokerError>) -> Void) {
        inner.subscribe(channel, completion)
    }
    func unsubscribe(_ channel: String) { inner.unsubscribe(channel) }
    func publish(
        _ data: [UInt8], to channel: String, _ options: PublishOptions,
        _ completion: @escaping @Sendable (Result<PublishResult, BrokerError>) -> Void
    ) { inner.publish(data, to: channel, options, completion) }
    func publishJoin(_ info: ClientInfo, on channel: String) { inner.publishJoin(info, on: channel) }
    func publishLeave(_ info: ClientInfo, on channel: String) { inner.publishLeave(info, on: channel) }
    func removeHistory(of channel: String, _ completion: @escaping @Sendable (Result<Void, BrokerError>) -> Void) {
        inner.removeHistory(of: channel, completion)
    }
}
