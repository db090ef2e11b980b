/// The first so many of any number of elements, in the order of their keys.
struct FirstFew<Key: Comparable & Sendable, Element: Sendable>: Sendable {
    let limit: Int
    private(set) var entries: [(key: Key, element: Element)] = []
    /// Whether something had no room.
    private(set) var hasMore = false

    init(_ limit: Int) {
        self.limit = max(1, limit)
    }

    /// - Parameter element: is made only if there is room for it.
    mutating func add(_ key: Key, _ element: @autoclosure () -> Element) {
        if entries.count >= limit {
            hasMore = true
            guard let last = entries.last, key < last.key else { return }
            entries.removeLast()
        }
        var (low, high) = (0, entries.count)
        while low < high {
            let middle = (low + high) / 2
            if entries[middle].key < key { low = middle + 1 } else { high = middle }
        }
        entries.insert((key, element()), at: low)
    }

    mutating func add(_ other: FirstFew) {
        hasMore = hasMore || other.hasMore
        for (key, element) in other.entries { add(key, element) }
    }
}

/// A text that is looked for in others, byte by byte.
struct SearchText: Sendable {
    private let bytes: [UInt8]

    init(_ text: String) {
        bytes = Array(text.utf8.prefix(255))
    }

    func isIn(_ text: String) -> Bool {
        guard let first = bytes.first else { return true }
        var rest = text.utf8[...]
        while let start = rest.firstIndex(of: first) {
            rest = rest[start...]
            if rest.starts(with: bytes) { return true }
            rest = rest.dropFirst()
        }
        return false
    }
}
