import Yams

/// A mapping in the configuration's file, with what options and the environment say of the settings in it.
///
/// What is not what it should be is noted in the ``SettingsReading``, and is as if it were not there.
struct ConfigurationSection {
    let value: ConfigurationValue
    private let pairs: [Pair]

    private struct Pair {
        let key: String
        let value: ConfigurationValue
        /// Where the key is.
        let place: ConfigurationValue
    }

    init(_ value: ConfigurationValue) {
        self.value = value
        pairs = Self.pairs(of: value)
        refuseStrangers()
    }

    private static func pairs(of value: ConfigurationValue) -> [Pair] {
        guard !value.isEmpty else { return [] }
        guard case .mapping(let mapping) = value.node else {
            value.report("it must be a section with keys, as in `key: value`")
            return []
        }
        return mapping.compactMap { key, content in
            guard case .scalar(let name) = key else {
                value.part(key, "?").report("a key must be text")
                return nil
            }
            let place = value.part(key, name.string)
            return Pair(key: name.string, value: value.part(content, name.string), place: place)
        }
    }

    private func refuseStrangers() {
        let known = Setting.keys(in: value.path)
        for pair in pairs where !known.contains(pair.key) && value.reading.takesMore {
            if let near = Spelling.nearest(pair.key, among: known) {
                pair.place.report("there is no such key here; did you mean \(near)?")
            } else if let path = Setting.elsewhere(pair.key) {
                pair.place.report("there is no such key here; did you mean \(path)?")
            } else {
                pair.place.report("there is no such key here; there are \(known.sorted().joined(separator: ", "))")
            }
        }
    }

    private func path(_ key: String) -> String { value.path.isEmpty ? key : "\(value.path).\(key)" }

    /// The value of a key; nil if it is given nowhere.
    func value(_ key: String) -> ConfigurationValue? {
        let path = path(key)
        let reading = value.reading
        reading.ask(path)
        guard let given = reading.layers[path] else {
            let found = pairs.first { $0.key == key }?.value
            if let found { found.note() }
            return found
        }
        let node =
            Setting.at(path)?.kind.isList == true ? Node.sequence(.init(given.texts.map { Node($0) })) : Node(given.texts.last ?? "")
        let found = ConfigurationValue(node: node, path: path, reading: reading, origin: given.origin)
        found.note()
        return found
    }

    func required(_ key: String) -> ConfigurationValue? {
        if let found = value(key) { return found }
        value.report("it has no \(key)")
        return nil
    }

    /// A section within; nil if nothing of it is given.
    func section(_ key: String) -> ConfigurationSection? {
        if let found = pairs.first(where: { $0.key == key })?.value { return ConfigurationSection(found) }
        guard value.reading.layers.has(under: path(key)) else { return nil }
        return ConfigurationSection(ConfigurationValue(node: .mapping(.init([])), path: path(key), reading: value.reading))
    }

    /// Whether the file has the key.
    func section(given key: String) -> Bool { pairs.contains { $0.key == key } }

    /// A list of sections.
    func sections(_ key: String) -> [ConfigurationSection] {
        value(key)?.read { (value) throws(ServeError) in try value.list() }?.map { ConfigurationSection($0) } ?? []
    }

    func read(_ key: String, into field: inout Bool) {
        if let flag = value(key)?.read({ (value) throws(ServeError) in try value.bool() }) { field = flag }
    }

    func read(_ key: String, into field: inout Int) {
        guard case .integer(let range) = Setting.at(path(key))?.kind else { return }
        if let number = value(key)?.read({ (value) throws(ServeError) in try value.integer(range) }) { field = number }
    }

    func read(_ key: String, into field: inout Duration) {
        guard case .duration(let least) = Setting.at(path(key))?.kind else { return }
        if let duration = value(key)?.read({ (value) throws(ServeError) in try value.duration(atLeast: least) }) { field = duration }
    }

    func read<Value>(_ key: String, into field: inout Value, _ choices: KeyValuePairs<String, Value>) {
        if let choice = value(key)?.read({ (value) throws(ServeError) in try value.choice(choices) }) { field = choice }
    }

    func text(_ key: String) -> String? {
        value(key)?.string
    }

    /// The elements of a list.
    func list(_ key: String) -> [ConfigurationValue] {
        value(key)?.read { (value) throws(ServeError) in try value.list() } ?? []
    }
}

extension ConfigurationValue {
    /// The text, or nil if it is none, which is noted then.
    var string: String? { read { (value) throws(ServeError) in try value.text() } }

    /// Notes what is given here, for telling what has changed.
    fileprivate func note() {
        guard case .scalar(let scalar) = node else {
            if case .sequence(let sequence) = node, Setting.at(path)?.kind.isList == true {
                reading.note(sequence.compactMap { $0.scalar?.string }.joined(separator: ","), at: path)
            }
            return
        }
        reading.note(scalar.string, at: path)
    }
}

extension Setting.Kind {
    /// Whether it has several values.
    var isList: Bool {
        switch self {
        case .texts, .choices: true
        default: false
        }
    }
}
