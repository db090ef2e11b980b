// A file of Centrifugo v6 becomes one of ours; what can't is told.

import BackendHooks
import Foundation
import Logging
import RealtimeHub
import RealtimeHummingbird
import ServerTestSupport
import Testing

@testable import HeliographServer

@Suite("heliograph import-config", .timeLimit(.minutes(1)))
struct CentrifugoImportTests {
    private static let theirs = """
        {
          "client": {
            "token": {
              "hmac_secret_key": "\(TokenMaker.secret)", "audience": "chat",
              "hmac_previous_secret_key": "\(String(TokenMaker.secret.reversed()))", "hmac_previous_secret_key_valid_until": 1900000000
            },
            "allowed_origins": ["https://example.com"], "ping_interval": "20s", "connection_limit": 1000, "concurrency": 8,
            "allow_anonymous_connect_without_token": true,
            "proxy": {
              "connect": {"enabled": true, "endpoint": "http://backend/connect", "http_headers": ["Cookie"], "http": {
                "static_headers": {"X-Key": "k"}, "tls": {"enabled": true, "insecure_skip_verify": true},
                "status_to_code_transforms": [{"status_code": 404, "to_error": {"code": 404, "message": "gone", "temporary": false}}]}},
              "refresh": {"enabled": false, "endpoint": "", "timeout": "1s", "grpc_metadata": ["x"]}
            }
          },
          "rpc": {"proxy": {"endpoint": "http://backend/rpc"}, "namespaces": [{"name": "math", "proxy_enabled": true, "proxy_name": "other"}]},
          "proxies": [{"name": "other", "endpoint": "https://other.example.com/", "timeout": "3s", "http": {"static_headers": {"X-A": "b"}}, "grpc": {"compression": true}}],
          "channel": {
            "proxy": {"subscribe": {"endpoint": "http://backend/subscribe"}, "publish": {"endpoint": "http://backend/publish"}},
            "without_namespace": {"allow_subscribe_for_client": true, "subscribe_proxy_enabled": true},
            "namespaces": [
              {"name": "chat", "presence": true, "history_size": 10, "history_ttl": "300s", "force_recovery": true, "channel_regex": "[a-z]+",
               "publish_proxy_enabled": true, "subscribe_stream_proxy_enabled": true, "subscription_type": "map", "join_leave": false}
            ]
          },
          "http_api": {"key": "0123456789abcdef"}, "http_server": {"port": 9000, "internal_port": 9001},
          "engine": {"type": "redis", "redis": {"address": "localhost:6379"}}, "admin": {"enabled": true, "password": "a-long-password", "secret": "x"},
          "sse": {"enabled": true}, "websocket": {"disabled": false}, "usage_stats": {"disabled": true}
        }
        """

    private func imported(_ theirs: String = theirs) async throws -> CentrifugoImport {
        try await CentrifugoImport(theirs, file: "config.json")
    }

