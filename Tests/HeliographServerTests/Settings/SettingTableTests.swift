// The table of settings: that all of it is read, that its defaults are the true ones, and that what is made of it is right.

import Foundation
import RealtimeHub
import RealtimeHummingbird
import ServerTestSupport
import Testing
import Yams

@testable import HeliographServer

@Suite("Settings")
struct SettingTableTests {
    private func read(_ yaml: String, _ layers: SettingLayers = SettingLayers()) async throws -> ServeConfiguration {
        try await ServeConfiguration(yaml: yaml, file: "test.yaml", layers: layers)
    }

    private static let proxy = """
        {endpoint: "http://localhost/", breaker: {}, http: {tls: {}, status_to_code_transforms: [{status_code: 404, to_error: {code: 1}, to_disconnect: {}}]}}
        """

    @Test("every setting of the table is asked for, and nothing else is")
    func complete() async throws {
        let yaml = """
            http_server: {tls: {}, internal_tls: {}, trusted_proxies: [10.0.0.0/8]}
            prometheus: {}
            health: {}
            shutdown: {}
            memory: {}
            watchdog: {}
            log: {}
            live: {}
            client:
              proxy: {connect: \(Self.proxy), refresh: \(Self.proxy)}
              subscribe_to_user_personal_channel: {enabled: true}
              connect_code_to_unidirectional_disconnect: {enabled: true, transforms: [{code: 404, to: {code: 4404}}]}
              token: {keys: [{algorithm: HS256, secret: "\(TokenMaker.secret)"}], jwks_public_endpoint: "https://a.example/"}
              rate_limit: {\(RateLimitScope.allCases.map(Self.rateLimits).joined(separator: ", ")), client_error: {enabled: true, total: \(Self.buckets)}}
              subscription_token: {keys: [{algorithm: HS256, secret: "\(TokenMaker.secret)"}], jwks_public_endpoint: "https://a.example/"}
            channel:
              proxy: {subscribe: \(Self.proxy), publish: \(Self.proxy), sub_refresh: \(Self.proxy)}
              without_namespace: {}
              namespaces: [{name: a}]
              patterns: [{pattern: "b*"}]
            http_api:
              keys: [{name: a, key: 0123456789abcdef}]
              token: {keys: [{algorithm: HS256, secret: "\(TokenMaker.secret)"}], jwks_public_endpoint: "https://a.example/"}
            websocket: {}
            http_stream: {}
            sse: {}
            uni_websocket: {}
            uni_sse: {}
            uni_http_stream: {}
            emulation: {}
            rpc: {proxy: \(Self.proxy), without_namespace: {}, namespaces: [{name: a}]}
            proxies: [{name: aa, \(Self.proxy.dropFirst())]
            events: {endpoint: "http://localhost/", secrets: [0123456789abcdef], queue: {}, http: {tls: {}}}
            """
        let reading = SettingsReading(file: "test.yaml", layers: SettingLayers())
        _ = try await ServeConfiguration(ServeConfiguration.root(yaml, reading), reading)
        let table = Set(Setting.table.map(\.path))
        #expect(table.subtracting(reading.asked) == [], "these are in the table, and nobody reads them")
        #expect(reading.asked.subtracting(table) == [], "these are read, and not in the table")
    }

    private static let buckets = "{enabled: true, buckets: [{interval: 1s, rate: 1000000}]}"

    private static func rateLimits(_ scope: RateLimitScope) -> String {
        let containers = scope.containers.map { container in
            let part =
                container == "rpc"
                ? "{enabled: true, buckets: [{interval: 1s, rate: 1}], method_overrides: [{method: m, enabled: true, buckets: [{interval: 1s, rate: 1}]}]}"
                : buckets
            return "\(container): \(part)"
        }
        return "\(scope.rawValue): {enabled: true, \(containers.joined(separator: ", "))}"
    }

    /// What a configuration is, but for the functions in it.
    private func dump(_ value: Any) -> String {
        String(reflecting: value)
    }

