/// An instance as a client has it.
struct ClientInstance: Hashable, Sendable {
    enum Value: Hashable, Sendable {
        case scalars([Scalar])
        case markup(ClientInstance?)
        case rows([ClientInstance])
        case view(Int)
    }

    let template: Int
    var values: [Value]
}

/// What both forms of a patch do to the rows of a list.
extension [ClientInstance] {
    private func checked(_ first: Int, _ count: Int) throws(ClientError) -> Range<Int> {
        guard first >= 0, count > 0, first <= self.count, count <= self.count - first else { throw .row }
        return first..<first + count
    }

    mutating func remove(at index: Int, count: Int) throws(ClientError) {
        removeSubrange(try checked(index, count))
    }

    mutating func move(from index: Int, to target: Int, count: Int) throws(ClientError) {
        let range = try checked(index, count)
        let block = self[range]
        removeSubrange(range)
        guard target >= 0, target <= self.count else { throw .row }
        insert(contentsOf: block, at: target)
    }

    mutating func insert(_ rows: [ClientInstance], at index: Int) throws(ClientError) {
        guard index >= 0, index <= count else { throw .row }
        insert(contentsOf: rows, at: index)
    }

    mutating func reorder(_ order: [RowRun]) throws(ClientError) {
        var isUsed = Array<Bool>(repeating: false, count: count)
        var reordered: [ClientInstance] = []
        for run in order {
            guard run.count != 0, run.count.magnitude <= UInt(count), indices.contains(run.first) else { throw .order }
            for step in 0..<Int(run.count.magnitude) {
                let index = run.count > 0 ? run.first + step : run.first - step
                guard indices.contains(index), !isUsed[index] else { throw .order }
                isUsed[index] = true
                reordered.append(self[index])
            }
        }
        guard reordered.count == count else { throw .order }
        self = reordered
    }
}