    @Test("carries over what there is here, and the result is good")
    func carries() async throws {
        let result = try await imported()
        #expect(result.problems == [])
        let ours = try await ServeConfiguration(yaml: result.text, file: "heliograph.yaml")
        let realtime = try #require(ours.realtime)
        #expect(ours.port == 9_000)
        #expect(ours.host == "0.0.0.0", "theirs listens on all addresses")
        #expect(ours.internalListener?.port == 9_001)
        #expect(ours.internalListener?.host == "0.0.0.0")
        #expect(realtime.hub.pingInterval == .seconds(20))
        #expect(realtime.hub.allowsAnonymousConnections)
        #expect(realtime.hub.limits.connections == 1_000)
        #expect(realtime.namespaces.named["chat"]?.historyTTL == .seconds(300))
        #expect(realtime.namespaces.named["chat"]?.presence == true)
        #expect(realtime.namespaces.withoutNamespace?.allowSubscribe == .clients)
        #expect(realtime.hasAPI)
        #expect(realtime.routes.transports == [.webSocket, .serverSentEvents], "theirs has streams only where they are enabled")
        let connect = try #require(realtime.hooks.connect)
        #expect((connect.url, connect.requestFields, connect.staticFields) == ("http://backend/connect", ["cookie"], ["X-Key": "k"]))
        #expect(connect.refusals.keys.map { $0 } == [404])
        #expect(connect.tls.dangerouslySkipsVerification)
        #expect(realtime.hooks.calls["math"]?.timeout == .seconds(3))
        #expect(realtime.namespaces.withoutNamespace?.asks.subscribe == "default")
        #expect(realtime.namespaces.named["chat"]?.asks.publish == "default")
        for secret in [TokenMaker.secret, String(TokenMaker.secret.reversed())] {
            let token = try await TokenMaker.hmac(secret).sign(#"{"sub":"42","aud":"chat"}"#)
            #expect(try await realtime.tokens?.connection(token).user == "42")
        }
    }

    @Test("says what it can't carry over, and why; what is off is not missed")
    func tells() async throws {
        let notes = try await imported().notes
        for words in [
            "client.proxy.refresh.grpc_metadata: there is no gRPC", "proxies[].grpc: there is no gRPC",
            "channel.namespaces[chat].subscribe_stream_proxy_enabled: a backend is asked over HTTP",
            "client.concurrency: there is nothing like it here",
            "channel.namespaces[chat].subscription_type: there are no maps",
            "channel.namespaces[chat].channel_regex: it must match the whole name",
            "engine.type: channels, history and presence are in the memory of one process", "admin.secret: there is nothing like it here",
            "client.token.hmac_secret_key: it is for HS256 alone here",
        ] {
            #expect(notes.contains { $0.contains(words) }, "\(words) is not in \(notes)")
        }
        #expect(!notes.contains { $0.contains("join_leave") || $0.contains("websocket") })
        #expect(!notes.contains { $0.contains(TokenMaker.secret) })
    }

    @Test("what is switched off stays off")
    func switches() async throws {
        let ours = try await ServeConfiguration(yaml: imported().text, file: "heliograph.yaml")
        #expect(ours.adminPassword == "a-long-password")
        let result = try await imported(
            """
            client: {token: {hmac_secret_key: "\(TokenMaker.secret)"}, subscription_token: {hmac_secret_key: "\(TokenMaker.secret)-2"}}
            channel: {without_namespace: {}, history_meta_ttl: 24h}
            http_api: {disabled: true, key: "0123456789abcdef"}
            http_server: {tls: {enabled: false, cert_pem: a.pem, key_pem: b.pem}}
            admin: {password: "a-long-password"}
            """)
        #expect(result.problems == [] && result.notes.count == 1, "\(result.notes)")
        let off = try await ServeConfiguration(yaml: result.text, file: "heliograph.yaml")
        #expect(off.adminPassword == nil && off.tls == nil && off.realtime?.hasAPI == false)
        #expect(off.realtime?.namespaces.withoutNamespace?.historyMetaTTL == .seconds(86_400))
        let token = try await TokenMaker.hmac().sign(#"{"sub":"42","channel":"a"}"#)
        #expect(try await off.realtime?.tokens?.subscription(token).channel == "a", "subscription tokens have the same keys")
    }

    @Test("carries over how it is operated")
    func operations() async throws {
        let result = try await imported(
            """
            client: {allow_anonymous_connect_without_token: true}
            channel: {without_namespace: {presence: true}}
            http_server:
              internal_port: "9001"
              internal_address: 10.0.0.1
              tls: {enabled: true, cert_pem: a.pem, key_pem: b.pem, client_ca_pem: c.pem}
              tls_external: true
            prometheus: {enabled: true, handler_prefix: /prom}
            health: {enabled: true}
            log: {level: warn, file: /var/log/x.log}
            shutdown: {timeout: 5s}
            http_api: {key: 0123456789abcdef, external: true}
            opentelemetry: {enabled: true}
            """)
        #expect(result.problems == [])
        let ours = try await ServeConfiguration(yaml: result.text, file: "heliograph.yaml")
        #expect(ours.internalListener?.host == "10.0.0.1")
        #expect(ours.internalListener?.tls == nil)
        #expect(ours.tls?.clientAuthorities == "c.pem")
        #expect(ours.hasMetrics == true && ours.hasHealth == true)
        #expect(ours.log.file == "/var/log/x.log")
        #expect(ours.logLevel == .warning)
        #expect(ours.shutdown.timeout == .seconds(5))
        #expect(ours.shutdown.window == .milliseconds(2_500), "less than all of it")
        #expect(ours.realtime?.api?.isExternal == true)
        #expect(result.notes.contains { $0.contains("prometheus.handler_prefix: it is at /metrics") })
        #expect(result.notes.contains { $0.contains("opentelemetry.enabled") })
    }

    @Test("says what has to be changed first")
    func problems() async throws {
        let result = try await imported("client:\n  token: {hmac_secret_key: short}\nchannel: {without_namespace: {history_size: 5}}\n")
        #expect(result.problems.contains { $0.contains("the secret has 5 bytes") })
        #expect(result.problems.contains { $0.contains("it needs both a size and a time") })
    }

    @Test("what is no configuration is refused", arguments: ["", "[]", "a: [", "7"])
    func nonsense(text: String) async {
        await #expect(throws: ServeError.self) { try await imported(text) }
    }

    @Test("as a command: writes the file, and prints the rest")
    func command() async throws {
        let folder = try TemporaryFolder()
        defer { withExtendedLifetime(folder) {} }
        let (theirs, ours) = (try folder.write(Self.theirs, to: "config.json"), folder.path("heliograph.yaml"))
        let path = try HeliographServerProcess.path
        let outcome = try await Command.run(path, ["import-config", theirs, ours])
        #expect(outcome.code == 0)
        #expect(outcome.errors.contains("Not carried over: engine.type"))
        #expect(try await Command.run(path, ["check-config", ours]).code == 0)
        let again = try await Command.run(path, ["import-config", theirs, ours])
        #expect(again.code != 0)
        #expect(again.errors.contains("is there already"))
        let toml = try folder.write(
            """
            [client]
            allow_anonymous_connect_without_token = true
            ping_interval = "20s" # with its unit
            [channel.without_namespace]
            presence = true
            [[channel.namespaces]]
            name = "chat"
            history_size = 1_000
            history_ttl = "5m"
            """, to: "config.toml")
        let third = folder.path("third.yaml")
        let written = try await Command.run(path, ["import-config", toml, third])
        #expect(written.code == 0, "\(written.errors)")
        let read = try await ServeConfiguration(file: third)
        #expect(read.realtime?.namespaces.named["chat"]?.historySize == 1_000)
        // Ours can be TOML too, and its mistakes have their lines.
        let wrong = try folder.write("[client]\nallow_anonymous = true\n[chanel]\n", to: "ours.toml")
        let check = try await Command.run(path, ["check-config", wrong])
        #expect(check.errors.contains("ours.toml:3: chanel: there is no such key here; did you mean channel?"), "\(check.errors)")
    }
}
