// The table, but for channels and tokens. A setting is added here and read in `ServeConfiguration` or `RealtimeConfiguration`; a test compares the two.

extension Setting {
    static let serving: [Setting] =
        [
            Setting(
                "insecure", .flag, "false", "Development: anybody may connect and do everything. Only on an address of this machine alone.",
                option: "insecure"),
            Setting(
                "demo", .flag, nil, "The demo pages, `/echo` and `/broadcast`. Usually on unless anything else is configured.",
                option: "demo"),
            Setting(
                "admin_password", .text, nil,
                "Who knows it may see and do everything on the pages at `/admin`; at least 12 bytes. Without it there are none.",
                isSecret: true),
            Setting("http_server.address", .text, "127.0.0.1", "The address to listen on; 0.0.0.0 or `::` for all.", option: "host"),
            Setting("http_server.port", .integer(0...65_535), "8080", "The port to listen on; 0 takes a free one.", option: "port"),
            Setting(
                "http_server.threads", .integer(1...1_024), nil, "Event loops. Usually one for each core.", option: "threads"),
        ] + listeners + [
            Setting(
                "log.level", .choice(["trace", "debug", "info", "notice", "warning", "error", "critical"]), "info", "What to log.",
                option: "log-level")
        ] + logs + [
            Setting(
                "live.secret", .text, nil,
                "What the states of live views are sealed with, the same in all processes that serve the same pages; at least 16 bytes. Usually random.",
                isSecret: true)
        ] + running

    static let clients: [Setting] =
        [
            Setting("client.allow_anonymous", .flag, "false", "Connecting without a token, as the user with the empty name."),
            Setting(
                "client.user_id_http_header", .text, nil,
                "The header in which a proxy says who the user is, for clients without a token; only from `http_server.trusted_proxies`, which must replace what clients send."
            ),
            Setting(
                "client.disallow_anonymous_connection_tokens", .flag, "false",
                "Whether connection tokens whose user is the empty name are refused.",
                isReloaded: true),
            Setting(
                "client.allowed_origins", .texts, nil,
                "The pages that may connect, such as `https://*.example.com`, and no others: name your own host too. `*` for all, with a warning. Usually pages of the same host."
            ),
            Setting(
                "client.subscribe_to_user_personal_channel.enabled", .flag, "false",
                "Every user is subscribed to a channel of its own at once."
            ),
            Setting(
                "client.subscribe_to_user_personal_channel.personal_channel_namespace", .text, nil,
                "The namespace of that channel: `personal:#42`; without it, `#42`."),
            Setting("client.ping_interval", .duration(atLeast: .zero), "25s", "In whole seconds; 0s for no pings."),
            Setting(
                "client.pong_timeout", .duration(atLeast: .zero), "8s",
                "A client that has not answered a ping by then is disconnected with 3012."),
            Setting(
                "client.stale_close_delay", .duration(atLeast: .seconds(1)), "10s",
                "A connection without a connect command is closed with 3502."),
            Setting(
                "client.expired_close_delay", .duration(atLeast: .zero), "25s",
                "How long a connection outlives its token without a new one; then 3005."),
            Setting("client.expired_sub_close_delay", .duration(atLeast: .zero), "25s", "The same of a subscription; then 2501."),
            Setting("client.presence_update_interval", .duration(atLeast: .seconds(1)), "27s", "How often presence is renewed."),
            Setting("client.presence_ttl", .duration(atLeast: .seconds(2)), "60s", "How long presence lasts without that."),
            Setting(
                "client.channel_position_check_delay", .duration(atLeast: .seconds(1)), "40s",
                "How often the position of a quiet channel is checked."),
            Setting("client.channel_limit", .integer(1...100_000), "128", "Subscriptions of a client."),
            Setting(
                "client.bad_token_limit", .integer(1...1_000_000), "3",
                "A client with so many bad subscription tokens is disconnected with 3509."),
            Setting("client.queue_max_size", .integer(1_024...1 << 30), "1048576", "Bytes that may wait for a client."),
            Setting("client.recovery_max_publication_limit", .integer(1...100_000), "300", "Who missed more is not recovered."),
            Setting("client.history_max_publication_limit", .integer(1...100_000), "300", "Publications in an answer about history."),
            Setting("client.connect_include_server_time", .flag, "false", "Whether clients are told the server's time."),
        ] + refusals(under: "client.connect_code_to_unidirectional_disconnect")

    /// Clients that only listen can't be told an error.
    private static func refusals(under section: String) -> [Setting] {
        [
            Setting(
                "\(section).enabled", .flag, "false",
                "Whether clients that only listen are closed with codes of your own when a backend refuses their connect with an error."),
            Setting("\(section).transforms", .sections, nil, "Which; all others as ever (3004 for what only a backend says)."),
            Setting("\(section).transforms[].code", .integer(1...4_294_967_295), nil, "The error's code."),
            Setting(
                "\(section).transforms[].to.code", .integer(3_000...4_999), nil,
                "The code of the disconnect; from 4500 on the client does not come back by itself."),
            Setting("\(section).transforms[].to.reason", .text, "\"\"", "Its words."),
        ]
    }
}
