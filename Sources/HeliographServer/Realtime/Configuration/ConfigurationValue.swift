import Yams

/// A value in the configuration's file, and where it is; JSON is YAML. It is what it should be, or there is an error that says where and what.
struct ConfigurationValue {
    let node: Node
    /// From the top, as in `client.token.keys[0].algorithm`.
    let path: String
    let file: String

    /// What is wrong here.
    func error(_ text: String) -> ServeError {
        let place = node.mark.map { "\(file):\($0.line)" } ?? file
        return ServeError(path.isEmpty ? "\(place): \(text)" : "\(place): \(path): \(text)")
    }

    func part(_ node: Node, _ suffix: String) -> ConfigurationValue {
        ConfigurationValue(node: node, path: path.isEmpty || suffix.hasPrefix("[") ? path + suffix : "\(path).\(suffix)", file: file)
    }

    /// There is a key and nothing behind it.
    var isEmpty: Bool {
        guard case .scalar(let scalar) = node, scalar.style == .plain || scalar.style == .any else { return false }
        return ["", "~", "null"].contains(scalar.string)
    }

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
        guard scalar.style == .plain || scalar.style == .any, let value = Bool(scalar.string) else {
            throw error("it must be true or false")
        }
        return value
    }

    func integer(_ range: ClosedRange<Int>) throws(ServeError) -> Int {
        guard let value = Int(try scalar("a whole number").string), range.contains(value) else {
            throw error("it must be a whole number from \(range.lowerBound) to \(range.upperBound)")
        }
        return value
    }

    /// `300s`, `1h30m`, `500ms`.
    func duration() throws(ServeError) -> Duration {
        let hint = "it must be a time with its unit, such as 500ms, 25s, 5m or 720h"
        var rest = try scalar("a time with its unit, such as 25s").string.unicodeScalars[...]
        guard !rest.isEmpty else { throw error(hint) }
        var total = Duration.zero
        while !rest.isEmpty {
            let digits = rest.prefix { ("0"..."9").contains($0) }
            rest = rest.dropFirst(digits.count)
            let unit = rest.prefix { ("a"..."z").contains($0) }
            rest = rest.dropFirst(unit.count)
            // A hundred years are enough, and no sum of them overflows.
            guard let count = Int64(String(digits)), count <= 3_153_600_000_000, let length = Self.units[String(unit)],
                count <= 3_153_600_000_000 / length
            else { throw error(rest.isEmpty && unit.isEmpty && total == .zero ? "\(hint); there is no unit" : hint) }
            total += .milliseconds(count * length)
        }
        return total
    }

    private static let units: [String: Int64] = ["ms": 1, "s": 1_000, "m": 60_000, "h": 3_600_000, "d": 86_400_000]

    func list() throws(ServeError) -> [ConfigurationValue] {
        guard case .sequence(let nodes) = node else { throw error("it must be a list") }
        return nodes.enumerated().map { part($0.element, "[\($0.offset)]") }
    }

    /// One of several words.
    func choice<Value>(_ choices: KeyValuePairs<String, Value>) throws(ServeError) -> Value {
        let word = try text()
        guard let choice = choices.first(where: { $0.key == word }) else {
            let words = choices.map { $0.key.isEmpty ? "\"\"" : $0.key }
            throw error("\"\(word)\" is not known; it must be \(words.dropLast().joined(separator: ", ")) or \(words.last ?? "")")
        }
        return choice.value
    }
}
