// What changes while a server runs, and what goes on meanwhile.

import Foundation
import HTTPTypes
import HummingbirdTesting
import Logging
import NIOCore
import RealtimeHub
import RealtimeProtocol
import ServerTestSupport
import Testing
import WebSocketHummingbird

@testable import HeliographServer

@Suite("Reload", .timeLimit(.minutes(1)))
struct ReloadTests {
    private static let other = String(TokenMaker.secret.reversed())

    private static func configuration(
        secret: String = TokenMaker.secret, namespaces: String = "[{name: news, allow_subscribe_for_client: true}]",
        key: String = "0123456789abcdef", more: String = ""
    ) async throws -> ServeConfiguration {
        try await ServeConfiguration(
            yaml: """
                client: {token: {hmac_secret_key: "\(secret)"}\(more)}
                channel: {namespaces: \(namespaces)}
                http_api: {key: \(key)}
                """, file: "test.yaml")
    }

    private static func anonymous(_ more: String) -> String {
        "client: {allow_anonymous: true}\nchannel: {namespaces: [{name: news}]}\n" + more
    }

    private static func token(_ secret: String = TokenMaker.secret) async throws -> String {
        try await TokenMaker.hmac(secret).sign(#"{"sub":"42"}"#)
    }

    private static func subscribe(_ client: RealtimeClient, _ channel: String) async throws -> UInt32 {
        try await client.ask(.subscribe(Wire.SubscribeRequest(channel: channel))).error?.code ?? 0
    }

    @Test("new namespaces and keys hold for what comes next, and nobody is disconnected")
    func takesOver() async throws {
        let serve = try await Self.configuration()
        try await TestServer.run(serve) { server in
            let client = try await RealtimeClient(server)
            try await client.connect(Self.token())
            try await client.subscribe("news:today")
            #expect(try await Self.subscribe(client, "chat:tea") == 102)

            let new = try await Self.configuration(
                secret: Self.other, namespaces: "[{name: chat, allow_subscribe_for_client: true}]", key: "fedcba9876543210")
            let outcome = try await server.application.reload(new)
            #expect(
                outcome.changed == ["channel.namespaces[0].name", "client.token.hmac_secret_key", "http_api.key"])
            #expect(outcome.waiting == [])

            #expect(try await Self.subscribe(client, "chat:tea") == 0)
            #expect(try await Self.subscribe(client, "news:tomorrow") == 102)
            let late = try await RealtimeClient(server)
            try await late.connect(Self.token(Self.other))
            let old = try await RealtimeClient(server)
            await #expect(throws: (any Error).self) { try await old.connect(Self.token()) }
            for (key, status) in [("0123456789abcdef", 401), ("fedcba9876543210", 200)] {
                let answer = try await server.http.execute(
                    uri: "/api/info", method: .post, headers: [.authorization: "apikey \(key)"], body: ByteBuffer())
                #expect(answer.status.code == status)
            }
        }
    }

