extension Setting {
    static let channels: [Setting] =
        [
            Setting("channel.max_length", .integer(1...1_000), "255", "Bytes of a channel's name.", isReloaded: true),
            Setting(
                "channel.history_meta_ttl", .duration(atLeast: .zero), "720h",
                "How long positions are kept, where a channel's options do not say it.",
                isReloaded: true),
            Setting(
                "channel.private_prefix", .text, "\"$\"", "A character before the names of channels that need a token; empty: none has it.",
                isReloaded: true),
            Setting("channel.namespace_boundary", .text, "\":\"", "The character after a namespace.", isReloaded: true),
            Setting("channel.user_boundary", .text, "\"#\"", "The character before the users of a channel.", isReloaded: true),
            Setting("channel.user_separator", .text, "\",\"", "The character between them.", isReloaded: true),
            Setting("channel.namespaces", .sections, nil, "Channels by what is before the first colon of their names.", isReloaded: true),
            Setting("channel.namespaces[].name", .text, nil, "The name of the namespace, without the colon.", isReloaded: true),
            Setting(
                "channel.patterns", .sections, nil, "Channels by patterns, in their order; they come before namespaces.", isReloaded: true),
            Setting(
                "channel.patterns[].pattern", .text, nil, "`*` is one or more characters but `:`, `.` and `/`; `**` any characters.",
                isReloaded: true),
        ] + channelOptions(under: "channel.without_namespace") + channelOptions(under: "channel.namespaces[]")
        + channelOptions(under: "channel.patterns[]")

    /// The options of channels, whose names are those of the public servers of the protocol (`Docs/parity.md`, 2.5).
    static func channelOptions(under section: String) -> [Setting] {
        func setting(_ key: String, _ kind: Kind, _ usual: String? = nil, _ summary: String) -> Setting {
            Setting("\(section).\(key)", kind, usual, summary, isReloaded: true)
        }
        return [
            setting("presence", .flag, "false", "Whether is kept who is there."),
            setting("join_leave", .flag, "false", "Whether subscribers who ask are told who comes and goes."),
            setting("force_push_join_leave", .flag, "false", "Whether all are."),
            setting("history_size", .integer(0...10_000_000), "0", "How many publications are kept. History needs a size and a time."),
            setting("history_ttl", .duration(atLeast: .zero), "0s", "How long each is kept."),
            setting("history_meta_ttl", .duration(atLeast: .zero), "720h", "How long the position is kept after its last use."),
            setting("allow_positioning", .flag, "false", "Whether subscribers who ask are told that they missed something."),
            setting("force_positioning", .flag, "false", "Whether all are."),
            setting("allow_recovery", .flag, "false", "Whether subscribers who ask get what they missed."),
            setting("force_recovery", .flag, "false", "Whether all do."),
            setting("force_recovery_mode", .choice(["stream", "cache"]), "stream", "All that was missed, or the latest."),
            setting("auto_cache_recover", .flag, "false", "With `cache`: the latest is sent even to those who did not ask."),
            setting("allowed_delta_types", .choices(["fossil"]), nil, "Whether subscribers who ask get differences; needs a history."),
            setting("delta_publish", .flag, "false", "Whether every publication is sent so, even if its publisher did not say."),
            setting("allow_tags_filter", .flag, "false", "Whether subscribers may filter by tags."),
            setting("allow_channel_compaction", .flag, "true", "Whether clients who can get a number in place of the channel's name."),
            setting("publication_data_format", .choice(["", "json", "json_object", "binary"]), "\"\"", "What a publication must be."),
            setting(
                "slow_readers", .choice(["disconnect", "keep_latest", "drop_oldest"]), "disconnect", "What becomes of who reads too slowly."
            ),
            setting("slow_readers_keep", .integer(1...100_000), "100", "With `drop_oldest`: how many are kept."),
            setting("allow_subscribe_for_client", .flag, "false", "Every client with a user may subscribe."),
            setting("allow_subscribe_for_anonymous", .flag, "false", "Clients without one may."),
            setting("allow_publish_for_client", .flag, "false", "Every client with a user may publish."),
            setting("allow_publish_for_anonymous", .flag, "false", "Clients without one may."),
            setting("allow_publish_for_subscriber", .flag, "false", "Who is subscribed may."),
            setting("allow_presence_for_client", .flag, "false", "Every client with a user may ask who is there."),
            setting("allow_presence_for_anonymous", .flag, "false", "Clients without one may."),
            setting("allow_presence_for_subscriber", .flag, "false", "Who is subscribed may."),
            setting("allow_history_for_client", .flag, "false", "Every client with a user may read the history."),
            setting("allow_history_for_anonymous", .flag, "false", "Clients without one may."),
            setting("allow_history_for_subscriber", .flag, "false", "Who is subscribed may."),
            setting("allow_user_limited_channels", .flag, "false", "`dialog#7,8` is open to the users 7 and 8."),
            setting(
                "allow_wildcards", .flag, "false",
                "Who may subscribe to `news:*` gets every channel of the namespace that matches; never private ones nor those for users."),
            setting("channel_regex", .text, nil, "What a name must match, without its namespace."),
        ] + hookOptions(under: section)
    }
}
