extension Setting {
    /// What a backend is asked about connections.
    static let clientHooks: [Setting] =
        [
            Setting(
                "client.proxy.connect.enabled", .flag, "false", "Whether a backend is asked about clients that connect without a token.")
        ].map(\.reloaded) + proxy(under: "client.proxy.connect")
        + [
            Setting(
                "client.proxy.refresh.enabled", .flag, "false",
                "Whether a backend is asked when the time of a connection is over; clients do not refresh then.")
        ].map(\.reloaded) + proxy(under: "client.proxy.refresh")

    /// About channels, where their options say so.
    static let channelHooks: [Setting] =
        proxy(under: "channel.proxy.subscribe") + proxy(under: "channel.proxy.publish") + proxy(under: "channel.proxy.sub_refresh")

    /// What clients call, and more backends.
    static let otherHooks: [Setting] =
        proxy(under: "rpc.proxy")
        + [
            Setting("rpc.without_namespace.proxy_enabled", .flag, "false", "Whether methods without a colon are a backend's."),
            Setting("rpc.without_namespace.proxy_name", .text, "default", "Which of `proxies`; `default` is `rpc.proxy`."),
            Setting("rpc.namespaces", .sections, nil, "Methods by what is before the first colon of their names."),
            Setting("rpc.namespaces[].name", .text, nil, "The name of the namespace, without the colon."),
            Setting("rpc.namespaces[].proxy_enabled", .flag, "false", "Whether they are a backend's."),
            Setting("rpc.namespaces[].proxy_name", .text, "default", "Which of `proxies`; `default` is `rpc.proxy`."),
            Setting("proxies", .sections, nil, "More backends, for namespaces that name them."),
            Setting("proxies[].name", .text, nil, "At least two letters, digits, -, _ and `.`"),
        ].map(\.reloaded) + proxy(under: "proxies[]")

    /// Where a backend is asked; the names are those of the public servers of the protocol.
    static func proxy(under section: String) -> [Setting] {
        [
            Setting("\(section).endpoint", .text, nil, "Its address. Plain http only to this machine and private networks."),
            Setting("\(section).timeout", .duration(atLeast: .zero), "1s", "How long its answer may take; then error 100."),
            Setting("\(section).http_headers", .texts, nil, "Fields of the client's HTTP request that are passed on, such as `Cookie`."),
            Setting(
                "\(section).emulated_headers", .texts, nil,
                "What the client put into the connect command in place of fields, and is passed on. It can say there what it likes."),
            Setting("\(section).include_connection_meta", .flag, "false", "Whether the connection's `meta` is told."),
            Setting("\(section).binary_encoding", .flag, "false", "Payloads in base64: `b64data` in place of `data`."),
            Setting(
                "\(section).max_concurrent_requests", .integer(1...10_000), "64",
                "Questions at once. 16 times as many wait, for as long as `timeout`; what is more is refused."),
            Setting("\(section).max_answer_size", .integer(1_024...64 << 20), "1048576", "Bytes of an answer."),
            Setting(
                "\(section).breaker.failures", .integer(0...1_000_000), "10",
                "So many failures, if they are most, and it is left alone; 0: never."),
            Setting("\(section).breaker.window", .duration(atLeast: .seconds(1)), "10s", "Within such a time."),
            Setting(
                "\(section).breaker.pause", .duration(atLeast: .zero), "5s",
                "For so long, with an error at once; then one question is tried."),
            Setting(
                "\(section).dangerously_allow_plain_http", .flag, "false",
                "Plain http to any host: whoever is on the way reads cookies and tokens."),
        ].map(\.reloaded) + http(under: "\(section).http") + statuses(under: "\(section).http.status_to_code_transforms")
    }

    private static func statuses(under section: String) -> [Setting] {
        [
            Setting("\(section)", .sections, nil, "What clients are told of other statuses than 200."),
            Setting("\(section)[].status_code", .integer(100...599), nil, "The status."),
            Setting("\(section)[].to_error.code", .integer(1...4_294_967_295), nil, "The error's code."),
            Setting("\(section)[].to_error.message", .text, "\"\"", "Its words."),
            Setting("\(section)[].to_error.temporary", .flag, "false", "Whether to try again."),
            Setting(
                "\(section)[].to_disconnect.code", .integer(3_000...4_999), nil, "Or the disconnect's code."),
            Setting("\(section)[].to_disconnect.reason", .text, "\"\"", "Its words."),
        ].map(\.reloaded)
    }

