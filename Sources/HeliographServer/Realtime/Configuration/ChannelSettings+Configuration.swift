import RealtimeHub

// The names of the options are those of the public servers of the protocol (server-features §2.5), so that a file of theirs is understood.

extension ChannelSettings {
    /// The options in a section, which may have keys of its own besides: these were asked for before.
    init(_ section: inout ConfigurationSection) throws(ServeError) {
        self.init()
        try section.read("presence", into: &presence)
        try section.read("join_leave", into: &joinLeave)
        try section.read("force_push_join_leave", into: &forcePushJoinLeave)
        try readHistory(&section)
        try readPublications(&section)
        try readOpenness(&section)
        if let value = section.value("channel_regex") {
            let pattern = try value.text()
            do throws(ChannelRegex.SyntaxError) { nameRegex = try ChannelRegex(pattern) } catch {
                throw value.error("it is no regular expression: \(error)")
            }
        }
        try section.finish()
        let wrong = contradictions
        guard wrong.isEmpty else { throw section.value.error(wrong.joined(separator: "; ")) }
    }

    private mutating func readHistory(_ section: inout ConfigurationSection) throws(ServeError) {
        try section.read("history_size", into: &historySize, 0...10_000_000)
        try section.read("history_ttl", into: &historyTTL)
        try section.read("history_meta_ttl", into: &historyMetaTTL)
        try section.read("allow_positioning", into: &allowPositioning)
        try section.read("force_positioning", into: &forcePositioning)
        try section.read("allow_recovery", into: &allowRecovery)
        try section.read("force_recovery", into: &forceRecovery)
        if let mode = section.value("force_recovery_mode") { recoveryMode = try mode.choice(["stream": .stream, "cache": .cache]) }
        try section.read("auto_cache_recover", into: &autoCacheRecover)
    }

    private mutating func readPublications(_ section: inout ConfigurationSection) throws(ServeError) {
        if let types = section.value("allowed_delta_types") {
            for type in try types.list() { allowsDelta = try type.choice(["fossil": true]) }
        }
        try section.read("delta_publish", into: &deltaPublish)
        try section.read("allow_tags_filter", into: &allowTagsFilter)
        try section.read("allow_channel_compaction", into: &allowsCompaction)
        if let format = section.value("publication_data_format") {
            dataFormat = try format.choice(["": .unchecked, "json": .json, "json_object": .jsonObject, "binary": .binary])
        }
        var keep = 100
        try section.read("slow_readers_keep", into: &keep, 1...100_000)
        if let policy = section.value("slow_readers") {
            slowReaders = try policy.choice([
                "disconnect": .disconnect, "keep_latest": .keepLatest, "drop_oldest": .dropOldest(keeping: keep),
            ])
        }
    }

    private mutating func readOpenness(_ section: inout ConfigurationSection) throws(ServeError) {
        try Self.read("subscribe", [("client", .clients), ("anonymous", .anonymous)], into: &allowSubscribe, &section)
        let all: [(String, Openness)] = [("client", .clients), ("anonymous", .anonymous), ("subscriber", .subscribers)]
        try Self.read("publish", all, into: &allowPublish, &section)
        try Self.read("presence", all, into: &allowPresence, &section)
        try Self.read("history", all, into: &allowHistory, &section)
        try section.read("allow_user_limited_channels", into: &allowUserLimitedChannels)
        try section.read("allow_wildcards", into: &allowWildcards)
    }

    private static func read(
        _ operation: String, _ whom: [(name: String, openness: Openness)], into openness: inout Openness,
        _ section: inout ConfigurationSection
    ) throws(ServeError) {
        for (name, part) in whom {
            var isOpen = false
            try section.read("allow_\(operation)_for_\(name)", into: &isOpen)
            if isOpen { openness.insert(part) }
        }
    }
}
