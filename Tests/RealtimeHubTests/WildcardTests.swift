import NIOCore
import NIOEmbedded
import PubSub
import RealtimeProtocol
import Testing

@testable import RealtimeHub

@Suite("Subscribing to a pattern of channels", .serialized)
struct WildcardTests {
    let loop = EmbeddedEventLoop()
    let hub: Hub

    init() {
        hub = Self.hub()
    }

    private static func hub(broker: any Broker = MemoryBroker(), change: (inout HubConfiguration) -> Void = { _ in }) -> Hub {
        var configuration = HubConfiguration()
        configuration.allowsAnonymousConnections = true
        change(&configuration)
        var news = TestHub.history
        news.allowWildcards = true
        news.allowUserLimitedChannels = true
        news.presence = true
        news.joinLeave = true
        var latest = TestHub.open
        latest.allowWildcards = true
        latest.slowReaders = .keepLatest
        var closed = ChannelSettings()
        closed.allowWildcards = true
        return Hub(
            configuration: configuration,
            namespaces: Namespaces(
                withoutNamespace: news, named: ["news": news, "other": news, "latest": latest, "closed": closed, "plain": TestHub.open]),
            broker: broker)
    }

    private func client(_ format: WireFormat = .json) throws -> TestClient {
        let client = TestClient(hub, on: loop, format)
        try client.connect()
        return client
    }

    /// Channel and data of what came.
    private func received(_ client: TestClient) throws -> [String] {
        try client.received().compactMap { reply in
            guard case .push(let push) = reply.body, case .publication(let publication) = push.body else { return nil }
            return "\(push.channel)|\(publication.channel)|\(publication.text)"
        }
    }

    @Test(
        "What is published in every channel that matches comes under the pattern's name, with its own",
        arguments: [WireFormat.json, .protobuf])
    func delivers(format: WireFormat) throws {
        let (subscriber, publisher) = try (client(format), client())
        _ = try subscriber.subscribe("news:*")
        try publisher.publish("1", to: "news:sport")
        try publisher.publish("2", to: "news:weather")
        try publisher.publish("3", to: "other:sport")
        try publisher.publish("4", to: "sport")
        #expect(try received(subscriber) == ["news:*|news:sport|1", "news:*|news:weather|2"])
    }

    @Test("Publications of many channels in one turn come in one batch, in their order")
    func oneTurn() throws {
        let (subscriber, publisher) = try (client(), client())
        _ = try subscriber.subscribe("news:*")
        var batch = ByteBuffer()
        for number in 0..<6 {
            let request = Wire.PublishRequest(channel: "news:\(number % 3)", data: ByteBuffer(string: "\(number)"))
            try Wire.write(Wire.Command(id: UInt32(10 + number), body: .publish(request)), as: .json, to: &batch)
        }
        publisher.session.received(batch)
        loop.run()
        #expect(subscriber.transport.batches.count == 1)
        #expect(try received(subscriber) == (0..<6).map { "news:*|news:\($0 % 3)|\($0)" })
    }

    @Test("One star ends at a dot, two do not", arguments: [("a.*", ["a.b"]), ("a.**", ["a.b", "a.b.c"]), ("*.b", ["a.b"]), ("*", ["x"])])
    func stars(pattern: String, expected: [String]) throws {
        let (subscriber, publisher) = try (client(), client())
        _ = try subscriber.subscribe(pattern)
        for channel in ["a.b", "a.b.c", "x", "news:a.b"] { try publisher.publish("1", to: channel) }
        #expect(try received(subscriber) == expected.map { "\(pattern)|\($0)|1" })
    }

    @Test("A pattern without a namespace never reaches into one")
    func namespaceStays() throws {
        let (subscriber, publisher) = try (client(), client())
        _ = try subscriber.subscribe("**")
        try publisher.publish("1", to: "news:sport")
        try publisher.publish("2", to: "sport")
        #expect(try received(subscriber) == ["**|sport|2"])
    }