    private static func http(under section: String) -> [Setting] {
        [
            Setting("\(section).static_headers", .mapping, nil, "Fields of every request: `{X-Key: secret}`.", isSecret: true),
            Setting(
                "\(section).tls.server_ca_file", .text, nil, "Certificates in PEM that the backend's comes from, in place of the system's."),
            Setting("\(section).tls.cert_file", .text, nil, "Our certificate in PEM, if the backend wants one."),
            Setting("\(section).tls.key_file", .text, nil, "Its private key."),
            Setting(
                "\(section).tls.dangerously_skip_verification", .flag, "false",
                "Any certificate will do: whoever is on the way can be the backend."),
        ].map(\.reloaded)
    }

    static let events: [Setting] =
        [
            Setting("events.endpoint", .text, nil, "Where batches of events are posted. Without it there are none."),
            Setting(
                "events.secrets", .texts, nil, "What they are signed with; at least 16 characters each. All sign: new, then old.",
                isSecret: true),
            Setting("events.types", .choices(eventTypes), nil, "Which events; otherwise all."),
            Setting("events.timeout", .duration(atLeast: .zero), "5s", "How long the backend's answer may take."),
            Setting("events.batch_size", .integer(1...10_000), "200", "Events of a batch."),
            Setting("events.batch_delay", .duration(atLeast: .zero), "100ms", "How long they gather."),
            Setting(
                "events.vacated_delay", .duration(atLeast: .zero), "5s",
                "How long a channel must be without subscribers to be vacated: who reconnects makes no events."),
            Setting(
                "events.retry_min", .duration(atLeast: .zero), "500ms", "The first pause after a failure; each next one is twice as long."),
            Setting("events.retry_max", .duration(atLeast: .zero), "30s", "The longest."),
            Setting("events.flush_timeout", .duration(atLeast: .zero), "5s", "How long what waits has to leave when the server goes down."),
            Setting("events.dangerously_allow_plain_http", .flag, "false", "Plain http to any host."),
        ].map(\.reloaded) + http(under: "events.http")
        + [
            Setting("events.queue.directory", .text, nil, "A folder of the server's own. Without it events wait in memory."),
            Setting("events.queue.max_bytes", .integer(1 << 20...1 << 40), "67108864", "When it is full the oldest events are dropped."),
            Setting(
                "events.queue.sync", .choice(["always", "interval", "never"]), "interval",
                "What is on the disk for good: each batch, or what is a second old, or what the system likes."),
        ]

    static let eventTypes = [
        "started", "connected", "disconnected", "subscribed", "unsubscribed", "joined", "left", "occupied", "vacated", "cache_empty",
    ]

    /// Of a channel.
    static func hookOptions(under section: String) -> [Setting] {
        func setting(_ key: String, _ kind: Kind, _ usual: String, _ summary: String) -> Setting {
            Setting("\(section).\(key)", kind, usual, summary, isReloaded: true)
        }
        return [
            setting(
                "subscribe_proxy_enabled", .flag, "false", "Whether a backend is asked who may subscribe, and what is open does not matter."
            ),
            setting("subscribe_proxy_name", .text, "default", "Which of `proxies`; `default` is `channel.proxy.subscribe`."),
            setting("publish_proxy_enabled", .flag, "false", "Whether a backend is asked who may publish, and what."),
            setting("publish_proxy_name", .text, "default", "Which of `proxies`; `default` is `channel.proxy.publish`."),
            setting("sub_refresh_proxy_enabled", .flag, "false", "Whether a backend is asked when the time of a subscription is over."),
            setting("sub_refresh_proxy_name", .text, "default", "Which of `proxies`; `default` is `channel.proxy.sub_refresh`."),
            setting("events_enabled", .flag, "true", "Whether `events` has what happens in these channels."),
        ]
    }
}
