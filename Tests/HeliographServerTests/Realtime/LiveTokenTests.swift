// Tokens on a live server: every outcome.

import Foundation
import HTTPTypes
import HummingbirdTesting
import NIOCore
import RealtimeProtocol
import ServerTestSupport
import Testing
import WebSocketClient
import WebSocketNIO
import WebSocketProtocol

@testable import HeliographServer

@Suite("Tokens, live", .timeLimit(.minutes(2)))
struct LiveTokenTests {
    static let configuration = """
        client:
          token: {hmac_secret_key: \(TokenMaker.secret)}
          expired_close_delay: 0s
          expired_sub_close_delay: 0s
          subscribe_to_user_personal_channel: {enabled: true, personal_channel_namespace: personal}
        channel:
          without_namespace: {presence: true, allow_presence_for_subscriber: true}
          namespaces:
            - {name: open, allow_subscribe_for_client: true}
            - {name: personal}
        http_api: {key: 0123456789abcdef}
        """

    private func run(_ test: @escaping @Sendable (TestServer) async throws -> Void) async throws {
        var serve = ServeConfiguration()
        serve.hasDemo = false
        serve.realtime = try await RealtimeConfiguration(yaml: Self.configuration, file: "test.yaml")
        try await TestServer.run(serve, test)
    }

