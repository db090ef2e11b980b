// The file that `heliograph init` writes: what most need is there, the rest is a comment. All of it is made of the table but the beginning.

/// A configuration to begin with.
public enum ConfigurationTemplate {
    /// The file's text, in YAML, with secrets of its own.
    ///
    /// - Parameter secret: makes a random secret in hexadecimal digits, of so many bytes.
    public static func text(secret: (Int) -> String = { randomHex($0) }) -> String {
        """
        # Heliograph's configuration. `heliograph serve --config FILE` reads it, and anew on SIGHUP; `heliograph check-config FILE` says what is wrong with it.
        # Whatever is not said here is as the comments have it. The same settings can be given in the environment (client.ping_interval is
        # HELIOGRAPH_CLIENT_PING_INTERVAL) and, but for secrets, as options (--set client.ping_interval=10s).
        # Keep this file to yourself: who has a secret of it can be anybody.

        \(beginning(secret))

        # Everything else, with what it is if nothing is said.

        \(rest)
        """
    }

    private static func beginning(_ secret: (Int) -> String) -> String {
        """
        client:
          token:
            # Your backend signs tokens with it: {"sub": "42", "exp": …} as a JWT with HS256. For trying it out: heliograph token make --user 42
            hmac_secret_key: "\(secret(32))"
          # The pages that may connect, and no others: name your own host too. Without this key: pages of the same host.
          # allowed_origins: ["https://example.com"]

        channel:
          # Nobody may do anything in a channel unless it is said here.
          namespaces:
            # chat:tea, chat:coffee, …
            - name: chat
              presence: true
              join_leave: true
              history_size: 100
              history_ttl: 300s
              force_recovery: true
              allow_subscribe_for_client: true
              allow_publish_for_subscriber: true
              allow_presence_for_subscriber: true
              allow_history_for_subscriber: true

        http_api:
          # Your backend publishes with it: curl http://127.0.0.1:8080/api/publish -H "X-API-Key: …" -d '{"channel": "chat:tea", "data": {"text": "Hello"}}'
          key: "\(secret(24))"
        """
    }

    /// What the beginning has already.
    private static let written: Set<String> = [
        "client.token.hmac_secret_key", "client.allowed_origins", "channel.namespaces", "http_api.key",
    ]

    /// What can be said of one backend can be said of all, and so of limits of commands, and of sockets.
    static func isRepeated(_ setting: Setting) -> Bool {
        let sections = ["client.proxy.refresh.", "channel.proxy.", "rpc.proxy.", "uni_websocket."]
        return setting.path.hasPrefix("client.rate_limit.")
            || sections.contains { setting.path.hasPrefix($0) } && !["enabled", "endpoint"].contains(setting.components.last)
    }

    /// The settings of a section follow each other.
    private static var bySection: [Setting] {
        var sections: [String] = []
        for setting in Setting.table where !sections.contains(setting.components[0]) { sections.append(setting.components[0]) }
        return sections.flatMap { section in Setting.table.filter { $0.components[0] == section } }
    }

    /// A comment for each setting that has not been said, by section.
    private static var rest: String {
        var lines: [String] = []
        var section: [String] = []
        for setting in bySection where !written.contains(setting.path) && setting.isLayered && !isRepeated(setting) {
            let components = setting.components
            let common = zip(section, components.dropLast()).prefix { $0 == $1 }.count
            for depth in common..<components.count - 1 {
                if depth == 0, !lines.isEmpty { lines.append("") }
                lines.append("# " + String(repeating: "  ", count: depth) + components[depth] + ":")
            }
            section = components.dropLast()
            let indent = String(repeating: "  ", count: components.count - 1)
            let value = setting.usual ?? setting.example
            lines.append("# \(indent)\(components[components.count - 1]): \(value)".padded(to: 48) + "  # \(setting.summary)")
        }
        return lines.joined(separator: "\n") + "\n"
    }

    /// Random, from the system.
    public static func randomHex(_ bytes: Int) -> String {
        var generator = SystemRandomNumberGenerator()
        let digits = Array("0123456789abcdef")
        return String((0..<bytes * 2).map { _ in digits[Int.random(in: 0..<16, using: &generator)] })
    }
}

extension Setting {
    /// A value that it could have, where it usually has none.
    var example: String {
        switch kind {
        case .flag: "false"
        case .integer(let range): "\(range.lowerBound)"
        case .duration: "1m"
        case .choice(let words): words.first ?? ""
        case .texts, .choices, .sections: "[]"
        case .mapping: "{}"
        case .text: "\"\""
        }
    }
}

extension String {
    fileprivate func padded(to count: Int) -> String {
        self + String(repeating: " ", count: Swift.max(0, count - self.count))
    }
}
