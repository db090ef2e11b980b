/// The table in Markdown, for `Docs/configuration.md`.
public enum SettingReference {
    /// A table for each section; the options of channels and of tokens once.
    public static var text: String {
        let sections: [(title: String, settings: [Setting])] = [
            ("The server", Setting.serving), ("`client`", Setting.clients),
            (
                "`client.token`, `http_api.token`, and `client.subscription_token` if subscription tokens have other keys",
                Setting.tokens(under: "", "the tokens")
            ),
            ("`channel`", Setting.channels.filter { !options.contains($0.path) }),
            ("Options of `channel.without_namespace`, `channel.namespaces[]` and `channel.patterns[]`", Setting.channelOptions(under: "")),
            ("Transports", Setting.transports.filter { !isOfSocket($0) }),
            ("Of `websocket` and `uni_websocket`", Setting.sockets(under: "")),
            ("`http_api`", Setting.backend.filter { !$0.path.hasPrefix("http_api.token.") }),
            ("Hooks (`Docs/hooks.md`)", (Setting.clientHooks + Setting.otherHooks).filter { !isOfProxy($0) }),
            (
                "Of `client.proxy.connect`, `client.proxy.refresh`, `channel.proxy.subscribe`, `channel.proxy.publish`, "
                    + "`channel.proxy.sub_refresh`, `rpc.proxy` and `proxies[]`", Setting.proxy(under: "")
            ),
            ("`events`", Setting.events),
            ("Protection", Setting.protection.filter { !isRateLimit($0) }),
            (
                "Limits of `client.rate_limit.client_command` (one connection), `user_command` (one user) and `address_command` (one address)",
                Setting.rateLimits(under: "", .user).filter(isToldOnce)
            ),
        ]
        return sections.map { "### \($0.title)\n\n\(table($0.settings))" }.joined(separator: "\n\n") + "\n"
    }

    private static let options = Set(
        ["channel.without_namespace", "channel.namespaces[]", "channel.patterns[]"].flatMap { Setting.channelOptions(under: $0) }
            .map(\.path))

    private static let ofProxies = Setting.proxy(under: "").map(\.path)

    private static func isOfProxy(_ setting: Setting) -> Bool { ofProxies.contains { setting.path.hasSuffix($0) } }

    private static let ofSockets = Setting.sockets(under: "").map(\.path)

    private static func isOfSocket(_ setting: Setting) -> Bool { ofSockets.contains { setting.path.hasSuffix($0) } }

    /// All parts have the same buckets.
    private static func isToldOnce(_ setting: Setting) -> Bool {
        !setting.path.contains(".buckets") || setting.path.hasPrefix(".total.")
    }

    private static func isRateLimit(_ setting: Setting) -> Bool {
        RateLimitScope.allCases.contains { setting.path.hasPrefix("client.rate_limit.\($0.rawValue).") }
    }

    private static func table(_ settings: [Setting]) -> String {
        (["| Setting | Default | Values | |", "|---|---|---|---|"] + settings.map(row)).joined(separator: "\n")
    }

    private static func row(_ setting: Setting) -> String {
        let path = setting.path.hasPrefix(".") ? String(setting.path.dropFirst()) : setting.path
        var notes = [setting.summary]
        if let option = setting.option { notes.append("Option `--\(option)`.") }
        if setting.isReloaded { notes.append("SIGHUP.") }
        let cells = [
            "`\(path)`", setting.usual.map { "`\($0)`" } ?? "", setting.values.replacing("|", with: "\\|"),
            notes.joined(separator: " ").replacing("|", with: "\\|"),
        ]
        return "| \(cells.joined(separator: " | ")) |"
    }
}
