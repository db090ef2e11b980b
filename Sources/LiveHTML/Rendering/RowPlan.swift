// Strategy: what is the same at both ends is set aside. In between a dictionary says which old row each new row was. The rows of a longest increasing
// subsequence stay where they are, which is the most that can stay; the others move, in blocks that stay together. If to say the new order is shorter,
// the order is said instead.

/// How the rows of a list become others.
struct RowPlan {
    /// For each new row the old one that it was, or nil.
    private(set) var sources: [Int?]
    /// Rows that are gone, as first and count: the last of them first, so that each is true when it comes.
    private(set) var removals: [(index: Int, count: Int)] = []
    private(set) var moves: [(from: Int, to: Int, count: Int)] = []
    /// Instead of moves, if it is shorter.
    private(set) var order: [RowRun]?

    /// Each move is tried out on the whole list here.
    private static let mostMoves = 256

    init(from old: ArraySlice<UInt64>, to new: ArraySlice<UInt64>) {
        let head = zip(old, new).prefix { $0 == $1 }.count
        let tail = min(zip(old.reversed(), new.reversed()).prefix { $0 == $1 }.count, min(old.count, new.count) - head)
        let unchangedEnd = old.count - tail
        sources = Array(0..<head) + Array(repeating: nil, count: new.count - head - tail) + Array(unchangedEnd..<old.count)
        match(old.dropFirst(head).dropLast(tail), new.dropFirst(head).dropLast(tail), offset: head)
        remove(head..<unchangedEnd)
        reorder(head..<new.count - tail, offset: head)
    }

    /// Where keys are equal, the first is the first again.
    private mutating func match(_ old: ArraySlice<UInt64>, _ new: ArraySlice<UInt64>, offset: Int) {
        var places: [UInt64: Int] = [:]
        var next = Array(repeating: -1, count: old.count)
        for (place, key) in old.enumerated().reversed() { next[place] = places.updateValue(place, forKey: key) ?? -1 }
        for (place, key) in new.enumerated() {
            guard let source = places[key] else { continue }
            sources[offset + place] = offset + source
            places[key] = next[source] < 0 ? nil : next[source]
        }
    }

    private mutating func remove(_ range: Range<Int>) {
        var isKept = Array(repeating: false, count: range.count)
        for source in sources.compactMap({ $0 }) where range.contains(source) { isKept[source - range.lowerBound] = true }
        for index in range.reversed() where !isKept[index - range.lowerBound] {
            if let last = removals.last, last.index == index + 1 {
                removals[removals.count - 1] = (index, last.count + 1)
            } else {
                removals.append((index, 1))
            }
        }
    }

    /// After the removals and before the insertions.
    private mutating func reorder(_ range: Range<Int>, offset: Int) {
        let kept = sources[range].compactMap { $0 }
        guard zip(kept, kept.dropFirst()).contains(where: { $0 > $1 }) else { return }
        // Their places once the others are gone.
        var rank: [Int: Int] = [:]
        for (place, source) in kept.sorted().enumerated() { rank[source] = place }
        let target = kept.map { rank[$0] ?? 0 }
        let order = wholeOrder(Self.runs(of: target), offset: offset, tail: sources.count - range.upperBound)
        // What the two cost in JSON, about: digits of a number, and what is around it.
        let digits = String(sources.count).count
        let orderCost = order.reduce(6) { $0 + ($1.count == 1 ? digits + 1 : 2 * digits + 4) }
        if let moves = Self.moves(to: target, atMost: min(orderCost / (2 * digits + 8), Self.mostMoves)) {
            self.moves = moves.map { ($0.from + offset, $0.to + offset, $0.count) }
        } else {
            self.order = order
        }
    }

    /// With the ends that stay.
    private func wholeOrder(_ runs: [RowRun], offset: Int, tail: Int) -> [RowRun] {
        let middle = runs.map { RowRun(first: $0.first + offset, count: $0.count) }
        let end = offset + runs.reduce(0) { $0 + abs($1.count) }
        return (offset > 0 ? [RowRun(first: 0, count: offset)] : []) + middle + (tail > 0 ? [RowRun(first: end, count: tail)] : [])
    }

    private static func runs(of order: [Int]) -> [RowRun] {
        var runs: [RowRun] = []
        for place in order {
            if let last = runs.last {
                if place == last.first + last.count && last.count > 0 {
                    runs[runs.count - 1].count += 1
                    continue
                }
                if last.count == 1 && place == last.first - 1 || last.count < 0 && place == last.first + last.count {
                    runs[runs.count - 1].count = last.count == 1 ? -2 : last.count - 1
                    continue
                }
            }
            runs.append(RowRun(first: place, count: 1))
        }
        return runs
    }
}
