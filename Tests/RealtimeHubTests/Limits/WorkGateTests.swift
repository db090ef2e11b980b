import NIOCore
import NIOEmbedded
import Testing

@testable import RealtimeHub

@Suite("Turns")
struct WorkGateTests {
    private let loop = EmbeddedEventLoop()

    private final class Log {
        var begun: [Int] = []
        var gaveUp: [Int] = []
    }

    private let log = Log()

    private func gate(atOnce: Int, perTurn: Int = .max, maxWaiting: Int = 100) -> WorkGate {
        WorkGate(eventLoop: loop, atOnce: atOnce, perTurn: perTurn, maxWaiting: maxWaiting, patience: .seconds(4))
    }

    @discardableResult
    private func enter(_ gate: WorkGate, _ number: Int, endsAtOnce: Bool = false) -> (WorkGate.Entrance, WorkGate.Waiter?) {
        gate.enter {
            self.log.begun.append(number)
            if endsAtOnce { gate.leave() }
        } giveUp: {
            self.log.gaveUp.append(number)
        }
    }

    @Test("So many at once; the others have their turn in the order in which they came")
    func order() {
        let gate = gate(atOnce: 2)
        for number in 0..<6 { enter(gate, number) }
        loop.run()
        #expect(log.begun == [0, 1])
        for expected in 3...6 {
            gate.leave()
            loop.run()
            #expect(log.begun == Array(0..<expected))
        }
        for _ in 0..<2 { gate.leave() }
        #expect((gate.underWay, gate.waiting) == (0, 0))
    }

    @Test("Who comes later does not go first, although there is room")
    func noOvertaking() {
        let gate = gate(atOnce: 1)
        enter(gate, 0)
        enter(gate, 1)
        gate.leave()
        #expect(enter(gate, 2).0 == .waits)
        loop.run()
        #expect(log.begun == [0, 1])
    }

    @Test("What ends at once has so many a turn")
    func turns() {
        let gate = gate(atOnce: 4, perTurn: 4)
        var seen: [Int] = []
        for number in 0..<10 { enter(gate, number, endsAtOnce: true) }
        func look() {
            seen.append(log.begun.count)
            if log.begun.count < 10 { loop.execute(look) }
        }
        look()
        loop.run()
        #expect(log.begun == Array(0..<10))
        #expect(seen.contains(4) && seen.contains(8))
    }

    @Test("One more than may wait is told so, and who waits too long")
    func limits() {
        let gate = gate(atOnce: 1, maxWaiting: 2)
        for number in 0..<3 { #expect(enter(gate, number).0 != .full) }
        #expect(enter(gate, 3).0 == .full)
        gate.expire(at: loop.now + .seconds(3))
        #expect(log.gaveUp == [])
        gate.expire(at: loop.now + .seconds(4))
        #expect(log.gaveUp == [1, 2])
        #expect(gate.waiting == 0)
        gate.leave()
        loop.run()
        #expect(log.begun == [0])
        #expect(enter(gate, 4).0 == .begun)
    }

    @Test("Who comes after one that has gone and one that waited too long keeps his place")
    func expiry() throws {
        let gate = gate(atOnce: 1)
        enter(gate, 0)
        gate.cancel(try #require(enter(gate, 1).1))
        enter(gate, 2)
        gate.cancel(try #require(enter(gate, 3).1))
        loop.advanceTime(by: .seconds(3))
        enter(gate, 4)
        gate.expire(at: loop.now + .seconds(2))
        #expect(log.gaveUp == [2])
        #expect(gate.waiting == 1)
        gate.leave()
        loop.run()
        #expect(log.begun == [0, 4])
    }

    @Test("Whoever had his turn, waited too long or has gone is let go, though no other comes")
    func letGo() throws {
        final class Session {}
        let gate = gate(atOnce: 1)
        weak var ended: Session?
        weak var expired: Session?
        weak var cancelled: Session?
        func wait(_ session: Session) -> WorkGate.Waiter? {
            gate.enter {
                withExtendedLifetime(session) {}
            } giveUp: {
                withExtendedLifetime(session) {}
            }.1
        }
        enter(gate, 0)
        do {
            let sessions = [Session(), Session(), Session()]
            (ended, cancelled, expired) = (sessions[0], sessions[1], sessions[2])
            _ = wait(sessions[0])
            gate.cancel(try #require(wait(sessions[1])))
            loop.advanceTime(by: .seconds(3))
            _ = wait(sessions[2])
        }
        #expect(ended != nil && expired != nil)
        gate.leave()
        loop.run()
        gate.expire(at: loop.now + .seconds(4))
        #expect(ended == nil && expired == nil && cancelled == nil)
    }

    @Test("Who does not want his turn any more takes no place, however many there were")
    func cancelled() throws {
        let gate = gate(atOnce: 1, maxWaiting: 10)
        enter(gate, -1)
        for number in 0..<1_000 {
            let (entrance, waiter) = enter(gate, number)
            #expect(entrance == .waits)
            gate.cancel(try #require(waiter))
            gate.cancel(try #require(waiter))
        }
        #expect(gate.waiting == 0)
        enter(gate, 1_000)
        gate.leave()
        loop.run()
        #expect(log.begun == [-1, 1_000])
    }
}
