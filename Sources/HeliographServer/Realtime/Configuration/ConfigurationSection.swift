import Yams

// Strategy: whoever reads a section asks it for each key that there can be, and at the end for what else is there. So what is read and what is
// known are the same list.

/// A mapping in the configuration's file.
struct ConfigurationSection {
    let value: ConfigurationValue
    private let pairs: [(key: String, value: ConfigurationValue)]
    private let keys: [Node]
    private var known: [String] = []

    init(_ value: ConfigurationValue) throws(ServeError) {
        self.value = value
        guard !value.isEmpty else {
            (pairs, keys) = ([], [])
            return
        }
        guard case .mapping(let mapping) = value.node else { throw value.error("it must be a section with keys, as in `key: value`") }
        var pairs: [(String, ConfigurationValue)] = []
        for (key, content) in mapping {
            guard case .scalar(let name) = key else { throw value.part(key, "?").error("a key must be text") }
            pairs.append((name.string, value.part(content, name.string)))
        }
        self.pairs = pairs
        keys = mapping.map { $0.key }
    }

    /// The value of a key; nil if it is not there.
    mutating func value(_ key: String) -> ConfigurationValue? {
        known.append(key)
        return pairs.first { $0.key == key }?.value
    }

    mutating func required(_ key: String) throws(ServeError) -> ConfigurationValue {
        guard let found = value(key) else { throw value.error("it has no \(key)") }
        return found
    }

    mutating func section(_ key: String) throws(ServeError) -> ConfigurationSection? {
        guard let found = value(key) else { return nil }
        return try ConfigurationSection(found)
    }

    mutating func read(_ key: String, into field: inout Bool) throws(ServeError) {
        if let value = value(key) { field = try value.bool() }
    }

    mutating func read(_ key: String, into field: inout Int, _ range: ClosedRange<Int>) throws(ServeError) {
        if let value = value(key) { field = try value.integer(range) }
    }

    mutating func read(_ key: String, into field: inout Duration, atLeast least: Duration = .zero) throws(ServeError) {
        guard let value = value(key) else { return }
        field = try value.duration()
        if field < least { throw value.error("it must be at least \(least)") }
    }

    mutating func text(_ key: String) throws(ServeError) -> String? {
        try value(key)?.text()
    }

    /// - Throws: what is there and was not asked for.
    func finish() throws(ServeError) {
        for (index, pair) in pairs.enumerated() where !known.contains(pair.key) {
            let place = value.part(keys[index], pair.key)
            guard let near = Self.nearest(pair.key, among: known) else {
                throw place.error("there is no such key here; there are \(known.sorted().joined(separator: ", "))")
            }
            throw place.error("there is no such key here; did you mean \(near)?")
        }
    }

    private static func nearest(_ word: String, among words: [String]) -> String? {
        let near = words.map { ($0, distance(word, $0)) }.min { $0.1 < $1.1 }
        guard let near, near.1 <= max(2, near.0.count / 3) else { return nil }
        return near.0
    }

    /// How many letters are to be changed, added or taken away.
    private static func distance(_ one: String, _ other: String) -> Int {
        let other = Array(other.prefix(64))
        var row = Array(0...other.count)
        for (index, letter) in one.prefix(64).enumerated() {
            var diagonal = row[0]
            row[0] = index + 1
            for column in other.indices {
                let change = diagonal + (letter == other[column] ? 0 : 1)
                diagonal = row[column + 1]
                row[column + 1] = min(change, row[column] + 1, diagonal + 1)
            }
        }
        return row[other.count]
    }
}
