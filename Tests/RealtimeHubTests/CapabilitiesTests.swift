// What the capabilities of a token open, and what they never do.

import NIOCore
import RealtimeProtocol
import Testing

@testable import RealtimeHub

@Suite("Capabilities")
struct CapabilitiesTests {
    private static let namespaces: Namespaces = {
        var users = ChannelSettings()
        users.allowUserLimitedChannels = true
        var wild = ChannelSettings()
        wild.allowWildcards = true
        return Namespaces(withoutNamespace: ChannelSettings(), named: ["news": wild, "orders": ChannelSettings(), "dialog": users])
    }()

    private func allows(
        _ channel: String, _ patterns: String..., to operation: Namespaces.Operation = .subscribe,
        only: Set<Namespaces.Operation> = [.subscribe]
    ) throws -> Bool {
        let capability = Capabilities.Capability(try patterns.map { try ChannelPattern($0) }, only)
        return Self.namespaces.allows(operation, in: channel, by: Capabilities([capability]))
    }

    @Test("open the channels whose names match, for what they say")
    func names() throws {
        #expect(try allows("orders:42", "orders:42"))
        #expect(try allows("orders:42", "news:**", "orders:*"))
        #expect(try !allows("orders:42:items", "orders:*"), "a star stops at a boundary")
        #expect(try allows("orders:42:items", "orders:**"))
        #expect(try !allows("orders:421", "orders:42"))
        #expect(try !allows("orders:42", "orders:42", to: .publish))
        #expect(try allows("orders:42", "orders:42", to: .history, only: [.history, .presence]))
        #expect(!Self.namespaces.allows(.subscribe, in: "orders:42", by: Capabilities()))
    }

    @Test("never open private channels or those for users by a star alone")
    func closed() throws {
        #expect(try !allows("$orders:42", "**"))
        #expect(try !allows("$orders:42", "orders:42"))
        #expect(try allows("$orders:42", "$orders:*"))
        #expect(try !allows("dialog:#7,8", "dialog:**"))
        #expect(try allows("dialog:#7,8", "dialog:#7,*"))
    }

    @Test("a star does not stand for a star: patterns of channels are open as they are written, or to any depth")
    func patterns() throws {
        #expect(try allows("news:*", "news:*"))
        #expect(try !allows("news:**", "news:*"))
        #expect(try allows("news:sport.*", "news:**"))
        #expect(try !allows("news:*", "news:sport.**"))
    }

    /// A token is what it may do.
    private struct Verifier: TokenVerifier {
        func connection(_ token: String) async throws(TokenError) -> ConnectionClaims {
            var claims = ConnectionClaims(user: "ada")
            let operations: Set<Namespaces.Operation> = token == "all" ? Set(Namespaces.Operation.allCases) : [.subscribe]
            guard let pattern = try? ChannelPattern("closed:*") else { throw .invalid("no pattern") }
            if token != "none" { claims.capabilities = Capabilities([.init([pattern], operations)]) }
            return claims
        }

        func subscription(_ token: String) async throws(TokenError) -> SubscriptionClaims { throw .invalid("none") }
    }

    private func client() async throws -> LiveClient {
        var closed = ChannelSettings()
        (closed.presence, closed.historySize, closed.historyTTL) = (true, 10, .seconds(60))
        return try await LiveClient(Hub(namespaces: Namespaces(named: ["closed": closed]), tokens: Verifier()))
    }

    @Test("a connection may do what its token says, in each operation")
    func connection() async throws {
        let wanted: [Wire.Command.Body] = [
            .subscribe(Wire.SubscribeRequest(channel: "closed:a")),
            .publish(Wire.PublishRequest(channel: "closed:a", data: ByteBuffer(string: "1"))),
            .presence(Wire.PresenceRequest(channel: "closed:a")), .history(Wire.HistoryRequest(channel: "closed:a")),
        ]
        for (token, codes) in [("all", [nil, nil, nil, nil]), ("some", [nil, 103, 103, 103]), ("none", [103, 103, 103, 103])]
            as [(String, [UInt32?])]
        {
            let client = try await client()
            _ = try await client.connect(token: token)
            for (body, code) in zip(wanted, codes) { #expect(try await client.ask(body).error?.code == code, "\(token)") }
        }
    }

    @Test("another token at the refresh has others")
    func refresh() async throws {
        let client = try await client()
        _ = try await client.connect(token: "all")
        _ = try await client.ask(.refresh(Wire.RefreshRequest(token: "none")))
        #expect(try await client.ask(.subscribe(Wire.SubscribeRequest(channel: "closed:a"))).error?.code == 103)
    }
}
