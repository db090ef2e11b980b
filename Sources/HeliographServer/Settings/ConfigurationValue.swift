import Yams

/// A value in the configuration, and where it is; JSON is YAML. It is what it should be, or there is an error that says where and what.
struct ConfigurationValue {
    let node: Node
    /// From the top, as in `client.token.keys[0].algorithm`.
    let path: String
    let reading: SettingsReading
    /// The option or variable that it comes from; nil: the file.
    var origin: String?

    private var line: Int? { node.mark?.line ?? reading.line(path) }

    /// What is wrong here.
    func error(_ text: String) -> ServeError {
        if let origin { return ServeError("\(origin): \(text)") }
        guard !reading.file.isEmpty else { return ServeError("\(path): \(text)") }
        let place = line.map { "\(reading.file):\($0)" } ?? reading.file
        return ServeError(path.isEmpty ? "\(place): \(text)" : "\(place): \(path): \(text)")
    }

    /// Notes what is wrong here.
    func report(_ text: String) { report(error(text)) }

    private func report(_ error: ServeError) { reading.report(error.description, line: origin == nil ? line ?? 0 : 0) }

    /// The value, or nil if it is not what it should be, which is noted then.
    func read<Value>(_ read: (ConfigurationValue) throws(ServeError) -> Value) -> Value? {
        do throws(ServeError) { return try read(self) } catch {
            report(error)
            return nil
        }
    }

    func part(_ node: Node, _ suffix: String) -> ConfigurationValue {
        ConfigurationValue(
            node: node, path: path.isEmpty || suffix.hasPrefix("[") ? path + suffix : "\(path).\(suffix)", reading: reading, origin: origin)
    }

    /// There is a key and nothing behind it.
    var isEmpty: Bool {
        guard origin == nil, case .scalar(let scalar) = node, isPlain(scalar) else { return false }
        return ["", "~", "null"].contains(scalar.string)
    }

    private func isPlain(_ scalar: Node.Scalar) -> Bool { scalar.style == .plain || scalar.style == .any }

    private func scalar(_ what: String) throws(ServeError) -> Node.Scalar {
        guard case .scalar(let scalar) = node, !isEmpty else { throw error("it must be \(what)") }
        return scalar
    }

    func text() throws(ServeError) -> String {
        try scalar("text").string
    }

    func bool() throws(ServeError) -> Bool {
        let scalar = try scalar("true or false")
        // YAML of old has yes, on and y too; a newer reader takes them for text.
        guard isPlain(scalar), let value = Bool(scalar.string) else { throw error("it must be true or false") }
        return value
    }

    func integer(_ range: ClosedRange<Int>) throws(ServeError) -> Int {
        guard let value = Int(try scalar("a whole number").string), range.contains(value) else {
            throw error("it must be a whole number from \(range.lowerBound) to \(range.upperBound)")
        }
        return value
    }

    /// `300s`, `1h30m`, `500ms`.
    func duration(atLeast least: Duration = .zero) throws(ServeError) -> Duration {
        let hint = "it must be a time with its unit, such as 500ms, 25s, 5m or 720h"
        let text = try scalar("a time with its unit, such as 25s").string
        guard let duration = Duration(setting: text) else {
            throw error(text.utf8.allSatisfy { (0x30...0x39).contains($0) } ? "\(hint); there is no unit" : hint)
        }
        if duration < least { throw error("it must be at least \(least)") }
        return duration
    }

    func list() throws(ServeError) -> [ConfigurationValue] {
        guard case .sequence(let nodes) = node else { throw error("it must be a list") }
        return nodes.enumerated().map { part($0.element, "[\($0.offset)]") }
    }

    /// One of several words.
    func choice<Value>(_ choices: KeyValuePairs<String, Value>) throws(ServeError) -> Value {
        let word = try text()
        guard let choice = choices.first(where: { $0.key == word }) else {
            let words = choices.map { $0.key.isEmpty ? "\"\"" : $0.key }
            let near =
                Spelling.nearest(word, among: choices.map(\.key).filter { !$0.isEmpty }, within: 2).map { "; did you mean \($0)?" } ?? ""
            throw error("\"\(word)\" is not known; it must be \(words.dropLast().joined(separator: ", ")) or \(words.last ?? "")\(near)")
        }
        return choice.value
    }
}

extension Duration {
    /// `300s`, `1h30m`, `500ms`; at most a hundred years, so that no sum overflows.
    init?(setting text: String) {
        var rest = text.unicodeScalars[...]
        guard !rest.isEmpty else { return nil }
        var total = Duration.zero
        while !rest.isEmpty {
            let digits = rest.prefix { ("0"..."9").contains($0) }
            rest = rest.dropFirst(digits.count)
            let unit = rest.prefix { ("a"..."z").contains($0) }
            rest = rest.dropFirst(unit.count)
            guard let count = Int64(String(digits)), let length = Self.units[String(unit)], count <= Self.most / length else { return nil }
            total += .milliseconds(count * length)
        }
        guard total <= .milliseconds(Self.most) else { return nil }
        self = total
    }

    private static let most: Int64 = 3_153_600_000_000
    private static let units: [String: Int64] = ["ms": 1, "s": 1_000, "m": 60_000, "h": 3_600_000, "d": 86_400_000]
}
