// Tokens against a real server whose verifier is the test's.

import NIOCore
import RealtimeClient
import RealtimeHub
import RealtimeProtocol
import Synchronization
import Testing

/// Tokens say who it is, in which channel, and until when (milliseconds since 1970).
private struct PlainTokens: TokenVerifier {
    func connection(_ token: String) async throws(TokenError) -> ConnectionClaims {
        let parts = token.split(separator: "|")
        guard parts.count == 2, let end = Int64(parts[1]) else { throw .invalid("not one of ours") }
        return ConnectionClaims(user: String(parts[0]), expiresAt: end)
    }

    func subscription(_ token: String) async throws(TokenError) -> SubscriptionClaims {
        let parts = token.split(separator: "|")
        guard parts.count == 3, let end = Int64(parts[2]) else { throw .invalid("not one of ours") }
        return SubscriptionClaims(user: String(parts[0]), channel: String(parts[1]), expiresAt: end)
    }
}

@Suite("Live tokens", .serialized)
struct LiveTokenTests {
    private static func end(in seconds: Int64) -> Int64 { HubConfiguration().now() + seconds * 1_000 }

    private func hub() -> Hub {
        TestHub.make(tokens: PlainTokens()) {
            $0.allowsAnonymousConnections = false
            $0.expiredCloseDelay = .milliseconds(200)
            $0.expiredSubscriptionCloseDelay = .milliseconds(200)
        }
    }

    @Test("connections and subscriptions outlive their tokens by new ones", arguments: [WireFormat.json, .protobuf])
    func renewed(format: WireFormat) async throws {
        let asked = Mutex<[String: Int]>([:])
        try await LiveServer.run(hub()) { server in
            let client = server.client {
                $0.format = format
                $0.getToken = {
                    asked.withLock { $0["", default: 0] += 1 }
                    return "ada|\(Self.end(in: 2))"
                }
            }
            var options = Client.SubscriptionOptions()
            options.getToken = { channel in
                asked.withLock { $0[channel, default: 0] += 1 }
                return "ada|\(channel)|\(Self.end(in: 2))"
            }
            let closed = try client.subscribe("closed:a", options)
            try await closed.ready()
            let id = client.id
            try await eventually("renewals") { asked.withLock { $0["", default: 0] >= 3 && $0["closed:a", default: 0] >= 3 } }
            #expect(client.id == id)
            #expect(closed.state == .subscribed)
            #expect(server.hub.clients(of: "ada") == [id])
        }
    }

    @Test("an expired token is replaced, a wrong one ends it")
    func expired() async throws {
        try await LiveServer.run(hub()) { server in
            let client = server.client {
                $0.token = "ada|1"
                $0.getToken = { "ada|\(Self.end(in: 600))" }
            }
            try await client.ready()
            let wrong = server.client { $0.token = "nonsense" }
            var last: Client.Event?
            for await event in wrong.events { last = event }
            #expect(last == .disconnected(Client.Reason(code: 3_500, reason: "invalid token")))
            let without = server.client()
            for await event in without.events { last = event }
            #expect(last == .disconnected(Client.Reason(code: 101, reason: "unauthorized")))
        }
    }

    @Test("a token may be asked for over the client itself, and given up with the request under way")
    func overItself() async throws {
        var handlers = HubHandlers()
        handlers.call = { (event) async throws(HubRefusal) in
            if event.method == "slow" { try? await Task.sleep(for: .seconds(1)) }
            return ByteBuffer(string: "\(event.identity.user)|closed:a|\(Self.end(in: 600))")
        }
        let hub = TestHub.make(handlers, tokens: PlainTokens())
        try await LiveServer.run(hub) { server in
            let client = server.client { $0.token = "ada|\(Self.end(in: 600))" }
            let method = Mutex("token")
            var options = Client.SubscriptionOptions()
            options.getToken = { [weak client] _ in
                guard let client else { return "" }
                return String(buffer: try await client.rpc(method.withLock { $0 }))
            }
            let closed = try client.subscribe("closed:a", options)
            try await closed.ready()
            closed.remove()
            method.withLock { $0 = "slow" }
            let again = try client.subscribe("closed:a", options)
            try await Task.sleep(for: .milliseconds(50))
            again.unsubscribe()
            #expect(again.state == .unsubscribed)
            #expect(client.state == .connected)
        }
    }

    @Test("a token that can't be had for the moment is asked for again; one that is not given ends it")
    func notGiven() async throws {
        let asked = Mutex(0)
        try await LiveServer.run(hub()) { server in
            let client = server.client {
                $0.getToken = {
                    let count = asked.withLock { count in
                        count += 1
                        return count
                    }
                    if count < 3 { throw Unexpected("offline") }
                    return "ada|\(Self.end(in: 600))"
                }
            }
            try await client.ready()
            #expect(asked.withLock { $0 } == 3)
            var options = Client.SubscriptionOptions()
            options.getToken = { _ in "" }
            let closed = try client.subscribe("closed:a", options)
            await #expect(throws: RealtimeError(code: 1, message: "unauthorized")) { for try await _ in closed.publications {} }
        }
    }
}
