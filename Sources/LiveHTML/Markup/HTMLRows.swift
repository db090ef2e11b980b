/// The rows of a list. They are made when they are rendered, one after the other, so that a list of 10,000 is never in memory as markup.
@usableFromInline
final class HTMLRows: Sendable {
    /// Takes the number of a row's key, and the row; false if it wants no more.
    @usableFromInline typealias Visit = (UInt64, HTML) throws(TemplateError) -> Bool

    let count: Int
    /// Of each row a number that stands for its key. Equal numbers are told apart by their order.
    let keys: @Sendable () -> ContiguousArray<UInt64>
    /// From a place on.
    let forEach: @Sendable (Int, Visit) throws(TemplateError) -> Void

    @usableFromInline
    init(
        count: Int, keys: @escaping @Sendable () -> ContiguousArray<UInt64>,
        forEach: @escaping @Sendable (Int, Visit) throws(TemplateError) -> Void
    ) {
        self.count = count
        self.keys = keys
        self.forEach = forEach
    }

    /// Rows that are known by their place alone.
    static func positional(_ rows: [HTML]) -> HTMLRows {
        HTMLRows(
            count: rows.count, keys: { ContiguousArray((0..<UInt64(rows.count))) },
            forEach: { start, visit throws(TemplateError) in
                for index in rows.indices.dropFirst(start) {
                    guard try visit(UInt64(index), rows[index]) else { return }
                }
            })
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
            count: elements.count,
            keys: {
                var keys: ContiguousArray<UInt64> = []
                keys.reserveCapacity(elements.count)
                for element in elements { keys.append(HTMLRows.number(of: key(element))) }
                return keys
            },
            forEach: { start, visit throws(TemplateError) in
                var index = elements.index(elements.startIndex, offsetBy: start, limitedBy: elements.endIndex) ?? elements.endIndex
                while index != elements.endIndex {
                    let element = elements[index]
                    let html = row(element)
                    guard try visit(HTMLRows.number(of: key(element)), html) else { return }
                    PartStorage.recycle(html.parts.storage)
                    elements.formIndex(after: &index)
                }
            })
        append(.rows, object: rows)
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
        append(.rows, object: HTMLRows.positional(rows))
    }
}

extension HTML.StringInterpolation {
    /// Inserts rows that are written once and then forgotten.
    package mutating func appendInterpolation(changes: RowChanges) {
        append(.changes, object: changes)
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
