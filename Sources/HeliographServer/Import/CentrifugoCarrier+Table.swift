extension CentrifugoCarrier {
    /// Theirs, and ours; with a value of ours where theirs says the opposite.
    static let renamed: [String: (path: String, value: String?)] = [
        "client.allow_anonymous_connect_without_token": ("client.allow_anonymous", nil),
        "http_server.tls.cert_pem": ("http_server.tls.cert_file", nil),
        "http_server.tls.key_pem": ("http_server.tls.key_file", nil),
        "websocket.disabled": ("websocket.enabled", "false"),
        "log.level": ("log.level", nil),
        "admin.password": ("admin_password", nil),
    ]

    /// Sections that mean nothing unless a key of theirs is on, or is off.
    static let switches: [(section: String, key: String, isOn: Bool)] = [
        ("admin", "enabled", true), ("client.subscription_token", "enabled", true), ("http_server.tls", "enabled", true),
        ("http_api", "disabled", false),
    ]

    /// Read elsewhere, or of no meaning by themselves.
    static let handled: Set<String> = [
        "client.token.hmac_previous_secret_key", "client.token.hmac_previous_secret_key_valid_until",
        "client.subscription_token.hmac_previous_secret_key", "client.subscription_token.hmac_previous_secret_key_valid_until",
        "client.subscription_token.enabled", "http_server.tls.enabled", "health.enabled", "http_api.disabled", "admin.enabled",
    ]

    static let hooks = "a backend is not asked by this server"
    static let maps = "there are no maps and no shared polling here"
    private static let memory = "channels, history and presence are in the memory of one process here"

    /// Why something can't be carried over, by the beginnings of paths.
    private static let reasons: [(beginning: String, reason: String)] = [
        ("engine", memory), ("broker", memory), ("presence_manager", memory), ("controller", memory), ("redis", memory), ("nats", memory),
        ("map_broker", maps), ("shared_poll", maps), ("channel.proxy", hooks), ("client.proxy", hooks), ("rpc", hooks), ("proxies", hooks),
        ("consumers", "publications come by the HTTP API"), ("grpc_api", "there is an HTTP API"), ("uni_grpc", "there is no gRPC"),
        ("webtransport", "there is no WebTransport"), ("client.insecure", "give `insecure: true` if it is for development on this machine"),
        ("client.rate_limit.redis_user_command", "limits are of one process here: see client.rate_limit.user_command"),
        ("http_api.insecure", "the API always needs a key"), ("usage_stats", "nothing is sent to anybody"),
        ("http_server.internal_address", "there is one listener"), ("http_server.internal_port", "there is one listener"),
    ]

    static func reason(_ path: String) -> String? {
        reasons.first { path == $0.beginning || path.hasPrefix($0.beginning + ".") }?.reason
    }
}