    @Test("Private channels and those for users are not among what matches")
    func privacy() async throws {
        let subscriber = try client()
        _ = try subscriber.subscribe("news:**")
        for channel in ["$news:secret", "news:dialog#7,8"] { try await hub.publish(Array("1".utf8), to: channel) }
        #expect(try received(subscriber) == [])
    }

    @Test("A pattern can't be published to, nor has it a history or presence")
    func isNoChannel() throws {
        let client = try client()
        #expect(try client.refusal(.publish(Wire.PublishRequest(channel: "news:*", data: ByteBuffer(string: "1")))) == 107)
        #expect(try client.refusal(.history(Wire.HistoryRequest(channel: "news:*"))) == 107)
        #expect(try client.refusal(.presence(Wire.PresenceRequest(channel: "news:*"))) == 107)
    }

    @Test("Patterns that mean nothing", arguments: ["$news:*", "news:*#7", "n*:a", "news:***"])
    func badPatterns(pattern: String) throws {
        #expect(try client().refusal(.subscribe(Wire.SubscribeRequest(channel: pattern))) == (pattern == "n*:a" ? 102 : 107))
    }

    @Test("Where they are not allowed a star is a character as others are")
    func notAllowed() throws {
        let (subscriber, publisher) = try (client(), client())
        _ = try subscriber.subscribe("plain:*")
        try publisher.publish("1", to: "plain:a")
        try publisher.publish("2", to: "plain:*")
        #expect(try received(subscriber) == ["plain:*||2"])
    }

    @Test("The rules of permission hold for the pattern's own name")
    func permission() throws {
        #expect(try client().refusal(.subscribe(Wire.SubscribeRequest(channel: "closed:*"))) == 103)
    }

    @Test("No position, no recovery, no delta: there is no one stream; and nobody is announced")
    func noStream() throws {
        let (subscriber, publisher) = try (client(), client())
        let result = try subscriber.subscribe("news:*") {
            $0.recoverable = true
            $0.positioned = true
            $0.delta = "fossil"
            $0.joinLeave = true
        }
        #expect(!result.positioned && !result.recoverable && !result.delta)
        _ = try publisher.subscribe("news:sport") { $0.joinLeave = true }
        try publisher.publish("1", to: "news:sport")
        #expect(try received(subscriber) == ["news:*|news:sport|1"])
    }

    @Test("Filters, numbers in place of names, and the publisher left out work as elsewhere")
    func options() async throws {
        let subscriber = try client(.protobuf)
        let result = try subscriber.subscribe("news:*") {
            $0.flag = 1
            $0.tagsFilter = Wire.FilterNode(key: "lang", comparison: "eq", value: "sv")
        }
        #expect(result.id > 0)
        try await hub.publish(Array("1".utf8), to: "news:a", tags: ["lang": "sv"])
        try await hub.publish(Array("2".utf8), to: "news:a", tags: ["lang": "fi"])
        try await hub.publish(Array("3".utf8), to: "news:a", tags: ["lang": "sv"], excluding: subscriber.session.client)
        let pushes = try subscriber.received().compactMap { reply in
            if case .push(let push) = reply.body { push } else { nil }
        }
        #expect(pushes.map(\.id) == [result.id])
        #expect(pushes.map(\.channel) == [""])
    }

    @Test("Of a slow reader the latest of each channel is kept")
    func keepsLatest() throws {
        let (subscriber, publisher) = try (client(), client())
        _ = try subscriber.subscribe("latest:*")
        subscriber.transport.bufferedBytes = 2 << 20
        for number in 0..<6 { try publisher.publish("\(number)", to: "latest:\(number % 2)") }
        subscriber.transport.bufferedBytes = 0
        subscriber.session.drained()
        #expect(try received(subscriber) == ["latest:*|latest:0|4", "latest:*|latest:1|5"])
    }

