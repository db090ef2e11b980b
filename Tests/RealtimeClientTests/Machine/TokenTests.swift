// Tokens of the connection and of subscriptions: asked for, refused, renewed in time (protocol §1.5, §1.6).

import NIOCore
import RealtimeProtocol
import Testing

@testable import RealtimeClient

@Suite("Tokens")
struct TokenTests {
    private func client() -> MachineClient {
        MachineClient { $0.getToken = { "" } }
    }

    private func give(_ token: String, to client: inout MachineClient) throws {
        let id = try #require(client.tokenRequests.last)
        client.tell { $0.tokenArrived(id, .success(token), at: $1) }
    }

    private func connectRequest(_ client: inout MachineClient) throws -> (UInt32, Wire.ConnectRequest) {
        client.open()
        guard let command = try client.commands().first, case .connect(let request) = command.body else { throw Unexpected("no connect") }
        return (command.id, request)
    }

    @Test("one is asked for before the socket is opened")
    func first() throws {
        var client = client()
        client.connect()
        #expect(client.opened.isEmpty)
        try give("T1", to: &client)
        #expect(client.opened == [1])
        #expect(try connectRequest(&client).1.token == "T1")
    }

    @Test("a token that is there is used first")
    func given() throws {
        var client = MachineClient { ($0.token, $0.getToken) = ("T0", { "" }) }
        client.connect()
        #expect(client.tokenRequests.isEmpty)
        #expect(try connectRequest(&client).1.token == "T0")
    }

    @Test("an empty one: the user may not connect")
    func none() throws {
        var client = client()
        client.connect()
        try give("", to: &client)
        #expect(client.machine.ending == .unauthorized)
    }

    @Test("a failure, or one that takes too long, is tried again")
    func failure() throws {
        var client = client()
        client.connect()
        let id = try #require(client.tokenRequests.last)
        client.tell { $0.tokenArrived(id, .failure(.noToken("offline")), at: $1) }
        #expect(client.events().last == .error(.noToken("offline")))
        client.wait(.milliseconds(500))
        #expect(client.tokenRequests.count == 2)
        client.wait(.seconds(30))
        #expect(client.machine.phase == .waiting)
        try give("late", to: &client)
        #expect(client.opened.isEmpty)
        client.wait(.seconds(1))
        try give("T", to: &client)
        #expect(client.opened == [1])
    }

    @Test("expired on connecting: a new one, after the back-off")
    func expired() throws {
        var client = client()
        client.connect()
        try give("old", to: &client)
        let id = try connectRequest(&client).0
        try client.receive(Wire.Reply(id: id, error: Wire.ErrorReply(.tokenExpired)))
        client.wait(.milliseconds(500))
        try give("new", to: &client)
        #expect(try connectRequest(&client).1.token == "new")
    }

    @Test("state invalidated (3014): a new token, and nothing is recovered")
    func invalidated() throws {
        var client = client()
        client.connect()
        try give("old", to: &client)
        try client.accept()
        let key = try client.subscribe("news") { $0.getToken = { _ in "" } }
        try give("S1", to: &client)
        try client.grant(.recoverable(at: 5))
        client.lose(3_014)
        client.wait(.seconds(1))
        #expect(client.tokenRequests.count == 3)
        try give("new", to: &client)
        client.open()
        _ = try client.commands()
        try give("S2", to: &client)
        guard case .subscribe(let request) = try client.commands().last?.body else { throw Unexpected("no subscribe") }
        #expect((request.token, request.recover, request.offset) == ("S2", false, 0))
        #expect(client.state(of: key) == .subscribing)
    }

    @Test("renewed before it expires, and again before the new one does")
    func renewed() throws {
        var client = client()
        client.connect()
        try give("T1", to: &client)
        try client.accept(Wire.ConnectResult(client: "c", expires: true, ttl: 100))
        client.wait(.seconds(89))
        #expect(client.tokenRequests.count == 1)
        client.wait(.seconds(1))
        #expect(client.tokenRequests.count == 2)
        try give("T2", to: &client)
        let command = try #require(try client.commands().first)
        #expect(command.body == .refresh(Wire.RefreshRequest(token: "T2")))
        try client.receive(Wire.Reply(id: command.id, body: .refresh(Wire.RefreshResult(expires: true, ttl: 1_000))))
        client.wait(.seconds(969))
        #expect(client.tokenRequests.count == 2)
        client.wait(.seconds(1))
        #expect(client.tokenRequests.count == 3)
    }