    @Test("the defaults are what a server does without being told")
    func defaults() async throws {
        let beginning = "client: {allow_anonymous: true}\nchannel: {without_namespace: {}}\n"
        let usual = try #require(try await read(beginning).realtime)
        var tree: [String: String] = ["client.allow_anonymous": "true", "http_api.key": "0123456789abcdef"]
        for setting in Setting.table where setting.isLayered {
            guard let text = setting.usual, setting.path != "client.allow_anonymous" else { continue }
            if setting.path.contains("token.") { continue }
            tree[setting.path] = text.replacing("\"", with: "")
        }
        let options = SettingLayers(options: tree.mapValues { [$0] })
        let told = try await read(beginning, options)
        let realtime = try #require(told.realtime)
        #expect(dump(realtime.hub) == dump(usual.hub))
        #expect(realtime.namespaces.withoutNamespace == usual.namespaces.withoutNamespace)
        #expect(realtime.routes.transports == usual.routes.transports)
        #expect(realtime.routes.maxRequestBytes == usual.routes.maxRequestBytes)
        let server = ServeConfiguration()
        #expect((told.host, told.port, told.logLevel) == (server.host, server.port, server.logLevel))
        #expect((told.shutdown, told.log) == (server.shutdown, server.log))
    }

    @Test("every word of every choice is understood")
    func choices() async throws {
        for setting in Setting.table where setting.isLayered {
            guard case .choice(let words) = setting.kind else { continue }
            for word in words {
                let layers = SettingLayers(options: [setting.path: [word]])
                let beginning = "client: {allow_anonymous: true}\nchannel: {without_namespace: {}}\nhttp_api: {key: 0123456789abcdef}\n"
                _ = try await read(beginning, layers)
            }
        }
    }

    @Test("what init writes is good as it is, with secrets of its own")
    func template() async throws {
        let text = ConfigurationTemplate.text()
        let configuration = try await read(text)
        #expect(configuration.realtime?.hasAPI == true)
        #expect(configuration.realtime?.namespaces.named["chat"]?.forceRecovery == true)
        #expect(ConfigurationTemplate.text() != text, "the secrets are random")
        #expect(configuration.realtime?.warnings == [])
    }

    @Test("every comment of what init writes can be made a setting")
    func comments() async throws {
        let parts = ConfigurationTemplate.text().components(separatedBy: "# Everything else")
        let comments = try #require(parts.last).split(separator: "\n").dropFirst()
        let yaml = comments.map { $0.hasPrefix("# ") ? String($0.dropFirst(2)) : String($0) }.joined(separator: "\n")
        let root = try #require(try Yams.compose(yaml: yaml))
        #expect(root.mapping?.keys.contains("client") == true)
        let reading = SettingsReading(file: "test.yaml", layers: SettingLayers())
        _ = try? await ServeConfiguration(root, reading)
        let error = reading.error?.description ?? ""
        #expect(!error.contains("no such key"), "\(error)")
        let written = Set(reading.given.keys.map { Setting.pattern(of: $0) })
        let missing = Setting.table.filter {
            $0.isLayered && !written.contains($0.path) && !ConfigurationTemplate.isRepeated($0)
        }.map(\.path)
        #expect(
            missing == ["client.allowed_origins", "client.token.hmac_secret_key", "http_api.key"].sorted(), "they are at its beginning")
    }

    @Test("Docs/configuration.md has the table as it is")
    func documented() throws {
        let docs = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "../../../Docs/configuration.md")
        let text = try String(contentsOf: docs, encoding: .utf8)
        #expect(text.contains(SettingReference.text), "run: heliograph check-config --reference, and put what it prints below All settings")
    }

    @Test("the variable of a setting has its path")
    func variables() {
        #expect(Setting.at("client.ping_interval")?.variable == "HELIOGRAPH_CLIENT_PING_INTERVAL")
        #expect(Setting.at("channel.namespaces[7].presence")?.variable == nil)
        #expect(Setting.at("http_server.tls.cert_file")?.option == "tls-cert")
        let names = Setting.table.compactMap(\.variable)
        #expect(Set(names).count == names.count)
    }
}
