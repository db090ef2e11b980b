import Testing
import WebSocketTesting

@testable import RealtimeHub

@Suite("The first few of many")
struct FirstFewTests {
    @Test("Are the smallest, in order, whatever the order in which they came", arguments: 0..<20)
    func random(_ seed: Int) {
        var random = SeededRandom(seed: UInt64(seed))
        let numbers = (0..<Int.random(in: 0...60, using: &random)).map { _ in Int.random(in: 0...40, using: &random) }
        let limit = Int.random(in: 1...30, using: &random)
        var (first, second) = (FirstFew<Int, String>(limit), FirstFew<Int, String>(limit))
        for (index, number) in numbers.enumerated() {
            if index % 3 == 0 { first.add(number, "\(number)") } else { second.add(number, "\(number)") }
        }
        first.add(second)
        #expect(first.entries.map(\.key) == numbers.sorted().prefix(limit).map { $0 })
        #expect(first.entries.map(\.element) == first.entries.map { "\($0.key)" })
        #expect(first.hasMore == (numbers.count > limit))
    }

    @Test("What has no room is not made")
    func laziness() {
        var few = FirstFew<Int, Int>(1)
        var made = 0
        func make() -> Int {
            made += 1
            return made
        }
        few.add(1, make())
        few.add(2, make())
        #expect(made == 1)
    }

    @Test(
        "A text is found anywhere in another, byte by byte",
        arguments: [
            ("", "anything", true), ("an", "anything", true), ("ing", "anything", true), ("aab", "aaab", true), ("x", "anything", false),
            ("anything", "any", false), ("é", "café", true), ("A", "a", false),
        ])
    func search(_ text: String, _ other: String, _ isIn: Bool) {
        #expect(SearchText(text).isIn(other) == isIn)
    }
}
