// Questions to a backend that answers well, badly, late or never. Whatever it does, whoever asks has an answer in time.

import NIOCore
import RealtimeProtocol
import ServerTestSupport
import Testing

@testable import BackendHooks
@testable import RealtimeHub

@Suite("Asking backends", .timeLimit(.minutes(1)))
struct HookCallTests {
    private let identity = ClientIdentity(client: "c1", user: "42")

    /// Handlers that ask this backend about everything.
    private func handlers(_ backend: TestBackend, _ change: (inout HookEndpoint) -> Void = { _ in }) throws -> HubHandlers {
        var configuration = BackendHooks.Configuration()
        func endpoint(_ path: String) -> HookEndpoint {
            var endpoint = HookEndpoint(url: "\(backend.url)/\(path)?key=1")
            change(&endpoint)
            return endpoint
        }
        configuration.connect = endpoint("connect")
        configuration.refresh = endpoint("refresh")
        configuration.subscribe = ["": endpoint("subscribe")]
        configuration.publish = ["": endpoint("publish")]
        configuration.subscriptionRefresh = ["": endpoint("sub_refresh")]
        configuration.calls = ["": endpoint("rpc"), "math": endpoint("math")]
        var handlers = HubHandlers()
        try BackendHooks(configuration, logger: quiet).add(to: &handlers)
        return handlers
    }

    private func call(_ handlers: HubHandlers, _ method: String = "m") async -> Result<String, HubRefusal> {
        guard let call = handlers.call else { return .failure(.error(.notAvailable)) }
        do throws(HubRefusal) {
            return .success(String(buffer: try await call(CallEvent(identity: identity, method: method, data: ByteBuffer(string: "1")))))
        } catch {
            return .failure(error)
        }
    }

    // MARK: Good answers

