import PubSub
import RealtimeHub

/// Which channels there are.
extension RealtimeConfiguration {
    mutating func readChannels(_ section: ConfigurationSection) {
        section.read("max_length", into: &namespaces.names.maximumBytes)
        if let options = section.section("without_namespace") { namespaces.withoutNamespace = ChannelSettings(options) }
        for options in section.sections("namespaces") {
            let name = options.required("name")
            let settings = ChannelSettings(options)
            if let name, let text = name.string { addNamespace(text, name, settings) }
        }
        for options in section.sections("patterns") {
            let pattern = options.required("pattern")
            let settings = ChannelSettings(options)
            if let pattern, let text = pattern.string { addPattern(text, pattern, settings) }
        }
    }

    private mutating func addNamespace(_ name: String, _ value: ConfigurationValue, _ settings: ChannelSettings) {
        guard !name.isEmpty, name.utf8.allSatisfy(Self.isPartOfName) else {
            return value.report("it must be letters, digits, -, _ and ., without the boundary that follows it in a channel's name")
        }
        guard namespaces.named[name] == nil else { return value.report("there is a namespace \(name) already") }
        namespaces.named[name] = settings
    }

    private static func isPartOfName(_ byte: UInt8) -> Bool {
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
