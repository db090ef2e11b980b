import RealtimeHub

extension ChannelSettings {
    /// The options in a section.
    ///
    /// - Parameter usual: what they are where it does not say.
    init(_ section: ConfigurationSection, _ usual: ChannelSettings = ChannelSettings()) {
        self = usual
        section.read("presence", into: &presence)
        section.read("join_leave", into: &joinLeave)
        section.read("force_push_join_leave", into: &forcePushJoinLeave)
        readHistory(section)
        readPublications(section)
        readOpenness(section)
        if let value = section.value("channel_regex"), let pattern = value.string {
            do throws(ChannelRegex.SyntaxError) { nameRegex = try ChannelRegex(pattern) } catch {
                value.report("it is no regular expression: \(error)")
            }
        }
        let wrong = contradictions
        if !wrong.isEmpty { section.value.report(wrong.joined(separator: "; ")) }
    }

    private mutating func readHistory(_ section: ConfigurationSection) {
        section.read("history_size", into: &historySize)
        section.read("history_ttl", into: &historyTTL)
        section.read("history_meta_ttl", into: &historyMetaTTL)
        section.read("allow_positioning", into: &allowPositioning)
        section.read("force_positioning", into: &forcePositioning)
        section.read("allow_recovery", into: &allowRecovery)
        section.read("force_recovery", into: &forceRecovery)
        section.read("force_recovery_mode", into: &recoveryMode, ["stream": .stream, "cache": .cache])
        section.read("auto_cache_recover", into: &autoCacheRecover)
    }

    private mutating func readPublications(_ section: ConfigurationSection) {
        for type in section.list("allowed_delta_types") {
            if type.read({ (type) throws(ServeError) in try type.choice(["fossil": true]) }) == true { allowsDelta = true }
        }
        section.read("delta_publish", into: &deltaPublish)
        section.read("allow_tags_filter", into: &allowTagsFilter)
        section.read("allow_channel_compaction", into: &allowsCompaction)
        section.read(
            "publication_data_format", into: &dataFormat, ["": .unchecked, "json": .json, "json_object": .jsonObject, "binary": .binary])
        var keep = 100
        section.read("slow_readers_keep", into: &keep)
        section.read(
            "slow_readers", into: &slowReaders,
            ["disconnect": .disconnect, "keep_latest": .keepLatest, "drop_oldest": .dropOldest(keeping: keep)])
    }

    private mutating func readOpenness(_ section: ConfigurationSection) {
        Self.read("subscribe", [("client", .clients), ("anonymous", .anonymous)], into: &allowSubscribe, section)
        let all: [(String, Openness)] = [("client", .clients), ("anonymous", .anonymous), ("subscriber", .subscribers)]
        Self.read("publish", all, into: &allowPublish, section)
        Self.read("presence", all, into: &allowPresence, section)
        Self.read("history", all, into: &allowHistory, section)
        section.read("allow_user_limited_channels", into: &allowUserLimitedChannels)
        section.read("allow_wildcards", into: &allowWildcards)
    }

    private static func read(
        _ operation: String, _ whom: [(name: String, openness: Openness)], into openness: inout Openness, _ section: ConfigurationSection
    ) {
        for (name, part) in whom {
            var isOpen = false
            section.read("allow_\(operation)_for_\(name)", into: &isOpen)
            if isOpen { openness.insert(part) }
        }
    }
}