    @Test("A subscriber of both gets both; who unsubscribes from the pattern gets no more of it")
    func both() throws {
        let (subscriber, publisher) = try (client(), client())
        _ = try subscriber.subscribe("news:*")
        _ = try subscriber.subscribe("news:a")
        try publisher.publish("1", to: "news:a")
        #expect(Set(try received(subscriber)) == ["news:*|news:a|1", "news:a||1"])
        try subscriber.ask(.unsubscribe(Wire.UnsubscribeRequest(channel: "news:*")))
        try publisher.publish("2", to: "news:a")
        #expect(try received(subscriber) == ["news:a||2"])
    }

    @Test("A new pattern is found though its channels were looked at before; an old one is forgotten with its last subscriber")
    func changes() throws {
        let (first, second, publisher) = try (client(), client(), client())
        _ = try first.subscribe("news:*")
        try publisher.publish("1", to: "news:a.b")
        try publisher.publish("1", to: "news:a")
        _ = try second.subscribe("news:**")
        try publisher.publish("2", to: "news:a.b")
        #expect(try received(first) == ["news:*|news:a|1"])
        #expect(try received(second) == ["news:**|news:a.b|2"])
        second.session.closed()
        first.session.closed()
        #expect(hub.core.wildcards.matching("news:a", hub.core.namespaces) == [])
        #expect(hub.channels().isEmpty)
    }

    @Test("So many patterns and no more; one that is there costs nothing more")
    func limit() throws {
        let hub = Self.hub { $0.maxWildcardPatterns = 2 }
        let clients = (0..<2).map { _ in TestClient(hub, on: loop) }
        for client in clients { try client.connect() }
        _ = try clients[0].subscribe("news:a*")
        _ = try clients[0].subscribe("news:b*")
        #expect(try clients[0].refusal(.subscribe(Wire.SubscribeRequest(channel: "news:c*"))) == 106)
        _ = try clients[1].subscribe("news:a*")
        try clients[0].ask(.unsubscribe(Wire.UnsubscribeRequest(channel: "news:b*")))
        _ = try clients[0].subscribe("news:c*")
    }

    @Test("A broker that knows no patterns says so")
    func unsupported() throws {
        let client = TestClient(Self.hub(broker: BrokerWithoutPatterns()), on: loop)
        try client.connect()
        #expect(try client.refusal(.subscribe(Wire.SubscribeRequest(channel: "news:*"))) == 108)
        _ = try client.subscribe("news:a")
    }
}

/// A broker that can do no more than it must.
private final class BrokerWithoutPatterns: Broker {
    private let memory = MemoryBroker()

    func start(_ receiver: any BrokerReceiver) { memory.start(receiver) }
    func stop() { memory.stop() }
    func subscribe(_ channel: String, _ completion: @escaping @Sendable (Result<Void, BrokerError>) -> Void) {
        memory.subscribe(channel, completion)
    }
    func unsubscribe(_ channel: String) { memory.unsubscribe(channel) }
    func publish(
        _ data: [UInt8], to channel: String, _ options: PublishOptions,
        _ completion: @escaping @Sendable (Result<PublishResult, BrokerError>) -> Void
    ) {
        memory.publish(data, to: channel, options, completion)
    }
    func publishJoin(_ info: ClientInfo, on channel: String) { memory.publishJoin(info, on: channel) }
    func publishLeave(_ info: ClientInfo, on channel: String) { memory.publishLeave(info, on: channel) }
    func history(
        of channel: String, _ query: HistoryQuery, retention: Retention?,
        _ completion: @escaping @Sendable (Result<History, BrokerError>) -> Void
    ) {
        memory.history(of: channel, query, retention: retention, completion)
    }
    func removeHistory(of channel: String, _ completion: @escaping @Sendable (Result<Void, BrokerError>) -> Void) {
        memory.removeHistory(of: channel, completion)
    }
}
