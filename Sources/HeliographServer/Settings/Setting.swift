/// One setting of `heliograph serve`: what it is called in the file, in the environment and among the options, what it may be, and what it means.
///
/// ``Setting/table`` has all of them. What is read, what is written by `heliograph init`, what is suggested for a misspelt key and what
/// `Docs/configuration.md` says comes from there.
struct Setting: Sendable {
    /// From the top, as in `client.token.keys[].algorithm`, where `[]` stands for any element of a list.
    let path: String
    let kind: Kind
    /// As it would be written in the file; nil: nothing.
    let usual: String?
    let summary: String
    /// What `heliograph serve` has for it on the command line, without the dashes.
    var option: String?
    /// Whether a change takes effect on SIGHUP; else the server must be started anew.
    var isReloaded = false
    /// Whether it is to be kept from logs and from other users' eyes.
    var isSecret = false

    enum Kind: Hashable, Sendable {
        case flag
        case integer(ClosedRange<Int>)
        case duration(atLeast: Duration)
        case text
        /// One of these words.
        case choice([String])
        case texts
        /// Some of these words.
        case choices([String])
        /// A list of sections.
        case sections
        /// Names and texts.
        case mapping
    }

    init(
        _ path: String, _ kind: Kind, _ usual: String? = nil, _ summary: String, option: String? = nil, isReloaded: Bool = false,
        isSecret: Bool = false
    ) {
        self.path = path
        self.kind = kind
        self.usual = usual
        self.summary = summary
        self.option = option
        self.isReloaded = isReloaded
        self.isSecret = isSecret
    }

    /// The same, of which a change takes effect on SIGHUP.
    var reloaded: Setting {
        var setting = self
        setting.isReloaded = true
        return setting
    }

    /// What is within an element of a list has no name of its own in the environment.
    var isLayered: Bool { !path.contains("[]") && kind != .sections && kind != .mapping }

    /// `HELIOGRAPH_CLIENT_PING_INTERVAL`.
    var variable: String? { isLayered ? Self.variablePrefix + path.uppercased().split(separator: ".").joined(separator: "_") : nil }

    static let variablePrefix = "HELIOGRAPH_"

    var components: [String] { path.split(separator: ".").map(String.init) }

    /// In words, for the documentation.
    var values: String {
        switch kind {
        case .flag: "true, false"
        case .integer(let range): "\(range.lowerBound) to \(range.upperBound)"
        case .duration(.zero): "a time"
        case .duration(let least) where least < .seconds(1):
            "a time, at least \(least.components.attoseconds / 1_000_000_000_000_000)ms"
        case .duration(let least): "a time, at least \(least.components.seconds)s"
        case .text: "text"
        case .choice(let words): words.map { $0.isEmpty ? "\"\"" : $0 }.joined(separator: ", ")
        case .texts: "a list"
        case .choices(let words): "a list of \(words.joined(separator: ", "))"
        case .sections: "a list of sections"
        case .mapping: "names and texts"
        }
    }
}

extension Setting {
    /// All settings.
    static let table: [Setting] =
        serving + clients + clientHooks + tokens(under: "client.token", "connection tokens")
        + tokens(under: "client.subscription_token", "subscription tokens, if they have others") + channels + channelHooks + transports
        + backend + otherHooks + events + protection

    private static let byPath = Dictionary(uniqueKeysWithValues: table.map { ($0.path, $0) })

    /// The setting of a place in the file, such as `channel.namespaces[3].presence`.
    static func at(_ place: String) -> Setting? { byPath[pattern(of: place)] }

    /// `a[3].b` as `a[].b`.
    static func pattern(of place: String) -> String {
        var pattern = ""
        var isIndex = false
        for character in place {
            if character == "]" { isIndex = false }
            if !isIndex { pattern.append(character) }
            if character == "[" { isIndex = true }
        }
        return pattern
    }

    /// The keys that a section can have, in the order of the table.
    static func keys(in section: String) -> [String] { keysBySection[pattern(of: section)] ?? [] }

    private static let keysBySection: [String: [String]] = {
        var keys: [String: [String]] = [:]
        for setting in table {
            var section = ""
            for component in setting.components {
                let key = component.replacing("[]", with: "")
                if keys[section, default: []].contains(key) == false { keys[section, default: []].append(key) }
                section = section.isEmpty ? component : "\(section).\(component)"
            }
        }
        return keys
    }()

    /// Where a key is that does not belong where it was found; nil if nowhere, or in several places.
    static func elsewhere(_ key: String) -> String? {
        let places = table.filter { $0.components.last == key && !$0.path.contains("[]") }
        return places.count == 1 ? places.first?.path : nil
    }
}
