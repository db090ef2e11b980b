extension Setting {
    /// The HTTP API.
    static let backend: [Setting] =
        [
            Setting(
                "http_api.key", .text, nil,
                "Who has it may do everything; at least 16 characters. Without this, `keys` and `token` there is no API.",
                isReloaded: true, isSecret: true),
            Setting("http_api.keys", .sections, nil, "More keys, each with a name, and perhaps not for everything.", isReloaded: true),
            Setting("http_api.keys[].name", .text, nil, "Whose it is, for the log.", isReloaded: true),
            Setting("http_api.keys[].key", .text, nil, "The key; at least 16 characters.", isReloaded: true, isSecret: true),
            Setting(
                "http_api.keys[].sha256", .text, nil,
                "Or its hash, as `printf %s KEY | sha256sum` writes it: then the key is in no file here.",
                isReloaded: true),
            Setting(
                "http_api.keys[].methods", .choices(ServerAPI.methods.map(\.name)), nil, "What it may do; otherwise everything.",
                isReloaded: true),
            Setting(
                "http_api.keys[].channels", .texts, nil,
                "In which channels, as patterns: `*` is one or more characters but `:`, `.` and `/`; `**` any. Then only methods that name channels.",
                isReloaded: true),
            Setting(
                "http_api.keys[].rate_limit", .integer(1...10_000_000), nil,
                "Calls a second; a batch counts as many as it has commands, and who publishes to several channels as many as those are.",
                isReloaded: true),
            Setting(
                "http_api.keys[].valid_until", .integer(0...253_402_300_799), nil, "When it ends, in seconds since 1970.", isReloaded: true),
            Setting(
                "http_api.error_mode", .choice(["", "transport"]), "\"\"",
                "With `transport`, an error is the answer's status too; otherwise only if the request has `X-Centrifugo-Error-Mode: transport`."
            ),
            Setting("http_api.external", .flag, "false", "Whether the public listener has the API although there is an internal one."),
            Setting("http_api.max_body_size", .integer(1_024...1 << 30), "1048576", "Bytes of a call's body."),
            Setting(
                "http_api.max_answer_size", .integer(1_024...1 << 30), "16777216",
                "Bytes of a call's answer, in a batch of all replies: what is read and does not fit, and each command after it, has the error 106."
            ),
        ] + tokens(under: "http_api.token", "the API's tokens")
}
