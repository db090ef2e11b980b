import RealtimeHub
import WebSocketHummingbird

/// What protects the server from its clients, and from too many of them. Names are those of Centrifugo v6 where it has one.
extension Setting {
    static let protection = allOfProtection.map { $0.path == "http_server.proxy_protocol" ? $0 : $0.reloaded }

    private static let allOfProtection: [Setting] =
        proxies + connectionLimits
        + RateLimitScope.allCases.flatMap { rateLimits(under: "client.rate_limit.\($0.rawValue)", $0) }
        + [
            Setting(
                "client.rate_limit.client_error.enabled", .flag, "false",
                "Whether connections with too many errors are disconnected with 3509.")
        ] + buckets(under: "client.rate_limit.client_error.total", "errors of a connection")
        + [
            Setting(
                "client.rate_limit.max_remembered", .integer(32...10_000_000), "100000",
                "Users and addresses without connections that are remembered until their buckets are full; some 200 bytes each.")
        ] + overload

    private static let proxies: [Setting] = [
        Setting(
            "http_server.trusted_proxies", .texts, nil,
            "Networks of the proxies in front, such as `10.0.0.0/8`: their word is taken for who a client is. Usually nobody's."),
        Setting(
            "http_server.forwarded_header", .choice(TrustedProxies.Field.allCases.map(\.rawValue)), "X-Forwarded-For",
            "The field in which they say it: the one that they set or replace. Others are not looked at."),
        Setting(
            "http_server.proxy_protocol", .flag, "false",
            "Every connection begins with a PROXY header (version 1 or 2), before TLS, and comes from one of `trusted_proxies`; others are closed."
        ),
        Setting(
            "http_server.max_connections", .integer(1...10_000_000), nil,
            "Open connections of whatever kind; beyond them 503. Usually 95 % of the file descriptors."),
        Setting(
            "http_server.max_connections_per_address", .integer(1...10_000_000), nil,
            "The same of one address; of IPv6, of a network of 64 bits. With `proxy_protocol` of the client's; else of the peer's, so of a proxy's."
        ),
    ]

    private static let connectionLimits: [Setting] = [
        Setting(
            "client.connection_limit", .integer(0...10_000_000), "0",
            "Clients of this server; beyond them 503. 0: no limit, here and below."),
        Setting("client.connection_rate_limit", .integer(0...10_000_000), "0", "New clients in a second; beyond them 503."),
        Setting(
            "client.user_connection_limit", .integer(0...10_000_000), "0",
            "Connections of a user; one more is disconnected with 3504, and does not come back by itself."),
        Setting("client.address_connection_limit", .integer(0...10_000_000), "0", "Clients of an address; beyond them 429."),
        Setting(
            "client.address_connection_rate_limit", .integer(0...10_000_000), "0", "New clients of an address in a second; beyond them 429."
        ),
        Setting(
            "client.subscription_limit", .integer(0...100_000_000), "0",
            "Subscriptions that clients of this server ask for; beyond them 106."),
        Setting("client.user_subscription_limit", .integer(0...100_000_000), "0", "The same of a user."),
        Setting("channel.count_limit", .integer(0...100_000_000), "0", "Channels with subscribers; whoever asks for another gets 106."),
        Setting(
            "client.connect_concurrency", .integer(1...1_000_000), "256",
            "Connects that are decided on at the same time on each event loop. Others wait for their turn."),
        Setting(
            "client.connect_queue_size", .integer(0...1_000_000), "10000",
            "So many wait on each loop; one more is disconnected with 3013, and new requests get 503."),
        Setting("client.connect_queue_timeout", .duration(atLeast: .milliseconds(100)), "4s", "How long one waits; then 3013."),
        Setting(
            "client.recovery_concurrency", .integer(1...1_000_000), "64",
            "Recoveries that read what was missed at the same time on each event loop."),
    ]

    private static let overload: [Setting] = [
        Setting(
            "memory.limit", .integer(0...1 << 50), nil,
            "Bytes that the process may use. 0: it is not watched. Usually what its cgroup may, or what the machine has."),
        Setting(
            "memory.soft_percent", .integer(1...100), "80", "From here on no new clients come in, and histories do not grow."),
        Setting(
            "memory.hard_percent", .integer(1...100), "90",
            "From here on publications that would be kept are refused with 111, and the slowest readers are disconnected."),
        Setting(
            "watchdog.threshold", .duration(atLeast: .zero), "500ms",
            "An event loop that does nothing else for so long is logged and counted. 0s: they are not watched."),
        Setting(
            "watchdog.unready_after", .duration(atLeast: .zero), "5s",
            "With one that is blocked for so long the server is not ready. 0s: it always is."),
    ]

    /// The limits of commands of one connection, one user, or one address.
    static func rateLimits(under section: String, _ scope: RateLimitScope) -> [Setting] {
        let settings =
            [
                Setting("\(section).enabled", .flag, "false", "Whether they hold."),
                Setting(
                    "\(section).disconnect", .flag, "false",
                    "Whether one command too many ends the connection (3013). Else it is answered with error 111."),
            ] + scope.containers.flatMap { buckets(under: "\(section).\($0)", containerSummary($0)) }
            + [
                Setting("\(section).rpc.method_overrides", .sections, nil, "Methods that have rates of their own."),
                Setting("\(section).rpc.method_overrides[].method", .text, nil, "The method."),
            ] + buckets(under: "\(section).rpc.method_overrides[]", "calls of that method")
        return settings.map(\.reloaded)
    }

    private static func buckets(under section: String, _ what: String) -> [Setting] {
        [
            Setting("\(section).enabled", .flag, "false", "Whether \(what) are limited."),
            Setting("\(section).buckets", .sections, nil, "How many of them; of several rates all hold."),
            Setting("\(section).buckets[].interval", .duration(atLeast: .milliseconds(1)), nil, "In so much time, at most a day."),
            Setting("\(section).buckets[].rate", .integer(1...1_000_000_000), nil, "So many, all at once by who has been quiet."),
        ]
    }

    private static func containerSummary(_ container: String) -> String {
        switch container {
        case "total": "all commands together"
        case "default": "those of each kind that is not said here"
        case "bytes": "bytes of commands (more: 3013)"
        case "connect": "`connect` commands (of users and addresses)"
        default: "`\(container)` commands"
        }
    }
}

/// Whose commands are limited.
enum RateLimitScope: String, CaseIterable {
    case connection = "client_command"
    case user = "user_command"
    case address = "address_command"

    /// What has buckets of its own.
    var containers: [String] { ["total", "default", "bytes"] + operations.map(\.rawValue) }

    /// One connection connects once.
    var operations: [HubOperation] { HubOperation.allCases.filter { self != .connection || $0 != .connect } }
}