    @Test("a renewal that fails for now is repeated within the server's patience; one that fails for good ends it")
    func renewalFails() throws {
        var client = client()
        client.connect()
        try give("T1", to: &client)
        try client.accept(Wire.ConnectResult(client: "c", expires: true, ttl: 10))
        client.wait(.seconds(9))
        let id = try #require(client.tokenRequests.last)
        client.tell { $0.tokenArrived(id, .failure(.noToken("offline")), at: $1) }
        client.wait(.seconds(10))
        #expect(client.tokenRequests.count == 3)
        try give("T2", to: &client)
        let refused = try #require(try client.commands().first)
        try client.receive(Wire.Reply(id: refused.id, error: Wire.ErrorReply(.internal)))
        client.wait(.seconds(10))
        try give("T3", to: &client)
        #expect(try client.commands().first?.body == .refresh(Wire.RefreshRequest(token: "T3")))
        client.wait(.seconds(5))
        #expect(client.events().last == .error(.timeout))
        client.wait(.seconds(10))
        try give("T4", to: &client)
        let last = try #require(try client.commands().first)
        try client.receive(Wire.Reply(id: last.id, error: Wire.ErrorReply(.permissionDenied)))
        #expect(client.machine.ending?.code == 103)
    }

    @Test("the server may prolong the connection by itself, or make it last")
    func pushed() throws {
        var client = client()
        client.connect()
        try give("T1", to: &client)
        try client.accept(Wire.ConnectResult(client: "c", expires: true, ttl: 10))
        try client.push("", .refresh(Wire.Refresh(expires: true, ttl: 100)))
        client.wait(.seconds(89))
        #expect(client.tokenRequests.count == 1)
        try client.push("", .refresh(Wire.Refresh()))
        client.wait(.seconds(1_000))
        #expect(client.tokenRequests.count == 1)
    }

    // MARK: Of subscriptions

    private func subscribed(ttl: UInt32 = 100) throws -> (MachineClient, SubscriptionKey) {
        var client = try MachineClient.connected()
        let key = try client.subscribe("news") { $0.getToken = { $0 } }
        try give("S1", to: &client)
        let request = try client.grant(Wire.SubscribeResult(expires: true, ttl: ttl))
        #expect(request.token == "S1")
        return (client, key)
    }

    @Test("a subscription's token is asked for, and renewed")
    func subscription() throws {
        var (client, key) = try subscribed()
        client.wait(.seconds(24))
        try client.receive(Wire.Reply(id: 999))
        client.wait(.seconds(24))
        try client.receive(Wire.Reply(id: 999))
        client.wait(.seconds(24))
        try client.receive(Wire.Reply(id: 999))
        client.wait(.seconds(18))
        try give("S2", to: &client)
        let command = try #require(try client.commands().first)
        #expect(command.body == .subRefresh(Wire.SubRefreshRequest(channel: "news", token: "S2")))
        try client.receive(Wire.Reply(id: command.id, body: .subRefresh(Wire.SubRefreshResult(expires: true, ttl: 10))))
        client.wait(.seconds(9))
        #expect(client.tokenRequests.count == 3)
        #expect(client.state(of: key) == .subscribed)
    }

    @Test("not allowed: unsubscribed with code 1; expired: another one; refused for good: its code")
    func subscriptionRefused() throws {
        var (client, key) = try subscribed(ttl: 10)
        client.wait(.seconds(9))
        try give("", to: &client)
        #expect(client.events(of: key).last == .unsubscribed(.unauthorized))
        client.tell { $0.resume(key, at: $1) }
        _ = try client.commands()
        #expect(client.state(of: key) == .subscribing)

        var other = try MachineClient.connected()
        let second = try other.subscribe("news") { $0.getToken = { $0 } }
        try give("old", to: &other)
        try other.refuse(109)
        other.wait(.milliseconds(500))
        try give("new", to: &other)
        #expect(try other.grant(Wire.SubscribeResult(expires: true, ttl: 1)).token == "new")
        other.wait(.milliseconds(900))
        try give("third", to: &other)
        let refresh = try #require(try other.commands().first)
        try other.receive(Wire.Reply(id: refresh.id, error: Wire.ErrorReply(.expired)))
        #expect(other.events(of: second).last == .unsubscribed(Client.Reason(code: 110, reason: "expired")))
    }

    @Test("an expired one without a way to get another: code 1")
    func withoutGetToken() throws {
        var client = try MachineClient.connected()
        let key = try client.subscribe("news") { $0.token = "S" }
        #expect(try client.refuse(109).token == "S")
        #expect(client.events(of: key).last == .unsubscribed(.unauthorized))
    }

    @Test("a token that arrives after unsubscribing, or after the connection is lost, is of no use")
    func late() throws {
        var client = try MachineClient.connected()
        let key = try client.subscribe("news") { $0.getToken = { $0 } }
        client.tell { $0.unsubscribe(key, at: $1) }
        try give("S1", to: &client)
        #expect(try client.commands().isEmpty)
        client.tell { $0.resume(key, at: $1) }
        let second = try #require(client.tokenRequests.last)
        client.lose()
        client.wait(.seconds(1))
        try client.accept()
        client.tell { $0.tokenArrived(second, .success("S2"), at: $1) }
        #expect(try client.commands().isEmpty)
        try give("S3", to: &client)
        #expect(try client.grant().token == "S3")
    }
}
