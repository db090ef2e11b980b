/// What happens to rows that are written and then forgotten: of each the key is remembered, and the template.
///
/// A client has them as it has the rows of any list.
package final class RowChanges: Sendable {
    package struct Row: Sendable {
        let key: UInt64
        let html: @Sendable () -> HTML

        package init(key: some Hashable, html: @escaping @Sendable () -> HTML) {
            self.key = HTMLRows.number(of: key)
            self.html = html
        }
    }

    package enum Change: Sendable {
        /// At a place, or at the end. Rows that are there stay where they are and look like these.
        case insert([Row], at: Int?)
        /// A row that is there looks like this one.
        case update(Row)
        /// A row is gone.
        case remove(UInt64)
        case removeAll
        /// All but so many of the first are gone.
        case keepFirst(Int)
        case keepLast(Int)

        package static func removal(of key: some Hashable) -> Change { .remove(HTMLRows.number(of: key)) }
    }

    /// Which rows these are. Never 0.
    let identity: UInt64
    /// The number of the first change. Those before it have been written.
    let first: Int
    let changes: [Change]
    /// Given to whoever renders, when they have been written.
    let owner: any Sendable

    package init(identity: UInt64, first: Int, changes: [Change], owner: any Sendable) {
        self.identity = identity
        self.first = first
        self.changes = changes
        self.owner = owner
    }

    /// The number of the last change.
    var last: Int { first &+ changes.count &- 1 }

    /// The rows that there are if there were none before.
    var rows: [Row] {
        var keys: [UInt64] = []
        var rows: [Row] = []
        for step in changes.flatMap({ $0.steps(&keys) }) {
            switch step {
            case .replace(let index, let row): rows[index] = row
            case .remove(let range): rows.removeSubrange(range)
            case .insert(let index, let new): rows.insert(contentsOf: new, at: index)
            }
        }
        return rows
    }
}

extension RowChanges {
    /// What is done to a list.
    enum Step {
        case replace(Int, Row)
        case remove(Range<Int>)
        case insert(Int, [Row])
    }
}

extension RowChanges.Change {
    /// What it means for rows with these keys, which are others then.
    func steps(_ keys: inout [UInt64]) -> [RowChanges.Step] {
        switch self {
        case .insert(let rows, let place): return Self.insert(rows, at: place, &keys)
        case .update(let row): return keys.firstIndex(of: row.key).map { [.replace($0, row)] } ?? []
        case .remove(let key): return keys.firstIndex(of: key).map { Self.remove($0..<$0 + 1, &keys) } ?? []
        case .removeAll: return Self.remove(keys.indices, &keys)
        case .keepFirst(let count): return Self.remove(min(max(count, 0), keys.count)..<keys.count, &keys)
        case .keepLast(let count): return Self.remove(0..<keys.count - min(max(count, 0), keys.count), &keys)
        }
    }

    private static func insert(_ rows: [RowChanges.Row], at place: Int?, _ keys: inout [UInt64]) -> [RowChanges.Step] {
        // A few are looked for one by one; for many a dictionary is worth its making.
        let places = rows.count > 8 ? Dictionary(zip(keys, keys.indices), uniquingKeysWith: { first, _ in first }) : nil
        var steps: [RowChanges.Step] = []
        var new: [RowChanges.Row] = []
        var newPlaces: [UInt64: Int] = [:]
        for row in rows {
            if let index = places.map({ $0[row.key] }) ?? keys.firstIndex(of: row.key) {
                steps.append(.replace(index, row))
            } else if let index = newPlaces[row.key] {
                new[index] = row
            } else {
                newPlaces[row.key] = new.count
                new.append(row)
            }
        }
        guard !new.isEmpty else { return steps }
        let index = min(max(place ?? keys.count, 0), keys.count)
        keys.insert(contentsOf: new.map(\.key), at: index)
        return steps + [.insert(index, new)]
    }

    private static func remove(_ range: Range<Int>, _ keys: inout [UInt64]) -> [RowChanges.Step] {
        guard !range.isEmpty else { return [] }
        keys.removeSubrange(range)
        return [.remove(range)]
    }
}
