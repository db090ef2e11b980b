/// The rows of a list. They are made when they are rendered, one after the other, so that a list of 10,000 is never in memory as markup.
@usableFromInline
final class HTMLRows: Sendable {
    @usableFromInline typealias Visit = (HTML) throws(TemplateError) -> Void

    /// Of each row a number that stands for its key. Equal numbers are told apart by their order.
    let keys: @Sendable () -> ContiguousArray<UInt64>
    /// Whether the keys are these, which they most often are.
    let hasKeys: @Sendable (UnsafeBufferPointer<UInt64>) -> Bool
    let forEach: @Sendable (Visit) throws(TemplateError) -> Void

    @usableFromInline
    init(
        keys: @escaping @Sendable () -> ContiguousArray<UInt64>, hasKeys: @escaping @Sendable (UnsafeBufferPointer<UInt64>) -> Bool,
        forEach: @escaping @Sendable (Visit) throws(TemplateError) -> Void
    ) {
        self.keys = keys
        self.hasKeys = hasKeys
        self.forEach = forEach
    }

    /// Rows that are known by their place alone.
    static func positional(_ rows: [HTML]) -> HTMLRows {
        HTMLRows(
            keys: { ContiguousArray((0..<UInt64(rows.count))) },
            hasKeys: { $0.count == rows.count },
            forEach: { visit throws(TemplateError) in for row in rows { try visit(row) } })
    }
}

extension HTML.StringInterpolation {
    /// Inserts a row for each element, known by a key: `\(each: people, key: \.id, { "<li>\($0.name)</li>" })`.
    ///
    /// The key says which row is which when elements come, go or move; it is not sent. Where two are equal, the first of them is the first again.
    /// `row` must depend on nothing but its element and what it captures, for it is called when the markup is rendered.
    @inlinable
    public mutating func appendInterpolation<Elements: Collection & Sendable, Key: Hashable & Sendable>(
        each elements: Elements, key: @escaping @Sendable (Elements.Element) -> Key,
        _ row: @escaping @Sendable (Elements.Element) -> HTML
    ) {
        let rows = HTMLRows(
            keys: {
                var keys: ContiguousArray<UInt64> = []
                keys.reserveCapacity(elements.count)
                for element in elements { keys.append(HTMLRows.number(of: key(element))) }
                return keys
            },
            hasKeys: { keys in
                guard elements.count == keys.count else { return false }
                var index = 0
                for element in elements {
                    guard index < keys.count, keys[index] == HTMLRows.number(of: key(element)) else { return false }
                    index &+= 1
                }
                return true
            },
            forEach: { visit throws(TemplateError) in for element in elements { try visit(row(element)) } })
        append(.rows, .rows(rows))
    }

    /// Inserts a row for each element, known by its `id`.
    @inlinable
    public mutating func appendInterpolation<Elements: Collection & Sendable>(
        each elements: Elements, _ row: @escaping @Sendable (Elements.Element) -> HTML
    ) where Elements.Element: Identifiable, Elements.Element.ID: Sendable {
        appendInterpolation(each: elements, key: { $0.id }, row)
    }

    /// Inserts rows that are known by their place: one that comes to the front changes all others. Where elements have keys, use `each:`.
    public mutating func appendInterpolation(_ rows: [HTML]) {
        append(.rows, .rows(HTMLRows.positional(rows)))
    }
}

extension HTMLRows {
    /// Swift's hash of a key differs from process to process, so nobody outside can make keys that collide; if two do, they are two equal keys.
    @inlinable @inline(__always)
    static func number(of key: some Hashable) -> UInt64 {
        if let key = key as? Int { return UInt64(bitPattern: Int64(key)) }
        return UInt64(bitPattern: Int64(key.hashValue))
    }
}
