// Listeners, TLS, metrics, health, logs and the end.

extension Setting {
    /// Behind those of the public listener.
    static let listeners: [Setting] =
        [
            Setting(
                "http_server.internal_address", .text, "127.0.0.1",
                "The address of the internal listener; 0.0.0.0 or `::` for all. Only with `http_server.internal_port`."),
            Setting(
                "http_server.internal_port", .integer(0...65_535), nil,
                "The port of the internal listener, which then alone has the API, the admin pages, metrics and health; 0 takes a free one. Without it there is none."
            ),
            Setting(
                "http_server.tls_external", .flag, "false",
                "Whether `http_server.tls` is for the public listener alone, and the internal one speaks without TLS."),
        ]
        + tls(under: "http_server.tls", "server") + tls(under: "http_server.internal_tls", "internal listener, if it has another one")

    /// Behind the log's level.
    static let logs: [Setting] = [
        Setting("log.format", .choice(["text", "json"]), "text", "Lines to read, or an object a line."),
        Setting("log.file", .text, nil, "A file to append to; SIGHUP opens it anew. Usually standard error."),
    ]

    static let running: [Setting] = [
        Setting(
            "prometheus.enabled", .flag, nil,
            "`/metrics`. Usually on the internal listener; without one, where the server listens on this machine alone. `true` has it on the public one then."
        ),
        Setting(
            "health.enabled", .flag, nil,
            "`/health`, `/health/live` and `/health/ready`. Where `/metrics` is, if nothing is said."),
        Setting(
            "shutdown.timeout", .duration(atLeast: .seconds(1)), "25s",
            "How long a stop may take; then the process ends with 1. Orchestrators often kill after 30s."),
        Setting(
            "shutdown.delay", .duration(atLeast: .zero), "0s",
            "How long the server goes on as before after `/health/ready` says no, so that whoever sends it connections notices."),
        Setting(
            "shutdown.window", .duration(atLeast: .zero), "5s",
            "Over what time connections are closed, if there are many, so that they do not come back elsewhere all at once."),
    ]

    /// The settings of TLS for one listener.
    private static func tls(under section: String, _ whose: String) -> [Setting] {
        let hasOptions = section == "http_server.tls"
        return [
            Setting(
                "\(section).cert_file", .text, nil,
                "A file in PEM with the certificate of the \(whose), and those that lead to the root. SIGHUP reads the file anew.",
                option: hasOptions ? "tls-cert" : nil),
            Setting(
                "\(section).key_file", .text, nil, "A file in PEM with the certificate's private key. SIGHUP reads the file anew.",
                option: hasOptions ? "tls-key" : nil),
            Setting(
                "\(section).client_ca_file", .text, nil,
                "A file in PEM with the authorities whose certificates clients must show. SIGHUP reads the file anew. Without it nobody is asked for one."
            ),
            Setting(
                "\(section).client_certificates", .choice(["required", "optional"]), "required",
                "Whether who shows none is refused. A wrong one always is."),
            Setting("\(section).min_version", .choice(["1.2", "1.3"]), "1.2", "The oldest TLS."),
        ]
    }
}
