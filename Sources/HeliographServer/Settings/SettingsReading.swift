/// A configuration that is being read: all that is wrong with it, and all that it says.
///
/// A class, since every section and value of the file adds to it; it never leaves the function that reads.
final class SettingsReading {
    let file: String
    let layers: SettingLayers
    private var problems: [(line: Int, text: String)] = []
    private var known: Set<String> = []
    private var hasMore = false
    /// Nobody reads more at a time.
    private static let maxProblems = 100
    /// What was given, by its place, for telling what has changed on a reload.
    private(set) var given: [String: String] = [:]
    /// What was asked for: for the test that every setting is read.
    private(set) var asked: Set<String> = []

    /// Where things are in a file in TOML, by their paths: the nodes of YAML say it themselves.
    var lines: [String: Int] = [:]

    init(file: String, layers: SettingLayers) {
        self.file = file
        self.layers = layers
        for problem in layers.problems { report(problem, line: 0) }
    }

    func report(_ text: String, line: Int) {
        guard known.insert(text).inserted else { return }
        guard problems.count < Self.maxProblems else { return hasMore = true }
        problems.append((line, text))
    }

    /// The line of a place in a file in TOML, or of what it is in; nil if nothing is known.
    func line(_ path: String) -> Int? {
        guard !lines.isEmpty else { return nil }
        var path = path[...]
        while true {
            if let line = lines[String(path)] { return line }
            guard let end = path.lastIndex(where: { $0 == "." || $0 == "[" }) else { return lines[""] }
            path = path[..<end]
        }
    }

    func ask(_ path: String) { asked.insert(Setting.pattern(of: path)) }

    func note(_ text: String, at path: String) { given[path] = text }

    /// Whether one more problem would be told.
    var takesMore: Bool { problems.count <= Self.maxProblems && !hasMore }

    var hasProblems: Bool { !problems.isEmpty }

    /// All that is wrong, in the order of the file.
    var error: ServeError? {
        guard hasProblems else { return nil }
        // Stable: what is said of one line stays in its order.
        let sorted = problems.enumerated().sorted { ($0.element.line, $0.offset) < ($1.element.line, $1.offset) }
        let lines = sorted.map { $0.element.text } + (hasMore ? ["\(file): and more"] : [])
        return ServeError(lines.joined(separator: "\n"))
    }

    /// - Throws: all that was wrong so far.
    func finish() throws(ServeError) {
        if let error { throw error }
    }
}
