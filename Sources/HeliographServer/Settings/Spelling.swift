/// What somebody may have meant.
enum Spelling {
    /// The word that is nearest; nil if none is near.
    ///
    /// - Parameter most: how many letters may be different; nil: two of at least four, or a third.
    static func nearest(_ word: String, among words: [String], within most: Int? = nil) -> String? {
        let near = words.map { ($0, distance(word, $0)) }.min { ($0.1, $0.0) < ($1.1, $1.0) }
        guard let near, near.1 <= most ?? max(min(2, word.count / 2), near.0.count / 3) else { return nil }
        return near.0
    }

    /// How many letters are to be changed, added or taken away.
    static func distance(_ one: String, _ other: String) -> Int {
        let other = Array(other.prefix(96))
        var row = Array(0...other.count)
        for (index, letter) in one.prefix(96).enumerated() {
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
