/// The first so many of any number of elements, in the order of their keys.
struct FirstFew<Key: Comparable & Sendable, Element: Sendable>: Sendable {
    let limit: Int
    /// Up to twice as many: each is moved a few times, and not once for each that comes before it.
    private var found: [(key: Key, element: Element)] = []
    /// There are enough up to this key.
    private var end: Key?
    private var hasDropped = false

    init(_ limit: Int) {
        self.limit = max(1, limit)
    }

    /// Whether something had no room.
    var hasMore: Bool { hasDropped || found.count > limit }

    var entries: [(key: Key, element: Element)] {
        var all = self
        all.cut()
        return all.found
    }

    /// - Parameter element: is made only if there may be room for it.
    mutating func add(_ key: Key, _ element: @autoclosure () -> Element) {
        if let end, key >= end {
            hasDropped = true
            return
        }
        found.append((key, element()))
        if found.count / 2 >= limit || (end == nil && found.count >= limit) { cut() }
    }

    mutating func add(_ other: FirstFew) {
        hasDropped = hasDropped || other.hasDropped
        for (key, element) in other.found { add(key, element) }
    }

    private mutating func cut() {
        found.sort { $0.key < $1.key }
        guard found.count >= limit else { return }
        if found.count > limit {
            hasDropped = true
            found.removeLast(found.count - limit)
        }
        end = found.last?.key
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
