import RealtimeHub
import Testing
import WebSocketHummingbird

@testable import HeliographServer

@Suite("Settings of protection")
struct ProtectionSettingsTests {
    private static let channels = "channel: {without_namespace: {}}\n"

    private func read(_ yaml: String) async throws -> ServeConfiguration {
        try await ServeConfiguration(yaml: "\(Self.channels)\(yaml)", file: "test.yaml")
    }

    private func limits(_ client: String) async throws -> HubLimits {
        try #require(try await read("client: {allow_anonymous: true, \(client)}").realtime).hub.limits
    }

    @Test("Counts and rates; 0 is no limit")
    func counts() async throws {
        let limits = try await limits(
            """
            connection_limit: 1000, connection_rate_limit: 100, user_connection_limit: 5, address_connection_limit: 50, address_connection_rate_limit: 10,
            subscription_limit: 0, user_subscription_limit: 20, connect_concurrency: 8, connect_queue_size: 100, connect_queue_timeout: 2s,
            recovery_concurrency: 4, rate_limit: {max_remembered: 5000}
            """)
        #expect((limits.connections, limits.connectionsPerUser, limits.connectionsPerAddress) == (1_000, 5, 50))
        #expect((limits.connectionRate, limits.connectionRatePerAddress) == (.perSecond(100), .perSecond(10)))
        #expect((limits.subscriptions, limits.subscriptionsPerUser, limits.channels) == (nil, 20, nil))
        #expect((limits.connectsAtOnce, limits.waitingConnects, limits.connectWait, limits.recoveriesAtOnce) == (8, 100, .seconds(2), 4))
        #expect(limits.maxRemembered == 5_000)
    }

    @Test("Limits of commands, in the shape that Centrifugo PRO has")
    func commands() async throws {
        let limits = try await limits(
            """
            rate_limit: {
              client_command: {
                enabled: true,
                total: {enabled: true, buckets: [{interval: 1s, rate: 20}, {interval: 60s, rate: 50}]},
                default: {enabled: true, buckets: [{interval: 1s, rate: 60}]},
                publish: {enabled: true, buckets: [{interval: 1s, rate: 1}]},
                history: {enabled: false, buckets: [{interval: 1s, rate: 1}]},
                rpc: {
                  enabled: true, buckets: [{interval: 1s, rate: 10}],
                  method_overrides: [{method: status, enabled: true, buckets: [{interval: 20s, rate: 1}]}]
                }
              },
              user_command: {enabled: true, disconnect: true, connect: {enabled: true, buckets: [{interval: 10s, rate: 3}]}},
              address_command: {enabled: false, total: {enabled: true, buckets: [{interval: 1s, rate: 1}]}},
              client_error: {enabled: true, total: {enabled: true, buckets: [{interval: 5s, rate: 20}]}}
            }
            """)
        var expected = CommandLimits()
        expected.total = [.perSecond(20), BucketRate(50, per: .seconds(60))]
        expected.usual = [.perSecond(60)]
        expected.operations = [.publish: [.perSecond(1)], .rpc: [.perSecond(10)]]
        expected.methods = ["status": [BucketRate(1, per: .seconds(20))]]
        #expect(limits.connectionCommands == expected)
        #expect(limits.userCommands.disconnects)
        #expect(limits.userCommands.operations == [.connect: [BucketRate(3, per: .seconds(10))]])
        #expect(limits.addressCommands == CommandLimits())
        #expect(limits.errors == [BucketRate(20, per: .seconds(5))])
    }

    @Test("Proxies, memory and the watchdog")
    func process() async throws {
        let protection = try await read(
            """
            client: {allow_anonymous: true}
            http_server: {trusted_proxies: [10.0.0.0/8, 192.0.2.1, "fd00::/8"], forwarded_header: Forwarded, proxy_protocol: true, max_connections: 9,
                          max_connections_per_address: 3}
            memory: {limit: 1000000000, soft_percent: 70, hard_percent: 75}
            watchdog: {threshold: 100ms, unready_after: 0s}
            """
        ).protection
        #expect(protection.proxies.networks.count == 3)
        #expect(protection.proxies.field == .forwarded)
        #expect(protection.expectsProxyHeader)
        #expect(protection.connections == ConnectionLimits(total: 9, perAddress: 3))
        #expect((protection.memoryLimit, protection.softPercent, protection.hardPercent) == (1_000_000_000, 70, 75))
        #expect((protection.blockedThreshold, protection.unreadyAfter) == (.milliseconds(100), .zero))
    }