    @Test("an existing subscription goes on with the options that it has, until it ends")
    func subscriptions() async throws {
        let serve = try await Self.configuration(namespaces: "[{name: news, allow_subscribe_for_client: true}, {name: other}]")
        try await TestServer.run(serve) { server in
            let client = try await RealtimeClient(server)
            try await client.connect(Self.token())
            try await client.subscribe("news:today")
            let closed = try await Self.configuration(namespaces: "[{name: news}, {name: other}]")
            _ = try await server.application.reload(closed)
            try await server.application.hub.publish(Array(#""hello""#.utf8), to: "news:today")
            guard case .publication(let publication) = try await client.push().body else { throw Unexpected("no publication") }
            #expect(String(buffer: publication.data) == #""hello""#)
            #expect(try await Self.subscribe(client, "news:tomorrow") == 103)
        }
    }

    @Test("what needs a new start is told, and told again until then")
    func waiting() async throws {
        let serve = try await Self.configuration()
        try await TestServer.run(serve) { server in
            let new = try await Self.configuration(more: ", ping_interval: 20s")
            for _ in 0..<2 {
                let outcome = try await server.application.reload(new)
                #expect(outcome.changed == [])
                #expect(outcome.waiting == ["client.ping_interval"])
            }
            #expect(try await server.application.reload(serve).waiting == [])
        }
    }

    @Test("limits hold for who is connected, and take no connection away")
    func limits() async throws {
        let serve = try await Self.configuration()
        try await TestServer.run(serve) { server in
            let client = try await RealtimeClient(server)
            try await client.connect(Self.token())
            let calls = "{enabled: true, rpc: {enabled: true, buckets: [{interval: 1h, rate: 2}]}}"
            let new = try await Self.configuration(more: ", connection_limit: 1, rate_limit: {client_command: \(calls)}")
            let outcome = try await server.application.reload(new)
            #expect(outcome.waiting == [])
            #expect(outcome.changed.contains("client.connection_limit"))
            #expect(outcome.changed.contains("client.rate_limit.client_command.rpc.buckets[0].rate"))
            let call = Wire.Command.Body.rpc(Wire.RPCRequest(method: "m"))
            var codes: [UInt32?] = []
            for _ in 0..<3 { codes.append(try await client.ask(call).error?.code) }
            #expect(codes == [108, 108, 111])
            await #expect(throws: (any Error).self) { _ = try await RealtimeClient(server) }
            _ = try await server.application.reload(new)
            #expect(try await client.ask(call).error?.code == 111, "the same limits, and the same buckets")
            #expect(try await server.application.reload(serve).waiting == [])
            #expect(try await client.ask(call).error?.code == 108)
            let late = try await RealtimeClient(server)
            try await late.connect(Self.token())
        }
    }

    @Test(
        "memory, the watchdog, connections and trusted proxies are as the new limits say; how connections begin waits, and who is trusted with it"
    )
    func protection() async throws {
        let serve = try await ServeConfiguration(yaml: Self.anonymous(""), file: "test.yaml")
        try await TestServer.run(serve) { server in
            let more = "memory: {limit: 1}\nwatchdog: {threshold: 60ms}\nhttp_server: {max_connections: 7, trusted_proxies: [10.0.0.0/8]}"
            let outcome = try await server.application.reload(try await ServeConfiguration(yaml: Self.anonymous(more), file: "test.yaml"))
            #expect(
                outcome.changed == ["http_server.max_connections", "http_server.trusted_proxies", "memory.limit", "watchdog.threshold"])
            #expect(outcome.waiting == [])
            let settings = server.application.listenerSettings
            #expect((settings.limits.total, settings.trustedProxies.networks.count) == (7, 1))
            func pressure(until expected: MemoryPressure) async throws -> MemoryPressure {
                for _ in 0..<200 where server.application.hub.memoryPressure != expected { try await Task.sleep(for: .milliseconds(20)) }
                return server.application.hub.memoryPressure
            }
            #expect(try await pressure(until: .hard) == .hard)
            _ = try await server.application.reload(serve)
            #expect(try await pressure(until: .none) == .none)
            let begins = "http_server: {trusted_proxies: [10.0.0.0/8], proxy_protocol: true}"
            let other = try await server.application.reload(try await ServeConfiguration(yaml: Self.anonymous(begins), file: "test.yaml"))
            #expect(other == .init(changed: [], waiting: ["http_server.proxy_protocol", "http_server.trusted_proxies"]))
            #expect(settings.trustedProxies.networks.isEmpty)
        }
    }

    @Test("an API that there was not waits: nobody is told that its key is good")
    func noAPI() async throws {
        let serve = try await ServeConfiguration(yaml: Self.anonymous(""), file: "test.yaml")
        try await TestServer.run(serve) { server in
            let with = try await ServeConfiguration(yaml: Self.anonymous("http_api: {key: 0123456789abcdef}"), file: "test.yaml")
            #expect(try await server.application.reload(with) == .init(changed: [], waiting: ["http_api.key"]))
        }
    }

    @Test("insecure is not switched on by a reload")
    func insecure() async throws {
        let serve = try await Self.configuration()
        try await TestServer.run(serve) { server in
            let open = try await ServeConfiguration(
                yaml: "insecure: true\nchannel: {namespaces: [{name: news}]}\nhttp_api: {key: 0123456789abcdef}", file: "test.yaml")
            #expect(try await server.application.reload(open).waiting.contains("insecure"))
            let client = try await RealtimeClient(server)
            await #expect(throws: (any Error).self) { try await client.connect() }
        }
    }

    @Test("an API of which nothing is said any more lets nobody in")
    func withoutAPI() async throws {
        let serve = try await Self.configuration()
        try await TestServer.run(serve) { server in
            let new = try await ServeConfiguration(
                yaml: """
                    client: {token: {hmac_secret_key: "\(TokenMaker.secret)"}}
                    channel: {namespaces: [{name: news, allow_subscribe_for_client: true}]}
                    """, file: "test.yaml")
            _ = try await server.application.reload(new)
            let answer = try await server.http.execute(
                uri: "/api/info", method: .post, headers: [.authorization: "apikey 0123456789abcdef"], body: ByteBuffer())
            #expect(answer.status == .unauthorized)
            _ = try await server.application.reload(serve)
            let again = try await server.http.execute(
                uri: "/api/info", method: .post, headers: [.authorization: "apikey 0123456789abcdef"], body: ByteBuffer())
            #expect(again.status == .ok)
        }
    }

    @Test("with one certificate that is no good, both stay as they are")
    func certificates() async throws {
        let folder = try TemporaryFolder()
        let (own, other) = (try await folder.certificate("own"), try await folder.certificate("other"))
        let serve = try await ServeConfiguration(
            yaml: """
                client: {token: {hmac_secret_key: "\(TokenMaker.secret)"}}
                channel: {without_namespace: {}}
                http_server:
                  internal_port: 0
                  tls: {cert_file: \(own.certificate), key_file: \(own.key)}
                  internal_tls: {cert_file: \(other.certificate), key_file: \(other.key)}
                """, file: "test.yaml")
        let application = try HeliographApplication(
            configuration: serve, logger: Logger(label: "test", factory: { _ in SwiftLogNoOpLogHandler() }))
        let before = (application.certificates?.context, application.internalCertificates?.context)
        let good = try String(contentsOfFile: other.key, encoding: .utf8)
        try "nothing".write(toFile: other.key, atomically: true, encoding: .utf8)
        await #expect(throws: ServeError.self) { try await application.reload(serve) }
        #expect(application.certificates?.context === before.0)
        try good.write(toFile: other.key, atomically: true, encoding: .utf8)
        _ = try await application.reload(serve)
        #expect(application.certificates?.context !== before.0)
        #expect(application.internalCertificates?.context !== before.1)
    }

    @Test("a namespace that every user has a channel in can't be taken away")
    func personal() async throws {
        let more = ", subscribe_to_user_personal_channel: {enabled: true, personal_channel_namespace: mine}"
        let serve = try await Self.configuration(namespaces: "[{name: mine}]", more: more)
        try await TestServer.run(serve) { server in
            let new = try await Self.configuration(namespaces: "[{name: yours}]")
            let error = await #expect(throws: ServeError.self) { try await server.application.reload(new) }
            #expect(error?.description.contains("there is no namespace mine any more") == true)
            _ = try await server.application.hub.publish([0x31], to: "mine:#1")
        }
    }
}
