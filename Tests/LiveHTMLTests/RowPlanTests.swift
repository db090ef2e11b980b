import Testing

@testable import LiveHTML

@Suite("How the rows of a list become others")
struct RowPlanTests {
    static func plan(_ old: [UInt64], _ new: [UInt64]) -> RowPlan { RowPlan(from: old[...], to: new[...]) }

    /// Does what the plan says to rows that are their old places; an insertion is nil.
    static func apply(_ plan: RowPlan, to count: Int) -> [Int?] {
        var rows = (0..<count).map { Int?.some($0) }
        for removal in plan.removals { rows.removeSubrange(removal.index..<removal.index + removal.count) }
        for move in plan.moves {
            let block = rows[move.from..<move.from + move.count]
            rows.removeSubrange(move.from..<move.from + move.count)
            rows.insert(contentsOf: block, at: move.to)
        }
        if let order = plan.order {
            rows = order.flatMap { run in
                run.count > 0 ? (run.first..<run.first + run.count).map { rows[$0] } : (0 ..< -run.count).map { rows[run.first - $0] }
            }
        }
        for (place, source) in plan.sources.enumerated() where source == nil { rows.insert(nil, at: place) }
        return rows
    }

    @Test("random lists become random lists", arguments: 0..<200)
    func random(seed: UInt64) {
        var random = Seeded(state: seed)
        let most = UInt64.random(in: 2...60, using: &random)
        var old = (0..<Int.random(in: 0..<40, using: &random)).map { _ in UInt64.random(in: 0..<most, using: &random) }
        for _ in 0..<10 {
            var new = old
            switch Int.random(in: 0..<4, using: &random) {
            case 0: new.shuffle(using: &random)
            case 1: new = new.sorted()
            case 2: new = (0..<Int.random(in: 0..<40, using: &random)).map { _ in UInt64.random(in: 0..<most, using: &random) }
            default:
                for _ in 0..<3 where !new.isEmpty {
                    new.insert(new.remove(at: .random(in: 0..<new.count, using: &random)), at: .random(in: 0...new.count, using: &random))
                }
            }
            let plan = Self.plan(old, new)
            #expect(plan.sources.map { $0.map { old[$0] } }.enumerated().allSatisfy { $1 == nil || $1 == new[$0] })
            #expect(Self.apply(plan, to: old.count) == plan.sources)
            // No row that could stay is taken for a new one.
            for key in Set(old) {
                let kept = plan.sources.compactMap { $0 }.count { old[$0] == key }
                #expect(kept == min(old.count { $0 == key }, new.count { $0 == key }))
            }
            old = new
        }
    }

    @Test("one row that moves is one move, wherever it goes", arguments: 0..<100)
    func single(seed: UInt64) {
        var random = Seeded(state: seed)
        let old = Array(0..<UInt64(50))
        var new = old
        new.insert(new.remove(at: .random(in: 0..<50, using: &random)), at: .random(in: 0...49, using: &random))
        let plan = Self.plan(old, new)
        #expect(plan.moves.count == (new == old ? 0 : 1))
        #expect(plan.order == nil)
    }

    @Test("the fewest rows move: all but a longest increasing subsequence", arguments: 0..<50)
    func fewest(seed: UInt64) {
        var random = Seeded(state: seed)
        let target = Array(0..<9).shuffled(using: &random)
        let moved = RowPlan.moves(to: target, atMost: .max)?.reduce(0) { $0 + $1.count } ?? 0
        #expect(moved == target.count - Self.longestIncreasing(target))
    }

    /// By trying.
    private static func longestIncreasing(_ values: [Int]) -> Int {
        (0..<1 << values.count).map { bits in
            let chosen = values.indices.filter { bits & 1 << $0 != 0 }.map { values[$0] }
            return chosen == chosen.sorted() ? chosen.count : 0
        }.max() ?? 0
    }

    @Test("what stays together moves together")
    func blocks() {
        let plan = Self.plan(Array(0..<100), Array(60..<100) + Array(0..<60))
        #expect(plan.moves.map { [$0.from, $0.to, $0.count] } == [[60, 0, 40]])
    }

    @Test("an order is said where that is shorter")
    func order() {
        #expect(Self.plan(Array(0..<300), (0..<300).reversed()).order == [RowRun(first: 299, count: -300)])
        let ends = Self.plan(Array(0..<20), [0, 1] + (2..<18).reversed() + [18, 19])
        #expect(ends.order == [RowRun(first: 0, count: 2), RowRun(first: 17, count: -16), RowRun(first: 18, count: 2)])
        #expect(Self.plan([1, 2], [2, 1]).order == nil)
    }

    @Test("rows that go are named from the last on, so that each number is true when it comes")
    func removals() {
        let plan = Self.plan([0, 1, 2, 3, 4, 5, 6, 7], [0, 3, 6])
        #expect(plan.removals.map { [$0.index, $0.count] } == [[7, 1], [4, 2], [1, 2]])
    }

    @Test("10,000 rows in any order take no long time")
    func large() {
        var random = Seeded(state: 1)
        let old = Array(0..<UInt64(10_000))
        let plan = Self.plan(old, old.shuffled(using: &random))
        #expect(plan.order?.reduce(0) { $0 + abs($1.count) } == 10_000)
    }
}
