extension CentrifugoCarrier {
    /// Theirs, and ours; with a value of ours where theirs says the opposite.
    static let renamed: [String: (path: String, value: String?)] = [
        "client.allow_anonymous_connect_without_token": ("client.allow_anonymous", nil),
        "http_server.tls.cert_pem": ("http_server.tls.cert_file", nil),
        "http_server.tls.key_pem": ("http_server.tls.key_file", nil),
        "http_server.tls.client_ca_pem": ("http_server.tls.client_ca_file", nil),
        "http_server.internal_tls.cert_pem": ("http_server.internal_tls.cert_file", nil),
        "http_server.internal_tls.key_pem": ("http_server.internal_tls.key_file", nil),
        "http_server.internal_tls.client_ca_pem": ("http_server.internal_tls.client_ca_file", nil),
        "websocket.disabled": ("websocket.enabled", "false"),
        "admin.password": ("admin_password", nil),
    ]

    /// Sections that mean nothing unless a key of theirs is on, or is off.
    static let switches: [(section: String, key: String, isOn: Bool)] = [
        ("admin", "enabled", true), ("client.subscription_token", "enabled", true), ("http_server.tls", "enabled", true),
        ("http_server.internal_tls", "enabled", true),
        ("http_api", "disabled", false), ("http_stream", "enabled", true), ("sse", "enabled", true), ("uni_websocket", "enabled", true),
        ("uni_sse", "enabled", true), ("uni_http_stream", "enabled", true),
    ]

    /// Values of the same setting that have other names here.
    static let values: [String: [String: String]] = ["log.level": ["warn": "warning", "none": "critical", "fatal": "critical"]]

    /// Read elsewhere, or of no meaning by themselves.
    static let handled: Set<String> = [
        "client.token.hmac_previous_secret_key", "client.token.hmac_previous_secret_key_valid_until",
        "client.subscription_token.hmac_previous_secret_key", "client.subscription_token.hmac_previous_secret_key_valid_until",
        "client.subscription_token.enabled", "http_server.tls.enabled", "http_server.internal_tls.enabled", "http_api.disabled",
        "admin.enabled",
    ]

    static let hooks = "a backend is asked over HTTP, about connect, refresh, subscribe, publish, sub_refresh and rpc alone"
    static let maps = "there are no maps and no shared polling here"
    private static let memory = "channels, history and presence are in the memory of one process here"

    /// Why something can't be carried over, by the beginnings of paths.
    private static let reasons: [(beginning: String, reason: String)] = [
        ("engine", memory), ("broker", memory), ("presence_manager", memory), ("controller", memory), ("redis", memory), ("nats", memory),
        ("map_broker", maps), ("shared_poll", maps), ("rpc.ping", "there is no method that is built in"),
        ("consumers", "publications come by the HTTP API"), ("grpc_api", "there is an HTTP API"), ("uni_grpc", "there is no gRPC"),
        ("webtransport", "there is no WebTransport"), ("client.insecure", "give `insecure: true` if it is for development on this machine"),
        ("client.rate_limit.redis_user_command", "limits are of one process here: see client.rate_limit.user_command"),
        ("http_api.insecure", "the API always needs a key"), ("usage_stats", "nothing is sent to anybody"),
        ("opentelemetry", "an application that has a tracer gets spans"), ("prometheus.handler_prefix", "it is at /metrics"),
        ("health.handler_prefix", "it is at /health"), ("http_server.tls_autocert", "give files, which a program such as certbot renews"),
    ]

    /// What is called otherwise in the section of every backend, with what it is called here; empty: it means nothing by itself.
    private static let ofProxies: [String: String] = [
        "http.tls.enabled": "", "http.tls.server_ca_pem": "server_ca_file", "http.tls.cert_pem": "cert_file",
        "http.tls.key_pem": "key_file", "http.tls.insecure_skip_verify": "dangerously_skip_verification",
    ]

    /// The name that a key in the section of a backend has here, if it is another; empty: none.
    static func renamedOfProxy(_ path: String) -> String? {
        guard path.contains("proxy.") || path.hasPrefix("proxies") else { return nil }
        return ofProxies.first { path.hasSuffix(".\($0.key)") }?.value
    }

    /// What is said of a WebSocket there and not here, by the last component.
    private static let ofSockets: [String: String] = [
        "read_buffer_size": buffers, "write_buffer_size": buffers, "use_write_buffer_pool": buffers,
        "compression_prepared_message_cache_size": "a publication is compressed once for all who get it on an event loop, without a cache",
        "decompressed_message_size_limit": "message_size_limit is of messages as they are after decompression here",
    ]
    private static let buffers = "sockets have buffers only while there is something in them"

    static func reason(_ path: String) -> String? {
        if path.hasPrefix("websocket.") || path.hasPrefix("uni_websocket."),
            let reason = ofSockets.first(where: { path.hasSuffix(".\($0.key)") })
        {
            return reason.value
        }
        if path.contains(".grpc") { return "there is no gRPC" }
        return reasons.first { path == $0.beginning || path.hasPrefix($0.beginning + ".") }?.reason
    }
}
