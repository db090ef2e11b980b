import Testing
import WebSocketTesting

@testable import RealtimeHub

@Suite("Those that count most")
struct HeavyHittersTests {
    @Test("Are counted exactly while there is room")
    func exact() {
        var hitters = HeavyHitters(capacity: 3)
        for key in ["a", "b", "a", "c", "a"] { hitters.add(key, 2) }
        #expect(hitters.entries.first { $0.key == "a" }.map { ($0.count, $0.times, $0.error) } ?? (0, 0, 0) == (6, 3, 0))
        #expect(hitters.entries.count == 3)
    }

    @Test("Are among them with more than their part of all, however many others there are; no count is too low, nor higher than it says")
    func bounds() throws {
        var random = SeededRandom(seed: 7)
        var hitters = HeavyHitters(capacity: 20)
        var counts: [String: Int] = [:]
        var total = 0
        for round in 0..<20_000 {
            let key = round % 10 == 0 ? "loud" : "channel \(Int.random(in: 0..<5_000, using: &random))"
            hitters.add(key, 1)
            counts[key, default: 0] += 1
            total += 1
        }
        #expect(hitters.entries.count == 20)
        for (key, count) in counts where count > total / 20 { #expect(hitters.entries.contains { $0.key == key }) }
        for entry in hitters.entries {
            let count = try #require(counts[entry.key])
            #expect(entry.count >= count)
            #expect(entry.count - entry.error <= count)
        }
    }
}
