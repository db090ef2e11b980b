extension RowPlan {
    /// The fewest blocks to move so that 0, 1, 2, … becomes `target`. Nil if there are more than so many.
    static func moves(to target: [Int], atMost limit: Int) -> [(from: Int, to: Int, count: Int)]? {
        let blocks = blocks(target, longestIncreasing(target))
        guard blocks.count <= limit else { return nil }
        var current = Array(target.indices)
        return blocks.map { block in
            move(&current, target[block.lowerBound], block.count, behind: block.lowerBound > 0 ? target[block.lowerBound - 1] : nil)
        }
    }

    /// What moves, as places in `target`.
    private static func blocks(_ target: [Int], _ stays: Set<Int>) -> [Range<Int>] {
        var blocks: [Range<Int>] = []
        var index = 0
        while index < target.count {
            let count = stays.contains(target[index]) ? 1 : blockLength(target, from: index, stays)
            if !stays.contains(target[index]) { blocks.append(index..<index + count) }
            index += count
        }
        return blocks
    }

    /// How many from here on move together: they are beside one another now too.
    private static func blockLength(_ target: [Int], from start: Int, _ stays: Set<Int>) -> Int {
        var end = start + 1
        while end < target.count, target[end] == target[end - 1] + 1, !stays.contains(target[end]) { end += 1 }
        return end - start
    }

    private static func move(_ current: inout [Int], _ row: Int, _ count: Int, behind before: Int?) -> (from: Int, to: Int, count: Int) {
        let from = current.firstIndex(of: row) ?? 0
        current.removeSubrange(from..<from + count)
        let to = before.map { (current.firstIndex(of: $0) ?? -1) + 1 } ?? 0
        current.insert(contentsOf: row..<row + count, at: to)
        return (from, to, count)
    }

    /// The values of a longest increasing subsequence, by patience sorting.
    private static func longestIncreasing(_ values: [Int]) -> Set<Int> {
        var tails: [Int] = []
        var previous = Array(repeating: -1, count: values.count)
        for value in values {
            var low = 0, high = tails.count
            while low < high {
                let middle = (low + high) / 2
                if tails[middle] < value { low = middle + 1 } else { high = middle }
            }
            previous[value] = low > 0 ? tails[low - 1] : -1
            if low < tails.count { tails[low] = value } else { tails.append(value) }
        }
        var stays: Set<Int> = []
        var value = tails.last ?? -1
        while value >= 0 {
            stays.insert(value)
            value = previous[value]
        }
        return stays
    }
}