    @Test(
        "What can't be meant is told, with its place",
        arguments: [
            ("client: {allow_anonymous: true}\nhttp_server: {trusted_proxies: [10.0.0.1/8]}", "10.0.0.1/8 must be an address or a network"),
            (
                "client: {allow_anonymous: true}\nhttp_server: {trusted_proxies: [proxy.local]}",
                "proxy.local must be an address or a network"
            ),
            (
                "client: {allow_anonymous: true}\nhttp_server: {proxy_protocol: true}",
                "without http_server.trusted_proxies nobody could connect"
            ),
            (
                "client: {allow_anonymous: true}\nhttp_server: {forwarded_header: X-Forwarded}",
                "it must be X-Forwarded-For, Forwarded or X-Real-IP"
            ),
            ("client: {allow_anonymous: true}\nmemory: {soft_percent: 95}", "soft_percent must be less than hard_percent"),
            ("client: {allow_anonymous: true}\nwatchdog: {threshold: 5ms}", "threshold must be at least 50ms"),
            ("client: {allow_anonymous: true}\nwatchdog: {threshold: 10s}", "unready_after must not be less than threshold"),
            ("client: {allow_anonymous: true, connect_queue_timeout: 10s}", "connect_queue_timeout must be less than stale_close_delay"),
            ("client: {allow_anonymous: true, rate_limit: {client_command: {publsh: {}}}}", "did you mean publish?"),
            ("client: {allow_anonymous: true, rate_limit: {client_command: {connect: {}}}}", "there is no such key here"),
            (
                "client: {allow_anonymous: true, rate_limit: {client_command: {enabled: true, publish: {buckets: [{interval: 1s, rate: 1}]}}}}",
                "does not hold without `enabled: true`"
            ),
            (
                "client: {allow_anonymous: true, rate_limit: {client_command: {enabled: true, publish: {enabled: true}}}}",
                "it is enabled and has no buckets"
            ),
            (
                "client: {allow_anonymous: true, rate_limit: {user_command: {enabled: true, total: {enabled: true, buckets: [{rate: 1}]}}}}",
                "it must have an interval and a rate"
            ),
            (
                "client: {allow_anonymous: true, rate_limit: {user_command: {enabled: true, total: {enabled: true, buckets: [{interval: 48h, rate: 1}]}}}}",
                "an interval is at most a day"
            ),
            (
                "client: {allow_anonymous: true, rate_limit: {user_command: {enabled: true, bytes: {enabled: true, buckets: [{interval: 1s, rate: 1000}]}}}}",
                "a rate of bytes must be at least 65536"
            ),
        ])
    func mistakes(yaml: String, expected: String) async {
        let error = await #expect(throws: ServeError.self) { _ = try await read(yaml) }
        #expect(error?.description.contains(expected) == true, "\(error?.description ?? "")")
        #expect(error?.description.hasPrefix("test.yaml:") == true)
    }

    @Test("What Centrifugo v6 has of it is carried over")
    func imported() async throws {
        let theirs = """
            {"client": {"allow_anonymous_connect_without_token": true, "connection_limit": 1000, "connection_rate_limit": 50, "user_connection_limit": 5,
              "rate_limit": {
                "client_command": {"enabled": true, "total": {"enabled": true, "buckets": [{"interval": "1s", "rate": 20}]},
                  "publish": {"enabled": false, "buckets": [{"interval": "1s", "rate": 1}]}},
                "redis_user_command": {"enabled": true}}},
             "channel": {"without_namespace": {"allow_subscribe_for_client": true}}}
            """
        let result = try await CentrifugoImport(theirs, file: "config.json")
        #expect(result.problems == [])
        let limits = try #require(try await ServeConfiguration(yaml: result.text, file: "a.yaml").realtime).hub.limits
        #expect((limits.connections, limits.connectionRate, limits.connectionsPerUser) == (1_000, .perSecond(50), 5))
        #expect(limits.connectionCommands.total == [.perSecond(20)])
        #expect(limits.connectionCommands.operations.isEmpty)
        #expect(result.notes.contains { $0.hasPrefix("client.rate_limit.redis_user_command") })
    }
}
