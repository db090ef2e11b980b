import PubSub
import RealtimeHub

/// Which channels there are.
extension RealtimeConfiguration {
    mutating func readChannels(_ section: ConfigurationSection) {
        var count = 0
        section.read("count_limit", into: &count)
        hub.limits.channels = count > 0 ? count : nil
        section.read("max_length", into: &namespaces.names.maximumBytes)
        readSyntax(section)
        var usual = ChannelSettings()
        section.read("history_meta_ttl", into: &usual.historyMetaTTL)
        if let options = section.section("without_namespace") { namespaces.withoutNamespace = settings(options, usual) }
        for options in section.sections("namespaces") {
            let name = options.required("name")
            let settings = settings(options, usual)
            if let name, let text = name.string { addNamespace(text, name, settings) }
        }
        for options in section.sections("patterns") {
            let pattern = options.required("pattern")
            let settings = settings(options, usual)
            if let pattern, let text = pattern.string { addPattern(text, pattern, settings) }
        }
    }

    private mutating func readSyntax(_ section: ConfigurationSection) {
        var syntax = ChannelSyntax()
        let characters: [(key: String, field: WritableKeyPath<ChannelSyntax, Character?>)] = [
            ("private_prefix", \.privatePrefix), ("namespace_boundary", \.namespaceBoundary), ("user_boundary", \.userBoundary),
            ("user_separator", \.userSeparator),
        ]
        for (key, field) in characters {
            guard let value = section.value(key), let text = value.string else { continue }
            guard text.utf8.count <= 1,
                text.utf8.allSatisfy({ (0x21...0x7E).contains($0) && !Self.isPartOfName($0) && $0 != UInt8(ascii: "*") })
            else {
                value.report("it must be one character of ASCII, and no letter, digit, -, _, . or *")
                continue
            }
            syntax[keyPath: field] = text.first
        }
        let used = characters.compactMap { syntax[keyPath: $0.field] }
        if Set(used).count < used.count {
            section.value.report("private_prefix, namespace_boundary, user_boundary and user_separator must be different characters")
        }
        namespaces.syntax = syntax
    }

    private func settings(_ section: ConfigurationSection, _ usual: ChannelSettings) -> ChannelSettings {
        var settings = ChannelSettings(section, usual)
        readHooks(section, into: &settings)
        return settings
    }

    private mutating func addNamespace(_ name: String, _ value: ConfigurationValue, _ settings: ChannelSettings) {
        guard !name.isEmpty, name.utf8.allSatisfy(Self.isPartOfName) else {
            return value.report("it must be letters, digits, -, _ and ., without the boundary that follows it in a channel's name")
        }
        guard namespaces.named[name] == nil else { return value.report("there is a namespace \(name) already") }
        namespaces.named[name] = settings
    }

    static func isPartOfName(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"), UInt8(ascii: "0")...UInt8(ascii: "9"),
            UInt8(ascii: "-"), UInt8(ascii: "_"), UInt8(ascii: "."):
            true
        default: false
        }
    }

    private mutating func addPattern(_ text: String, _ value: ConfigurationValue, _ settings: ChannelSettings) {
        let pattern: ChannelPattern
        do throws(ChannelRegex.SyntaxError) { pattern = try ChannelPattern(text) } catch {
            return value.report("it is no pattern: \(error)")
        }
        guard text.contains("*") else { return value.report("it has no star; give a namespace instead") }
        namespaces.patterns.append(Namespaces.Patterned(pattern, settings))
    }
}
