import NIOCore
import PubSub
import RealtimeProtocol
import Synchronization
import Testing

@testable import RealtimeHub

/// Which handlers are asked about a channel, and what they are told.
@Suite("What handlers are told")
struct AskedHandlersTests {
    @Test("Subscribing and publishing are asked by the channel's options, with the name of who is to answer")
    func names() async throws {
        var handlers = HubHandlers()
        handlers.subscribe = { event async throws(HubRefusal) in SubscribeGrant(data: ByteBuffer(string: "\"\(event.handler)\"")) }
        let published = Mutex<[String]>([])
        handlers.publish = { event async throws(HubRefusal) in
            published.withLock { $0.append(event.handler) }
            return PublishGrant()
        }
        var subscribing = ChannelSettings()
        subscribing.asks = AskedHandlers(subscribe: "first")
        subscribing.allowPublish = .anonymous
        var publishing = ChannelSettings()
        publishing.asks = AskedHandlers(publish: "second")
        publishing.allowSubscribe = .anonymous
        var configuration = HubConfiguration()
        configuration.allowsAnonymousConnections = true
        let hub = Hub(configuration: configuration, namespaces: Namespaces(named: ["s": subscribing, "p": publishing]), handlers: handlers)
        let client = try await LiveClient(hub)
        _ = try await client.connect()
        for (channel, data) in [("s:a", "\"first\""), ("p:a", "")] {
            guard case .subscribe(let result) = try await client.ask(.subscribe(Wire.SubscribeRequest(channel: channel))).body else {
                throw Unexpected("not subscribed")
            }
            #expect(String(buffer: result.data) == data)
            let request = Wire.PublishRequest(channel: channel, data: ByteBuffer(string: "1"))
            #expect(try await client.ask(.publish(request)).error == nil)
        }
        #expect(published.withLock { $0 } == ["second"])
    }

    @Test("Why subscribing is allowed, or not")
    func decisions() async throws {
        let decisions = Mutex<[Namespaces.Decision]>([])
        let pattern = try ChannelPattern("shut:capable")
        var handlers = HubHandlers()
        handlers.connect = { _ async throws(HubRefusal) in
            var grant = ConnectGrant(user: "7")
            grant.capabilities = Capabilities([.init([pattern], [.subscribe])])
            return grant
        }
        handlers.subscribe = { event async throws(HubRefusal) in
            decisions.withLock { $0.append(event.decision) }
            #expect(event.isAllowed == event.decision.isAllowed)
            throw .error(.permissionDenied)
        }
        var open = ChannelSettings()
        open.allowSubscribe = .clients
        open.allowUserLimitedChannels = true
        let hub = Hub(namespaces: Namespaces(named: ["open": open, "shut": ChannelSettings()]), handlers: handlers)
        let client = try await LiveClient(hub)
        _ = try await client.connect()
        for channel in ["open:a", "shut:a", "$open:a", "open:a#7,8", "open:a#8", "shut:capable"] {
            _ = try await client.ask(.subscribe(Wire.SubscribeRequest(channel: channel)))
        }
        #expect(
            decisions.withLock { $0 } == [
                .allowed(.client), .denied(.notOpen), .denied(.needsToken), .allowed(.namedUser), .denied(.notNamed), .allowed(.capability),
            ])
    }

    @Test("What the connection is, what its client put into the command, and the meta, with everything that is asked")
    func context() async throws {
        let contexts = Mutex<[ClientContext]>([])
        var handlers = HubHandlers()
        handlers.connect = { event async throws(HubRefusal) in
            contexts.withLock { $0.append(event.context) }
            #expect(event.channels == ["open:a"])
            var grant = ConnectGrant(user: "7")
            grant.meta = [7]
            return grant
        }
        handlers.call = { event async throws(HubRefusal) in
            contexts.withLock { $0.append(event.context) }
            return event.data
        }
        handlers.keptHeaders = ["authorization"]
        let hub = TestHub.make(handlers)
        let client = try await LiveClient(hub)
        var request = Wire.ConnectRequest()
        request.headers = ["Authorization": "Bearer x", "Other": "y"]
        request.subs = ["open:a": Wire.SubscribeRequest()]
        _ = try await client.ask(.connect(request))
        _ = try await client.ask(.rpc(Wire.RPCRequest(data: ByteBuffer(string: "1"), method: "m")))
        let (first, second) = try contexts.withLock { (try #require($0.first), try #require($0.last)) }
        #expect((first.transport, first.format, first.meta) == ("test", .json, nil))
        #expect(first.headers == ["Authorization": "Bearer x"], "others are not kept")
        #expect((second.headers, second.meta) == (first.headers, [7]))
    }

    @Test("A handler that is not asked about tokens leaves their clients to them")
    func tokens() async throws {
        struct Verifier: TokenVerifier {
            func connection(_ token: String) async throws(TokenError) -> ConnectionClaims {
                var claims = ConnectionClaims(user: token)
                claims.meta = [1]
                return claims
            }
            func subscription(_ token: String) async throws(TokenError) -> SubscriptionClaims { throw .invalid("none") }
        }
        var handlers = HubHandlers()
        let asked = Atomic(0)
        handlers.connect = { _ async throws(HubRefusal) in
            asked.add(1, ordering: .relaxed)
            return ConnectGrant(user: "asked")
        }
        handlers.call = { event async throws(HubRefusal) in ByteBuffer(string: "\(event.context.meta ?? [])") }
        for asksAboutTokens in [true, false] {
            handlers.asksAboutTokens = asksAboutTokens
            let hub = TestHub.make(handlers, tokens: Verifier())
            let client = try await LiveClient(hub)
            _ = try await client.connect(token: "ada")
            #expect(hub.clients(of: asksAboutTokens ? "asked" : "ada").count == 1)
            _ = try await LiveClient(hub).connect()
            #expect(hub.clients(of: "asked").count == (asksAboutTokens ? 2 : 1))
        }
        #expect(asked.load(ordering: .relaxed) == 3)
    }

    @Test("Versions of publications that the application gives")
    func versions() async throws {
        var handlers = HubHandlers()
        handlers.publish = { event async throws(HubRefusal) in
            var grant = PublishGrant()
            grant.version = UInt64(String(buffer: event.data)) ?? 0
            return grant
        }
        let hub = TestHub.make(handlers)
        let client = try await LiveClient(hub)
        _ = try await client.connect()
        for version in ["2", "1", "3"] {
            let request = Wire.PublishRequest(channel: "history:a", data: ByteBuffer(string: version))
            #expect(try await client.ask(.publish(request)).error == nil)
        }
        let history = try await hub.history(of: "history:a", .init(limit: .count(10)))
        #expect(history.publications.map { String(decoding: $0.data, as: UTF8.self) } == ["2", "3"])
    }
}