    /// Claims with an `exp` so many seconds from now.
    private static func token(_ claims: String, expiresIn seconds: Double? = nil, secret: String = TokenMaker.secret) async throws -> String
    {
        let expiry = seconds.map { #","exp":\#(Date().timeIntervalSince1970 + $0)"# } ?? ""
        return try await TokenMaker.hmac(secret).sign("{\(claims)\(expiry)}")
    }

    private static let other = String(TokenMaker.secret.reversed())

    private static func connect(_ token: String) -> Wire.Command.Body { .connect(Wire.ConnectRequest(token: token)) }

    private static func subscribe(_ channel: String, _ token: String) -> Wire.Command.Body {
        .subscribe(Wire.SubscribeRequest(channel: channel, token: token))
    }

    // MARK: connect

    @Test("connect: good, expired (109), bad (3500), none (101)")
    func connecting() async throws {
        try await run { server in
            let good = try await RealtimeClient(server)
            let result = try await good.connect(Self.token(#""sub":"42""#, expiresIn: 100))
            #expect(result.expires)
            #expect((98...100).contains(result.ttl))
            let expired = try await RealtimeClient(server)
            #expect(try await expired.ask(Self.connect(Self.token(#""sub":"42""#, expiresIn: -1))).error?.code == 109)
            let none = try await RealtimeClient(server)
            #expect(try await none.ask(Self.connect("")).error?.code == 101)
            let bad = try await RealtimeClient(server)
            _ = try? await bad.ask(Self.connect(Self.token(#""sub":"42""#, secret: Self.other)))
            #expect(await bad.socket.waitForClose().code.rawValue == 3_500)
        }
    }

    @Test("a connection ends with its token (3005), unless it is refreshed")
    func expiry() async throws {
        try await run { server in
            let lazy = try await RealtimeClient(server)
            let eager = try await RealtimeClient(server)
            for client in [lazy, eager] { try await client.connect(Self.token(#""sub":"42""#, expiresIn: 4)) }
            let reply = try await eager.ask(.refresh(Wire.RefreshRequest(token: Self.token(#""sub":"42""#, expiresIn: 100))))
            guard case .refresh(let refreshed) = reply.body else { throw Unexpected("\(reply)") }
            #expect((98...100).contains(refreshed.ttl))
            #expect(await lazy.socket.waitForClose().code.rawValue == 3_005)
            try await eager.subscribe("open:a")
        }
    }

    @Test("refresh: expired (3005), bad (3500), somebody else's (3500)")
    func refresh() async throws {
        try await run { server in
            for (token, code) in [
                (try await Self.token(#""sub":"42""#, expiresIn: -1), 3_005),
                (try await Self.token(#""sub":"42""#, secret: Self.other), 3_500), (try await Self.token(#""sub":"43""#), 3_500),
            ] {
                let client = try await RealtimeClient(server)
                try await client.connect(Self.token(#""sub":"42""#))
                _ = try? await client.ask(.refresh(Wire.RefreshRequest(token: token)))
                #expect(await client.socket.waitForClose().code.rawValue == UInt16(code))
            }
        }
    }

    @Test("the channels of a token are subscribed to at once, with what it says of them")
    func serverSide() async throws {
        try await run { server in
            let client = try await RealtimeClient(server)
            let claims = #""sub":"42","channels":["a"],"subs":{"b":{"info":{"role":"x"},"data":{"y":1}}}"#
            let result = try await client.connect(Self.token(claims))
            #expect(Set(result.subs.keys) == ["a", "b", "personal:#42"])
            #expect(result.subs["b"].map { String(buffer: $0.data) } == #"{"y":1}"#)
            guard case .presence(let presence) = try await client.ask(.presence(Wire.PresenceRequest(channel: "b"))).body else {
                throw Unexpected("no presence")
            }
            #expect(presence.presence.values.first.map { String(buffer: $0.channelInfo) } == #"{"role":"x"}"#)
        }
    }

    @Test("a user's personal channel reaches all of the user's connections, and nobody else may have it")
    func personal() async throws {
        try await run { server in
            let (one, two, other) = (try await RealtimeClient(server), try await RealtimeClient(server), try await RealtimeClient(server))
            for client in [one, two] { try await client.connect(Self.token(#""sub":"42""#)) }
            try await other.connect(Self.token(#""sub":"43""#))
            #expect(try await other.ask(Self.subscribe("personal:#42", "")).error?.code == 103)
            let body = ByteBuffer(string: #"{"channel":"personal:#42","data":"hello"}"#)
            let answer = try await server.http.execute(
                uri: "/api/publish", method: .post, headers: [.authorization: "apikey 0123456789abcdef"], body: body)
            #expect(String(buffer: answer.body).contains("result"))
            for client in [one, two] {
                guard case .publication(let publication) = try await client.push().body else { throw Unexpected("no publication") }
                #expect(String(buffer: publication.data) == #""hello""#)
            }
        }
    }

    // MARK: subscribe

    @Test("subscribe: good, expired (109), bad (103), none (103)")
    func subscribing() async throws {
        try await run { server in
            let client = try await RealtimeClient(server)
            let id = try await client.connect(Self.token(#""sub":"42""#)).client
            #expect(try await client.ask(Self.subscribe("a", "")).error?.code == 103)
            #expect(try await client.ask(Self.subscribe("a", Self.token(#""sub":"42","channel":"a""#, expiresIn: -1))).error?.code == 109)
            let forged = try await Self.token(#""sub":"42","channel":"a""#, secret: Self.other)
            #expect(try await client.ask(Self.subscribe("a", forged)).error?.code == 103)
            let result = try await client.subscribe("a", token: Self.token(#""sub":"42","channel":"a""#, expiresIn: 100))
            #expect(result.expires)
            try await client.subscribe("$secret", token: Self.token(#""sub":"42","channel":"$secret","client":"\#(id)""#))
        }
    }

    @Test(
        "a subscription token for another channel, user or client ends the connection (3500)",
        arguments: [#""sub":"42","channel":"b""#, #""sub":"43","channel":"a""#, #""sub":"42","channel":"a","client":"x""#])
    func mismatch(claims: String) async throws {
        try await run { server in
            let client = try await RealtimeClient(server)
            try await client.connect(Self.token(#""sub":"42""#))
            _ = try? await client.ask(Self.subscribe("a", Self.token(claims)))
            #expect(await client.socket.waitForClose().code.rawValue == 3_500)
        }
    }

    @Test("a subscription ends with its token (2501), unless it is refreshed")
    func subscriptionExpiry() async throws {
        try await run { server in
            let client = try await RealtimeClient(server)
            try await client.connect(Self.token(#""sub":"42""#))
            for channel in ["a", "b"] {
                try await client.subscribe(channel, token: Self.token(#""sub":"42","channel":"\#(channel)""#, expiresIn: 4))
            }
            let token = try await Self.token(#""sub":"42","channel":"b""#, expiresIn: 100)
            let reply = try await client.ask(.subRefresh(Wire.SubRefreshRequest(channel: "b", token: token)))
            guard case .subRefresh(let refreshed) = reply.body else { throw Unexpected("\(reply)") }
            #expect((98...100).contains(refreshed.ttl))
            let push = try await client.push()
            guard case .unsubscribe(let end) = push.body else { throw Unexpected("\(push)") }
            #expect(push.channel == "a")
            #expect(end.code == 2_501)
        }
    }

    @Test("sub_refresh: expired (110), not subscribed (103), bad (3500)")
    func subRefresh() async throws {
        try await run { server in
            let client = try await RealtimeClient(server)
            try await client.connect(Self.token(#""sub":"42""#))
            try await client.subscribe("a", token: Self.token(#""sub":"42","channel":"a""#))
            func refresh(_ channel: String, _ token: String) -> Wire.Command.Body {
                .subRefresh(Wire.SubRefreshRequest(channel: channel, token: token))
            }
            let expired = try await Self.token(#""sub":"42","channel":"a""#, expiresIn: -1)
            #expect(try await client.ask(refresh("a", expired)).error?.code == 110)
            #expect(try await client.ask(refresh("b", expired)).error?.code == 103)
            let forged = try await Self.token(#""sub":"42","channel":"a""#, secret: Self.other)
            _ = try? await client.ask(refresh("a", forged))
            #expect(await client.socket.waitForClose().code.rawValue == 3_500)
        }
    }
}
