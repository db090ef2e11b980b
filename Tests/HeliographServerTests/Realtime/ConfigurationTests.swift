// The file of `heliograph serve --config`: what it says, and every way to say something wrong, each with its line and what to do.

import Foundation
import JWTKit
import RealtimeHub
import RealtimeHummingbird
import ServerTestSupport
import Testing

@testable import HeliographServer

@Suite("Configuration")
struct ConfigurationTests {
    private func read(_ yaml: String) async throws -> RealtimeConfiguration {
        try await RealtimeConfiguration(yaml: yaml, file: "test.yaml")
    }

    private func read(namespace options: String) async throws -> ChannelSettings {
        let configuration = try await read("{client: {allow_anonymous: true}, channel: {namespaces: [{name: a, \(options)}]}}")
        return try #require(configuration.namespaces.named["a"])
    }

    // MARK: What it says

    @Test("every example of Docs/configuration.md is a good file")
    func documented() async throws {
        let docs = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "../../../Docs/configuration.md")
        let text = try String(contentsOf: docs, encoding: .utf8)
        let examples = text.matches(of: /```yaml\n([^`]*)```/).map { String($0.output.1) }
        #expect(examples.count == 6)
        for example in examples { _ = try await read(example) }
        let whole = try await read(try #require(examples.first))
        #expect(whole.hasAPI)
        #expect(whole.warnings.isEmpty)
        #expect(Set(whole.namespaces.named.keys) == ["chat", "quotes", "personal"])
        #expect(whole.namespaces.named["chat"]?.historyTTL == .seconds(300))
        #expect(whole.namespaces.named["quotes"]?.recoveryMode == .cache)
        #expect(whole.namespaces.options(of: "logs.a.b")?.slowReaders == .dropOldest(keeping: 100))
        #expect(whole.hub.personalChannel == PersonalChannel(namespace: "personal"))
    }

    @Test("all options of a channel")
    func options() async throws {
        let options = try await read(
            namespace: """
                presence: true, join_leave: true, force_push_join_leave: true, history_size: 7, history_ttl: 1h30m, history_meta_ttl: 2d,
                allow_positioning: true, force_positioning: true, allow_recovery: true, force_recovery: true, force_recovery_mode: cache,
                auto_cache_recover: true, allowed_delta_types: [fossil], delta_publish: true, allow_tags_filter: true,
                allow_channel_compaction: false, publication_data_format: json_object, slow_readers: keep_latest,
                allow_subscribe_for_client: true, allow_subscribe_for_anonymous: true, allow_publish_for_subscriber: true,
                allow_presence_for_client: true, allow_history_for_anonymous: true, allow_user_limited_channels: true,
                allow_wildcards: true, channel_regex: "[a-z]+"
                """)
        var expected = ChannelSettings()
        (expected.presence, expected.joinLeave, expected.forcePushJoinLeave) = (true, true, true)
        (expected.historySize, expected.historyTTL, expected.historyMetaTTL) = (7, .seconds(5_400), .seconds(172_800))
        (expected.allowPositioning, expected.forcePositioning, expected.allowRecovery, expected.forceRecovery) = (true, true, true, true)
        (expected.recoveryMode, expected.autoCacheRecover) = (.cache, true)
        (expected.allowsDelta, expected.deltaPublish, expected.allowTagsFilter, expected.allowsCompaction) = (true, true, true, false)
        (expected.dataFormat, expected.slowReaders) = (.jsonObject, .keepLatest)
        (expected.allowSubscribe, expected.allowPublish) = ([.clients, .anonymous], .subscribers)
        (expected.allowPresence, expected.allowHistory, expected.allowUserLimitedChannels) = (.clients, .anonymous, true)
        (expected.allowWildcards, expected.asks) = (true, .none)
        expected.nameRegex = try ChannelRegex("[a-z]+")
        #expect(options == expected)
    }

    @Test("which characters of a channel's name mean something, and how long positions are kept")
    func syntax() async throws {
        let configuration = try await read(
            """
            client: {allow_anonymous: true}
            channel:
              {private_prefix: "!", namespace_boundary: "/", user_boundary: "@", user_separator: "", history_meta_ttl: 24h,
               namespaces: [{name: a}, {name: b, history_meta_ttl: 1h}]}
            """)
        let syntax = configuration.namespaces.syntax
        #expect((syntax.privatePrefix, syntax.namespaceBoundary, syntax.userBoundary, syntax.userSeparator) == ("!", "/", "@", nil))
        #expect(configuration.namespaces.named["a"]?.historyMetaTTL == .seconds(86_400))
        #expect(configuration.namespaces.named["b"]?.historyMetaTTL == .seconds(3_600))
    }

    @Test("tokens by patterns of aud and iss, and none for nobody")
    func patterns() async throws {
        let configuration = try await read(
            """
            client:
              disallow_anonymous_connection_tokens: true
              token: {hmac_secret_key: "\(TokenMaker.secret)", audience_regex: "chat-(eu|us)", issuer_regex: "https://[a-z]+[.]example"}
            channel: {without_namespace: {}}
            """)
        let tokens = try #require(configuration.tokens)
        let maker = try await TokenMaker.hmac()
        let good = try maker.sign(#"{"sub":"42","aud":["x","chat-eu"],"iss":"https://login.example"}"#)
        #expect(try await tokens.connection(good).user == "42")
        for claims in [
            #"{"sub":"42","aud":"chat-eu2","iss":"https://login.example"}"#,
            #"{"sub":"42","aud":"chat-eu","iss":"https://login.example.evil"}"#,
            #"{"sub":"42","iss":"https://login.example"}"#, #"{"sub":"42","aud":"chat-eu"}"#,
            #"{"sub":"","aud":"chat-eu","iss":"https://login.example"}"#,
        ] {
            let token = try maker.sign(claims)
            await #expect(throws: TokenError.self, "\(claims)") { try await tokens.connection(token) }
        }
    }

    @Test("JSON is read too")
    func json() async throws {
        let configuration = try await read(
            #"{"client": {"allow_anonymous": true, "ping_interval": "5s", "pong_timeout": "1s"}, "channel": {"without_namespace": {"presence": true}}}"#
        )
        #expect(configuration.hub.pingInterval == .seconds(5))
        #expect(configuration.namespaces.withoutNamespace?.presence == true)
    }

    @Test("insecure opens everything, and says so")
    func insecure() async throws {
        let configuration = try await read("{insecure: true, channel: {without_namespace: {}}}")
        #expect(configuration.namespaces.isInsecure)
        #expect(configuration.hub.allowsAnonymousConnections)
        #expect(configuration.warnings.count == 1)
        try configuration.check(host: "127.0.0.1")
        let error = #expect(throws: ServeError.self) { try configuration.check(host: "0.0.0.0") }
        #expect(error?.description.contains("0.0.0.0") == true)
    }

    @Test("transports: those of SDKs at first, each can be switched")
    func transports() async throws {
        let usual = try await read(Self.anybody + Self.channels)
        #expect(usual.routes.transports == [.webSocket, .httpStream, .serverSentEvents])
        #expect(usual.hasWebSocket)
        let own = try await read(
            Self.anybody + Self.channels
                + "websocket: {enabled: false}\nsse: {enabled: false}\nuni_sse: {}\nuni_websocket: {enabled: true}\n"
                + "emulation: {max_request_body_size: 2048}\n")
        #expect(own.routes.transports == [.httpStream, .uniServerSentEvents, .uniWebSocket])
        #expect(own.routes.maxRequestBytes == 2_048)
        #expect(!own.hasWebSocket)
    }

    @Test("keys for tokens, each with its algorithm")
    func keys() async throws {
        let key = ES384PrivateKey()
        let pem = key.publicKey.pemRepresentation.replacing("\n", with: "\n      ")
        let configuration = try await read(
            """
            client:
              token:
                ecdsa_public_key: |
                  \(pem)
            channel: {without_namespace: {}}
            """)
        let claims = try await configuration.tokens?.connection(TokenMaker.ecdsa(key).sign(#"{"sub":"42"}"#))
        #expect(claims?.user == "42")
    }

    // MARK: What is wrong

    static let anybody = "client: {allow_anonymous: true}\n"
    static let channels = "channel: {without_namespace: {}}\n"

    static let mistakes: [(yaml: String, words: [String])] = [
        ("", ["test.yaml: there is nothing in it"]),
        ("[1]", ["test.yaml:1", "section"]),
        ("- a: 1", ["test.yaml:1: it must be a section"]),
        ("1: {}", ["there is no such key here"]),
        ("? [a]\n: 1\n", ["test.yaml:1: ?: a key must be text"]),
        ("allow_anonymous: true", ["test.yaml:1: allow_anonymous: there is no such key here; did you mean client.allow_anonymous?"]),
        ("http_server: {port: 65536}", ["test.yaml:1: http_server.port: it must be a whole number from 0 to 65535"]),
        ("http_server: {tls: {cert_file: a.pem}}", ["http_server.tls: --tls-cert and --tls-key go together, as cert_file and key_file do"]),
        ("http_server: {tls: [a]}", ["http_server.tls: it must be a section with keys"]),
        ("log: {level: verbose}", ["\"verbose\" is not known; it must be trace, debug, info, notice, warning, error or critical"]),
        ("log: {level: inof}", ["did you mean info?"]),
        ("live: {secret: short}", ["live.secret: it has 5 bytes and needs at least 16"]),
        ("{insecure: true, http_server: {address: 0.0.0.0}}", ["insecure: true lets anybody in, and 0.0.0.0 is open to other machines"]),
        ("a: [", ["test.yaml:"]),
        ("client:\n  token: {}\n  token: {}\n", ["a key is given twice: token"]),
        ("clients: {}", ["test.yaml:1: clients: there is no such key here; did you mean client?"]),
        (
            "foo: 1",
            [
                "foo: there is no such key here; there are admin_password, channel, client, demo, emulation, events, health, http_api, http_server, http_stream, insecure, live, log, memory, prometheus, proxies, rpc, shutdown, sse,"
            ]
        ),
        (anybody, ["there are no channels"]),
        (channels, ["nobody could connect", "client.allow_anonymous"]),
        ("insecure: yes\n" + channels, ["test.yaml:1: insecure: it must be true or false"]),
        // Channels
        (
            anybody + "channel:\n  namespaces:\n    - name: a\n      histroy_size: 1\n",
            ["test.yaml:5: channel.namespaces[0].histroy_size", "did you mean history_size?"]
        ),
        (anybody + "channel: {namespaces: [{name: a, history_size: 5}]}", ["channel.namespaces[0]", "it needs both a size and a time"]),
        (anybody + "channel: {namespaces: [{name: a, force_recovery: true}]}", ["there is no history"]),
        (anybody + "channel: {namespaces: [{name: a, history_size: -1}]}", ["history_size: it must be a whole number from 0"]),
        (anybody + "channel: {namespaces: [{name: a, history_size: many}]}", ["whole number"]),
        (anybody + "channel: {namespaces: [{name: a, history_ttl: 300}]}", ["history_ttl", "time with its unit", "there is no unit"]),
        (anybody + "channel: {namespaces: [{name: a, history_ttl: 5 minutes}]}", ["time with its unit"]),
        (anybody + "channel: {namespaces: [{name: a, history_ttl: 99999999999999999999s}]}", ["time with its unit"]),
        (anybody + "channel: {namespaces: [{name: a, history_ttl: 9999999999999d}]}", ["time with its unit"]),
        (anybody + "channel: {namespaces: [{name: a, presence: 1}]}", ["presence: it must be true or false"]),
        (anybody + "channel: {namespaces: [{name: a, presence: \"true\"}]}", ["presence: it must be true or false"]),
        (anybody + "channel: {namespaces: [{name: a, presence: }]}", ["presence: it must be true or false"]),
        (anybody + "channel: {namespaces: [{name: a, force_recovery_mode: all}]}", ["\"all\" is not known; it must be stream or cache"]),
        (anybody + "channel: {namespaces: [{name: a, allowed_delta_types: fossil}]}", ["allowed_delta_types: it must be a list"]),
        (anybody + "channel: {namespaces: [{name: a, allowed_delta_types: [vcdiff]}]}", ["allowed_delta_types[0]"]),
        (anybody + "channel: {namespaces: [{name: a, channel_regex: \"(\"}]}", ["channel_regex: it is no regular expression"]),
        (
            anybody + "channel: {namespaces: [{name: a, allow_subscribe_for_subscriber: true}]}",
            ["did you mean allow_publish_for_subscriber?"]
        ),
        (anybody + "channel: {namespaces: [{presence: true}]}", ["channel.namespaces[0]: it has no name"]),
        (anybody + "channel: {namespaces: [{name: \"a:b\"}]}", ["namespaces[0].name"]),
        (anybody + "channel: {namespaces: [{name: a}, {name: a}]}", ["there is a namespace a already"]),
        (anybody + "channel: {namespaces: {a: {}}}", ["channel.namespaces: it must be a list"]),
        (anybody + "channel: {patterns: [{pattern: \"***\"}]}", ["it is no pattern"]),
        (anybody + "channel: {patterns: [{pattern: \"a\"}]}", ["it has no star"]),
        (anybody + "channel: {without_namespace: {}, private_prefix: abc}", ["private_prefix: it must be one character of ASCII"]),
        (anybody + "channel: {without_namespace: {}, user_boundary: \"a\"}", ["user_boundary: it must be one character of ASCII"]),
        (anybody + "channel: {without_namespace: {}, user_boundary: \":\"}", ["must be different characters"]),
        // Clients
        ("client: {allow_anonymus: true}\n" + channels, ["client.allow_anonymus", "did you mean allow_anonymous?"]),
        ("client: {allow_anonymous: true, ping_interval: 1500ms}\n" + channels, ["whole seconds"]),
        ("client: {allow_anonymous: true, pong_timeout: 30s}\n" + channels, ["pong_timeout must be less than ping_interval"]),
        ("client: {allow_anonymous: true, presence_ttl: 5s}\n" + channels, ["presence_update_interval must be less"]),
        ("client: {allow_anonymous: true, channel_limit: 0}\n" + channels, ["channel_limit"]),
        ("client: {allow_anonymous: true, allowed_origins: [example.com]}\n" + channels, ["allowed_origins[0]", "https://example.com"]),
        ("client: {allow_anonymous: true, allowed_origins: []}\n" + channels, ["allowed_origins", "same host"]),
        ("client: {allow_anonymous: true, subscribe_to_user_personal_channel: {enabled: true}}\n" + channels, ["without client.token"]),
        (
            "client: {allow_anonymous: true, subscribe_to_user_personal_channel: {enabled: true, personal_channel_namespace: p}}\n"
                + channels,
            ["there is no namespace p"]
        ),
        // Tokens
        ("client: {token: {}}\n" + channels, ["client.token: it has no key", "hmac_secret_key"]),
        (
            "client: {token: {hmac_secret_key: secret}}\n" + channels,
            ["hmac_secret_key: the secret has 6 bytes", "at least 32", "openssl rand"]
        ),
        ("client: {token: {rsa_public_key: nonsense}}\n" + channels, ["rsa_public_key: it is no public key for RS256 in PEM"]),
        ("client: {token: {keys: [{algorithm: none, secret: a}]}}\n" + channels, ["keys[0].algorithm: it must be one of HS256"]),
        ("client: {token: {keys: [{algorithm: HS256}]}}\n" + channels, ["keys[0]: it must have either secret"]),
        (
            "client: {token: {keys: [{algorithm: HS256, secret: \(TokenMaker.secret), valid_until: tomorrow}]}}\n" + channels,
            ["keys[0].valid_until: it must be a whole number"]
        ),
        (
            "client: {token: {hmac_secret_key: \(TokenMaker.secret), user_id_claim: \"\"}}\n" + channels,
            ["user_id_claim: it must be the name of a claim"]
        ),
        (
            "client: {token: {hmac_secret_key: \(TokenMaker.secret), audience: a, audience_regex: a}}\n" + channels,
            ["audience_regex: there is audience too"]
        ),
        (
            "client: {token: {hmac_secret_key: \(TokenMaker.secret), issuer_regex: \"(\"}}\n" + channels,
            ["issuer_regex: it is no regular expression"]
        ),
        ("client: {token: {keys: [{algorithm: ES256, secret: abc}]}}\n" + channels, ["ES256 has a public key and no secret"]),
        ("client: {subscription_token: {hmac_secret_key: \(TokenMaker.secret)}}\n" + channels, ["nobody could connect"]),
        // Transports
        (anybody + channels + "http_stream: {enable: true}", ["http_stream.enable", "did you mean enabled?"]),
        (anybody + channels + "sse: {enabled: 1}", ["sse.enabled: it must be true or false"]),
        (anybody + channels + "emulation: {max_request_body_size: 1}", ["emulation.max_request_body_size"]),
        (
            anybody + channels + "websocket: {enabled: false}\nhttp_stream: {enabled: false}\nsse: {enabled: false}",
            ["no client could connect"]
        ),
        // API
        (anybody + channels + "http_api: {}", ["http_api: it has no key"]),
        (anybody + channels + "http_api: {key: short}", ["http_api.key: it has 5 characters and needs at least 16"]),
        (anybody + channels + "http_api: {key: \"0123456789 abcdef\"}", ["printable ASCII"]),
        (anybody + channels + "http_api: {key: 0123456789abcdef, max_body_size: 1}", ["max_body_size"]),
        (anybody + channels + "http_api: {keys: [{key: 0123456789abcdef}]}", ["http_api.keys[0]: it has no name"]),
        (anybody + channels + "http_api: {keys: [{name: a, key: short}]}", ["http_api.keys[0].key: it has 5 characters"]),
        (anybody + channels + "http_api: {keys: [{name: a}]}", ["http_api.keys[0]: it must have either key or sha256"]),
        (anybody + channels + "http_api: {keys: [{name: a, sha256: abc}]}", ["http_api.keys[0].sha256: it must be 64 hexadecimal digits"]),
        (
            anybody + channels + "http_api: {keys: [{name: a, key: 0123456789abcdef}, {name: a, key: 0123456789abcdeg}]}",
            ["http_api.keys[1].name: there is a key a already"]
        ),
        (
            anybody + channels + "http_api: {keys: [{name: a, key: 0123456789abcdef, methods: [pubish]}]}",
            ["http_api.keys[0].methods[0]: there is no method pubish; did you mean publish?"]
        ),
        (
            anybody + channels + "http_api: {keys: [{name: a, key: 0123456789abcdef, channels: [\"***\"]}]}",
            ["http_api.keys[0].channels[0]: it is no pattern"]
        ),
        (anybody + channels + "http_api: {key: 0123456789abcdef, error_mode: http}", ["error_mode: \"http\" is not known"]),
        (anybody + channels + "http_api: {token: {hmac_secret_key: secret}}", ["http_api.token.hmac_secret_key: the secret has 6 bytes"]),
    ]

    @Test("says what is wrong, and where", arguments: mistakes)
    func mistake(yaml: String, words: [String]) async throws {
        let error = await #expect(throws: ServeError.self) { try await RealtimeConfiguration(yaml: yaml, file: "test.yaml") }
        let text = error?.description ?? ""
        #expect(text.hasPrefix("test.yaml") || yaml.contains("0.0.0.0"))
        for word in words { #expect(text.contains(word), "\(text)") }
        #expect(!text.contains(TokenMaker.secret))
    }
}
