import PubSubTesting
import Testing

@testable import PubSub

@Suite("The parts of the broker in memory")
struct PartsTests {
    @Test("A ring keeps the newest, whatever the limits are one after the other")
    func ring() {
        var random = SeededGenerator(seed: 1)
        var ring = PublicationRing()
        var naive: [UInt64] = []
        for offset in UInt64(1)...2000 {
            let limit = Int.random(in: 1..<40, using: &random)
            ring.append(Publication(data: [UInt8](repeating: 0, count: Int(offset % 7)), offset: offset), at: .zero, limit: limit)
            naive = Array((naive + [offset]).suffix(limit))
            if offset % 97 == 0 {
                ring.removeAll()
                naive = []
            }
            #expect(ring.count == naive.count)
            #expect(ring.publications(HistoryQuery(limit: .all)).map(\.offset) == naive)
            #expect(ring.newest?.offset == naive.last)
            #expect(ring.first == naive.first ?? offset + 1)
            #expect(ring[ring.first &- 1] == nil && ring[offset + 1] == nil)
            #expect(ring.bytes == naive.reduce(0) { $0 + Publication(data: [UInt8](repeating: 0, count: Int($1 % 7))).cost })
        }
    }

    @Test("A table of streams knows the order of use, across removal, reuse of places and shrinking")
    func table() {
        var random = SeededGenerator(seed: 2)
        var table = StreamTable()
        var order: [String] = []
        for step in 0..<5000 {
            let name = "\(Int.random(in: 0..<(step < 2500 ? 300 : 20), using: &random))"
            let isShrinking = step > 2500 && step < 3200
            if let place = table.place(of: name) {
                if isShrinking || Int.random(in: 0..<3, using: &random) == 0 {
                    table.remove(at: place)
                    order.removeAll { $0 == name }
                } else {
                    table.touch(place)
                    order = order.filter { $0 != name } + [name]
                }
            } else {
                let place = table.insert(Stream(epoch: name, lifetime: .zero, at: .zero), named: name)
                order.append(name)
                #expect(table[place].epoch == name)
            }
            if step > 2500, order.count > 20 {
                if let oldest = table.oldestPlace { table.remove(at: oldest) }
                order.removeFirst()
            }
            if step % 500 == 0 { table.shrink() }
            #expect(table.count == order.count)
            #expect(table.oldestPlace.map { table.name(at: $0) } == order.first)
        }
        for name in order {
            #expect(table.oldestPlace.map { table.name(at: $0) } == name)
            if let place = table.oldestPlace { table.remove(at: place) }
        }
        #expect(table.count == 0 && table.oldestPlace == nil)
        table.shrink()
        #expect(table.capacity <= 64, "what little is left is not worth the work")
    }

    @Test("Keys are let go in their order, and one that was used again is remembered by its last use")
    func keys() {
        var table = IdempotencyTable()
        func time(_ seconds: Int) -> Tick { Tick(.seconds(seconds)) }
        table.remember("a", in: "c", StreamPosition(offset: 1), until: time(10))
        table.remember("b", in: "c", StreamPosition(offset: 2), until: time(20))
        table.remember("a", in: "c", StreamPosition(offset: 3), until: time(30))
        #expect(table.position("a", in: "c", at: time(5))?.offset == 3)
        #expect(table.position("a", in: "d", at: time(5)) == nil)
        table.removeOldest()
        #expect(table.position("a", in: "c", at: time(5))?.offset == 3, "the second use has its own place")
        table.removeExpired(at: time(20))
        #expect(table.position("b", in: "c", at: time(5)) == nil)
        #expect(table.position("a", in: "c", at: time(29))?.offset == 3)
        #expect(table.position("a", in: "c", at: time(30)) == nil)
        table.removeExpired(at: time(30))
        #expect(table.isEmpty && table.bytes == 0)
        for number in 0..<1000 {
            table.remember("\(number)", in: "c", StreamPosition(), until: time(number))
            if number % 3 == 0 { table.removeExpired(at: time(number - 50)) }
        }
        table.removeExpired(at: time(1000))
        #expect(table.isEmpty && table.bytes == 0)
    }

    @Test("Ticks keep the order of durations, and end where they can't go on")
    func ticks() {
        let durations: [Duration] = [
            .seconds(Int64.min), .seconds(-1), .zero, .nanoseconds(2), .microseconds(1), .seconds(1), .seconds(1 << 33),
            .seconds(Int64.max),
        ]
        let ticks = durations.map(Tick.init)
        #expect(ticks == ticks.sorted())
        #expect(Set(ticks.indices.map { index in ticks.count { $0 < ticks[index] } }).count == ticks.count, "none is equal to another")
        #expect(Tick(.seconds(Int64.max)).advanced(by: .seconds(Int64.max)) == Tick(.seconds(Int64.max)))
        #expect(Tick(.seconds(3)).advanced(by: .seconds(4)) > Tick(.seconds(7) - .nanoseconds(3)))
        #expect(Tick(.seconds(3)).advanced(by: .seconds(4)) <= Tick(.seconds(7)))
        #expect(Tick(.seconds(3)).advanced(by: .seconds(Int64.min)) < .zero)
    }
}
