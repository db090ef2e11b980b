/// The lines that were sent, the oldest first.
struct LineHistory: Equatable {
    /// How many lines are kept.
    static let maxEntries = 1_000
    /// A longer line is not kept: a history is for retyping, not for pasted documents.
    static let maxEntryBytes = 4_096

    private(set) var entries: [String] = []

    /// Adds a line, unless it is empty, too long, or the same as the one before.
    mutating func append(_ line: String) {
        guard !line.isEmpty, line.utf8.count <= Self.maxEntryBytes, line != self.entries.last else { return }
        self.entries.append(line)
        if self.entries.count > Self.maxEntries { self.entries.removeFirst(self.entries.count - Self.maxEntries) }
    }

    /// Reads a file's text: one entry a line.
    init(serialized text: String = "") {
        for line in text.split(separator: "\n") { self.append(Self.unescaped(line)) }
    }

    /// One entry a line, with line breaks inside an entry as `\n` and backslashes as `\\`.
    var serialized: String {
        self.entries.map { $0.replacing("\\", with: "\\\\").replacing("\n", with: "\\n") + "\n" }.joined()
    }

    private static func unescaped(_ line: Substring) -> String {
        var result = ""
        var rest = line
        while let character = rest.popFirst() {
            guard character == "\\", let next = rest.popFirst() else {
                result.append(character)
                continue
            }
            result.append(next == "n" ? "\n" : next)
        }
        return result
    }
}
