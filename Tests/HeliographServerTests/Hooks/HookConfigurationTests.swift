// What a configuration says of hooks and events, and what is wrong with it.

import BackendHooks
import Foundation
import Logging
import NIOCore
import RealtimeHub
import RealtimeHummingbird
import RealtimeProtocol
import ServerTestSupport
import Testing

@testable import HeliographServer

@Suite("Configuration of hooks")
struct HookConfigurationTests {
    private func read(_ yaml: String) async throws -> RealtimeConfiguration {
        try await RealtimeConfiguration(yaml: yaml, file: "test.yaml")
    }

    private static let channels = "channel: {without_namespace: {}}\n"

    @Test("every proxy, by its names")
    func all() async throws {
        let realtime = try await read(
            """
            client:
              proxy:
                connect:
                  enabled: true
                  endpoint: http://localhost:3000/connect
                  timeout: 2s
                  http_headers: [Cookie, X-Real-IP]
                  emulated_headers: [Authorization]
                  include_connection_meta: true
                  binary_encoding: true
                  max_concurrent_requests: 7
                  max_answer_size: 2048
                  breaker: {failures: 3, window: 20s, pause: 1s}
                  http:
                    static_headers: {X-Key: secret}
                    status_to_code_transforms:
                      - {status_code: 404, to_error: {code: 404, message: gone, temporary: true}}
                      - {status_code: 403, to_disconnect: {code: 4503, reason: out}}
                    tls: {dangerously_skip_verification: true}
                refresh: {enabled: false, endpoint: http://localhost:3000/refresh}
            channel:
              proxy:
                subscribe: {endpoint: http://localhost:3000/subscribe}
                sub_refresh: {endpoint: http://localhost:3000/sub_refresh}
              without_namespace: {}
              namespaces:
                - {name: a, subscribe_proxy_enabled: true, sub_refresh_proxy_enabled: true, events_enabled: false}
                - {name: b, publish_proxy_enabled: true, publish_proxy_name: other}
            rpc:
              proxy: {endpoint: http://localhost:3000/rpc}
              without_namespace: {proxy_enabled: true}
              namespaces: [{name: math, proxy_enabled: true, proxy_name: other}, {name: off}]
            proxies: [{name: other, endpoint: "https://other.example.com/hooks", http_headers: [Origin]}]
            """)
        let connect = try #require(realtime.hooks.connect)
        #expect((connect.url, connect.name, connect.timeout) == ("http://localhost:3000/connect", "connect", .seconds(2)))
        #expect((connect.requestFields, connect.emulatedFields) == (["cookie", "x-real-ip"], ["authorization"]))
        #expect((connect.includesMeta, connect.isBinary, connect.maxConcurrent, connect.maxAnswerBytes) == (true, true, 7, 2_048))
        #expect((connect.breaker.failures, connect.breaker.window, connect.breaker.pause) == (3, .seconds(20), .seconds(1)))
        #expect(connect.staticFields == ["X-Key": "secret"])
        #expect(
            connect.refusals == [
                404: .error(.init(404, message: "gone", isTemporary: true)), 403: .disconnect(DisconnectCode(4_503, reason: "out")),
            ])
        #expect(connect.tls.dangerouslySkipsVerification)
        #expect(realtime.hooks.refresh == nil, "it is not enabled")
        #expect(Set(realtime.hooks.subscribe.keys) == ["default", "other"])
        #expect(Set(realtime.hooks.calls.keys) == ["", "math"])
        #expect(realtime.hooks.calls["math"]?.url == "https://other.example.com/hooks")
        let named = realtime.namespaces.named
        #expect(named["a"]?.asks == AskedHandlers(subscribe: "default", refresh: "default"))
        #expect(named["a"]?.tellsLifecycle == false)
        #expect(named["b"]?.asks == AskedHandlers(publish: "other"))
        #expect(realtime.namespaces.withoutNamespace?.asks == AskedHandlers.none)
        #expect(realtime.hooks.emulatedFields == ["authorization"])
        #expect(realtime.hooks.requestFields == ["cookie", "x-real-ip", "origin"])
    }

    @Test("events, and where they wait")
    func events() async throws {
        let realtime = try await read(
            """
            client: {allow_anonymous: true}
            channel: {without_namespace: {}}
            events:
              endpoint: http://10.0.0.1/events
              secrets: [0123456789abcdef, fedcba9876543210]
              types: [connected, cache_empty]
              batch_size: 5
              vacated_delay: 1m
              retry_min: 1s
              retry_max: 2s
              queue: {directory: /tmp/events, max_bytes: 2097152, sync: always}
              http: {static_headers: {X-A: b}}
            """)
        let events = try #require(realtime.events)
        #expect(
            (events.url, events.secrets, events.types) == (
                "http://10.0.0.1/events", ["0123456789abcdef", "fedcba9876543210"], [.connected, .cacheEmpty]
            ))
        #expect((events.batchSize, events.vacatedDelay, events.retryPause) == (5, .seconds(60), .seconds(1) ... .seconds(2)))
        #expect((events.queue.directory, events.queue.maxBytes, events.queue.sync) == ("/tmp/events", 2 << 20, .always))
        #expect(events.staticFields == ["X-A": "b"])
    }

    @Test("what those who only listen are closed with, by the errors of their connect")
    func refusals() async throws {
        let yaml = { (isEnabled: Bool) in
            """
            client:
              allow_anonymous: true
              connect_code_to_unidirectional_disconnect:
                enabled: \(isEnabled)
                transforms: [{code: 404, to: {code: 4404, reason: gone}}, {code: 429, to: {code: 4529}}]

            """ + Self.channels
        }
        #expect(
            try await read(yaml(true)).hub.unidirectionalRefusals == [
                404: DisconnectCode(4_404, reason: "gone"), 429: DisconnectCode(4_529, reason: ""),
            ])
        #expect(try await read(yaml(false)).hub.unidirectionalRefusals == [:])
    }

    @Test("a connect hook is a way to come in")
    func connect() async throws {
        let realtime = try await read("client: {proxy: {connect: {enabled: true, endpoint: http://localhost/}}}\n" + Self.channels)
        #expect(realtime.hooks.connect != nil)
    }

    @Test("the words for events are those of the module")
    func types() { #expect(Setting.eventTypes == EventType.allCases.map(\.rawValue)) }

    @Test(
        "what is wrong is said, with its line",
        arguments: [
            ("client: {proxy: {connect: {enabled: true}}}", "client.proxy.connect: it has no endpoint"),
            ("client: {proxy: {connect: {enabled: true, endpoint: backend}}}", "client.proxy.connect.endpoint: it must be an address"),
            ("client: {proxy: {connect: {enabled: true, endpoint: 'grpc://localhost:9000'}}}", "there is no gRPC here"),
            ("client: {proxy: {connect: {enabled: true, endpoint: 'http://example.com/'}}}", "it must be https"),
            ("client: {proxy: {connect: {enabled: true, endpoint: 'http://u:p@localhost/'}}}", "it must not have a user"),
            ("client: {proxy: {connect: {enabled: true, endpoint: 'http://localhost/', timeout: 0s}}}", "timeout: it must be longer"),
            ("client: {proxy: {connect: {endpoint: 'http://localhost/', http: {static_headers: [a]}}}}", "it must be a section of names"),
            ("client: {proxy: {connect: {endpoint: 'http://localhost/', http: {static_headers: {'a b': c}}}}}", "can't be a field"),
            ("client: {proxy: {connect: {endpoint: 'http://localhost/', http: {static_headers: {a: \"b\\nc\"}}}}}", "can't be a field"),
            ("client: {proxy: {connect: {endpoint: 'http://localhost/', http: {tls: {server_ca_file: /nowhere}}}}}", "there is no text at"),
            ("client: {proxy: {connect: {endpoint: 'http://localhost/', http: {tls: {cert_file: /etc/hostname}}}}}", "go together"),
            (
                "client: {proxy: {connect: {endpoint: 'http://localhost/', http: {status_to_code_transforms: [{status_code: 404}]}}}}",
                "either to_error.code or to_disconnect.code"
            ),
            (
                "client: {proxy: {connect: {endpoint: 'http://localhost/', http: {status_to_code_transforms: [{to_error: {code: 1}}]}}}}",
                "it has no status_code"
            ),
            ("channel: {namespaces: [{name: a, subscribe_proxy_enabled: true}]}", "channel.proxy.subscribe has no endpoint"),
            ("channel: {namespaces: [{name: a, publish_proxy_enabled: true, publish_proxy_name: x}]}", "there is no proxy x in proxies"),
            ("channel: {namespaces: [{name: a, subscribe_proxy_enable: true}]}", "did you mean subscribe_proxy_enabled?"),
            ("proxies: [{name: a, endpoint: 'http://localhost/'}]", "at least two letters"),
            ("proxies: [{name: default, endpoint: 'http://localhost/'}]", "there is a proxy default already"),
            (
                "proxies: [{name: aa, endpoint: 'http://localhost/'}, {name: aa, endpoint: 'http://localhost/'}]",
                "there is a proxy aa already"
            ),
            ("proxies: [{name: aa}]", "it has no endpoint"),
            ("rpc: {without_namespace: {proxy_enabled: true}}", "rpc.proxy has no endpoint"),
            ("rpc: {namespaces: [{name: a}, {name: 'a b'}]}", "it must be letters"),
            ("client: {connect_code_to_unidirectional_disconnect: {transforms: [{code: 404}]}}", "it must have a code, and to.code"),
            ("client: {connect_code_to_unidirectional_disconnect: {transforms: [{code: 1, to: {code: 200}}]}}", "3000"),
            (
                "client: {connect_code_to_unidirectional_disconnect: {transforms: [{code: 1, to: {code: 4000}}, {code: 1, to: {code: 4001}}]}}",
                "there is a transform of 1 already"
            ),
            ("events: {}", "events: it has no endpoint"),
            ("events: {endpoint: 'http://localhost/'}", "it has no secrets"),
            ("events: {endpoint: 'http://localhost/', secrets: [short]}", "it needs at least 16 characters"),
            ("events: {endpoint: 'http://localhost/', secrets: [0123456789abcdef], types: [conected]}", "did you mean connected?"),
            ("events: {endpoint: 'http://localhost/', secrets: [0123456789abcdef], types: []}", "it has none"),
            ("events: {endpoint: 'http://localhost/', secrets: [0123456789abcdef], retry_min: 1m}", "not more than retry_max"),
            ("events: {endpoint: 'http://localhost/', secrets: [0123456789abcdef], queue: {max_bytes: 10}}", "1048576"),
            ("events: {endpoint: 'http://localhost/', secrets: [0123456789abcdef], queue: {sync: often}}", "\"often\" is not known"),
        ])
    func wrong(yaml: String, words: String) async throws {
        let error = await #expect(throws: ServeError.self) { try await ServeConfiguration(yaml: yaml, file: "test.yaml") }
        #expect(error?.description.contains(words) == true, "\(error?.description ?? "")")
        #expect(error?.description.contains("test.yaml:1") == true)
    }

    @Test("a queue's folder that can't be used is an error with words")
    func folder() async throws {
        let folder = try TemporaryFolder()
        let file = try folder.write("", to: "file")
        var configuration = ServeConfiguration()
        configuration.realtime = try await read(
            "client: {allow_anonymous: true}\n" + Self.channels
                + "events: {endpoint: 'http://localhost/', secrets: [0123456789abcdef], queue: {directory: \(file)/queue}}")
        #expect(throws: ServeError.self) { try ServerHooks(configuration.realtime, logger: .init(label: "test")) }
    }
}