    @Test("each hook asks its own address, and is answered")
    func all() async throws {
        let backend = try await TestBackend { request in
            switch request.path.prefix(while: { $0 != "?" }) {
            case "/connect": .json(#"{"result":{"user":"42","meta":{"a":1}}}"#)
            case "/subscribe": .json(#"{"result":{"data":"hi"}}"#)
            case "/publish": .json(#"{"result":{"tags":{"a":"b"}}}"#)
            case "/rpc": .json(#"{"result":{"data":[2]}}"#)
            case "/math": .json(#"{"result":{"data":[3]}}"#)
            default: .json(#"{"result":{"expire_at":1900000000}}"#)
            }
        }
        let handlers = try handlers(backend)
        let connect = try #require(handlers.connect)
        let subscribe = try #require(handlers.subscribe)
        let publish = try #require(handlers.publish)
        let refresh = try #require(handlers.refresh)
        let again = try #require(handlers.refreshSubscription)
        let event = ConnectEvent(client: "c1", transport: "t", claims: nil, data: ByteBuffer(), name: "", version: "", headers: [:])
        let grant = try await connect(event)
        #expect((grant.user, grant.meta) == ("42", Array(#"{"a":1}"#.utf8)))
        let asked = SubscribeEvent(identity: identity, channel: "a", data: ByteBuffer(), isAllowed: false)
        #expect(try await subscribe(asked).data == ByteBuffer(string: "\"hi\""))
        #expect(
            try await publish(PublishEvent(identity: identity, channel: "a", data: ByteBuffer(string: "1"), isAllowed: false)).tags == [
                "a": "b"
            ])
        #expect(await call(handlers) == .success("[2]"))
        #expect(await call(handlers, "math:sum") == .success("[3]"))
        let decisions = [
            await refresh(RefreshEvent(identity: identity)), await again(SubscriptionRefreshEvent(identity: identity, channel: "a")),
        ]
        for decision in decisions {
            guard case .prolonged(let grant) = decision else { throw Unexpected("it is over") }
            #expect(grant.expiresAt == 1_900_000_000_000)
        }
        #expect(backend.requests.count == 7)
        #expect(backend.requests.allSatisfy { $0["content-type"] == "application/json" && $0.path.hasSuffix("?key=1") })
        #expect(backend.connections == 1, "one after the other need one connection")
        #expect(!handlers.asksAboutTokens)
    }

    @Test("as many may be at a backend as somebody likes to say")
    func unlimited() async throws {
        let backend = try await TestBackend { _ in .json(#"{"result":{"data":[3]}}"#) }
        let handlers = try handlers(backend) { $0.maxConcurrent = .max }
        guard case .success = await call(handlers) else { throw Unexpected("it is not answered") }
    }

    @Test("methods of no namespace that there is are not found, and nobody is asked")
    func unknownMethod() async throws {
        let backend = try await TestBackend { _ in .json("{}") }
        #expect(await call(try handlers(backend), "other:sum") == .failure(.error(.methodNotFound)))
        #expect(backend.requests.isEmpty)
    }

    @Test("where a token or a name says who may subscribe, nobody is asked")
    func unasked() async throws {
        let backend = try await TestBackend { _ in .json("{}") }
        let subscribe = try #require(try handlers(backend).subscribe)
        func ask(_ decision: Namespaces.Decision) async throws(HubRefusal) {
            _ = try await subscribe(
                SubscribeEvent(identity: identity, channel: "a", data: ByteBuffer(), isAllowed: decision.isAllowed, decision: decision))
        }
        try await ask(.allowed(.token))
        try await ask(.allowed(.namedUser))
        await #expect(throws: HubRefusal.error(.permissionDenied)) { try await ask(.denied(.needsToken)) }
        await #expect(throws: HubRefusal.error(.permissionDenied)) { try await ask(.denied(.notNamed)) }
        #expect(backend.requests.isEmpty)
        for decision in [.allowed(.client), .allowed(.capability), .denied(.notOpen)] as [Namespaces.Decision] { try await ask(decision) }
        #expect(backend.requests.count == 3)
    }

    @Test("errors and disconnects are the client's")
    func refusals() async throws {
        let backend = try await TestBackend { request in
            request.path.hasPrefix("/rpc")
                ? .json(#"{"error":{"code":1000,"message":"no"}}"#) : .json(#"{"disconnect":{"code":4501,"reason":"out"}}"#)
        }
        let handlers = try handlers(backend)
        #expect(await call(handlers) == .failure(.error(Wire.ErrorReply.Code(1_000, message: "no"))))
        #expect(await call(handlers, "math:x") == .failure(.disconnect(DisconnectCode(4_501, reason: "out"))))
    }

    @Test("of a refresh, a refusal is the end")
    func refusedRefresh() async throws {
        let backend = try await TestBackend { _ in .json(#"{"error":{"code":1000}}"#) }
        let refresh = try #require(try handlers(backend).refresh)
        let decision = await refresh(RefreshEvent(identity: identity))
        guard case .expired = decision else { throw Unexpected("it goes on") }
    }

    @Test("nothing to say about who connects: nobody is let in, or as nobody")
    func nothing() async throws {
        let backend = try await TestBackend { _ in .json("{}") }
        let event = ConnectEvent(client: "c1", transport: "t", claims: nil, data: ByteBuffer(), name: "", version: "", headers: [:])
        let connect = try #require(try handlers(backend).connect)
        await #expect(throws: HubRefusal.error(.unauthorized)) { try await connect(event) }
        var configuration = BackendHooks.Configuration()
        configuration.connect = HookEndpoint(url: backend.url)
        configuration.allowsAnonymousConnections = true
        var handlers = HubHandlers()
        try BackendHooks(configuration, logger: quiet).add(to: &handlers)
        #expect(try await handlers.connect?(event).user == "")
    }

    // MARK: Bad answers

    static let bad: [TestBackend.Answer] = [
        .status(500), .status(404, "{\"result\":{}}"), .status(201, "{\"result\":{}}"), .status(302, fields: "location: /rpc\r\n"),
        .status(204),
        .raw("nonsense\r\n\r\n"), .raw("HTTP/1.1 200 OK\r\ncontent-length: 5\r\n\r\n{}"),
        .raw("HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\n{x"),
        .raw("HTTP/1.1 200 OK\r\ncontent-length: -1\r\n\r\n"), .raw("SSH-2.0-OpenSSH\r\n"), .json("<html>"), .json("{\"result\":[]}"),
        .json(""),
        .silence, .reset, .drip, .endless,
    ]

    @Test("whatever a backend does, a client has error 100 in time", arguments: bad.indices)
    func failing(index: Int) async throws {
        let answer = Self.bad[index]
        let backend = try await TestBackend { _ in answer }
        let handlers = try handlers(backend) { $0.timeout = .milliseconds(400) }
        let start = ContinuousClock.now
        #expect(await call(handlers) == .failure(.error(.internal)))
        #expect(ContinuousClock.now - start < .seconds(3))
        let refresh = try #require(handlers.refresh)
        let decision = await refresh(RefreshEvent(identity: identity))
        guard case .prolonged(let grant) = decision else { throw Unexpected("a backend that fails ends no connection") }
        #expect((30_000...90_000).contains(grant.expiresAt - systemMilliseconds()))
        if case .status(302, _, _) = answer { #expect(backend.requests.count == 2, "redirects are not followed") }
    }

    @Test("nobody there at all")
    func unreachable() async throws {
        let backend = try await TestBackend { _ in .silence }
        let handlers = try handlers(backend)
        try await backend.stop()
        #expect(await call(handlers) == .failure(.error(.internal)))
    }

    @Test("statuses can have meanings of their own")
    func transforms() async throws {
        let backend = try await TestBackend { $0.path.hasPrefix("/rpc") ? .status(403) : .status(429) }
        let handlers = try handlers(backend) {
            $0.refusals = [403: .error(.init(403, message: "no")), 429: .disconnect(DisconnectCode(4_429, reason: "slow down"))]
        }
        #expect(await call(handlers) == .failure(.error(Wire.ErrorReply.Code(403, message: "no"))))
        #expect(await call(handlers, "math:x") == .failure(.disconnect(DisconnectCode(4_429, reason: "slow down"))))
    }

    @Test("an answer may be so large, and no larger")
    func large() async throws {
        let data = String(repeating: "x", count: 50_000)
        let backend = try await TestBackend { _ in .json("{\"result\":{\"data\":\"\(data)\"}}") }
        #expect(await call(try handlers(backend) { $0.maxAnswerBytes = 60_000 }) == .success("\"\(data)\""))
        #expect(await call(try handlers(backend) { $0.maxAnswerBytes = 40_000 }) == .failure(.error(.internal)))
    }

    // MARK: Too many, and too often

    @Test("a backend that fails is left alone: the answer is there at once; then it is tried again")
    func breaker() async throws {
        let backend = try await TestBackend { _ in .status(500) }
        let handlers = try handlers(backend) {
            $0.breaker.failures = 3
            $0.breaker.pause = .milliseconds(500)
        }
        for _ in 0..<20 { #expect(await call(handlers) == .failure(.error(.internal))) }
        #expect(backend.requests.count == 3)
        backend.replace { _ in .json(#"{"result":{"data":1}}"#) }
        try await eventually("it is asked again") { await call(handlers) == .success("1") }
        #expect(await call(handlers) == .success("1"))
    }

    @Test("errors that a backend means do not open it, nor do statuses below 500")
    func noBreaker() async throws {
        let backend = try await TestBackend { $0.path.hasPrefix("/rpc") ? .json(#"{"error":{"code":1000}}"#) : .status(404) }
        let handlers = try handlers(backend) { $0.breaker.failures = 3 }
        for _ in 0..<10 {
            _ = await call(handlers)
            _ = await call(handlers, "math:x")
        }
        #expect(backend.requests.count == 20)
    }

    @Test("so many are at the backend at once; the rest waits within its time, and what is more is refused at once")
    func concurrency() async throws {
        let backend = try await TestBackend { _ in .silence }
        let handlers = try handlers(backend) {
            $0.maxConcurrent = 2
            $0.timeout = .milliseconds(800)
            $0.breaker.failures = 0
        }
        let start = ContinuousClock.now
        let refused = await withTaskGroup(of: Duration.self) { group in
            for _ in 0..<50 {
                group.addTask {
                    #expect(await call(handlers) == .failure(.error(.internal)))
                    return ContinuousClock.now - start
                }
            }
            return await group.reduce(into: 0) { $0 += $1 < .milliseconds(700) ? 1 : 0 }
        }
        #expect(refused == 50 - 32)
        #expect(backend.connections < 10, "two, and those that took the place of the first")
        #expect(ContinuousClock.now - start < .seconds(5))
    }
}
