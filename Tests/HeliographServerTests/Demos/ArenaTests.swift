import Testing

@testable import Demos

@Suite("The game's arena")
struct ArenaTests {
    private typealias Seat = Arena.Seat

    private func ship(_ number: UInt8, x: Float, y: Float, heading: UInt8 = 0) -> Ship {
        Ship(seat: Seat(number: number, serial: UInt32(number)), name: "\(number)", isBot: false, x: x, y: y, heading: heading)
    }

    // MARK: Coming and going

    @Test("There are 200 seats; who leaves makes room, and the number is used again under another serial")
    func seats() throws {
        var arena = Arena(seed: 1)
        let seats = (0..<Arena.seats).compactMap { arena.join("\($0)") }
        #expect(seats.count == 200 && Set(seats.map(\.number)).count == 200 && !seats.contains { $0.number == 0 })
        let late = arena.join("late")
        #expect(late == nil)
        arena.leave(seats[7])
        let joined = arena.join("next")
        let next = try #require(joined)
        #expect(next.number == seats[7].number && next.serial != seats[7].serial)
        let steered = (arena.steer(seats[7], Arena.Steering(thrust: 255)), arena.steer(next, Arena.Steering(thrust: 255)))
        #expect(steered == (false, true), "the old seat is somebody else's")
        arena.leave(seats[7])
        #expect(arena.people == 200, "nor can it be left")
    }

    @Test("A lone player meets bots; seven players need none")
    func bots() {
        var arena = Arena(seed: 1)
        let first = arena.join("Ada")
        for _ in 0..<10 { _ = arena.advance() }
        #expect(arena.ships.filter(\.isBot).count == 3 && arena.people == 1)
        let others = (0..<6).compactMap { arena.join("\($0)") }
        for _ in 0..<10 { _ = arena.advance() }
        #expect(!arena.ships.contains { $0.isBot })
        for seat in others { arena.leave(seat) }
        for _ in 0..<10 { _ = arena.advance() }
        #expect(arena.ships.filter(\.isBot).count == 3)
        first.map { arena.leave($0) }
        #expect(arena.people == 0)
    }

    @Test("The bots catch sparks")
    func botsPlay() {
        var arena = Arena(seed: 3)
        for _ in 0..<900 { _ = arena.advance() }
        #expect(arena.ships.allSatisfy { $0.isBot && $0.score > 0 })
    }

    @Test("Who does nothing for a minute loses the ship; who steers, even a little, does not")
    func idle() throws {
        var arena = Arena(seed: 1)
        let joined = (arena.join("lazy"), arena.join("busy"))
        let (lazy, busy) = (try #require(joined.0), try #require(joined.1))
        for tick in 0..<(Arena.patience + 2) {
            if tick % 100 == 0 { _ = arena.steer(busy, Arena.Steering(heading: UInt8(truncatingIfNeeded: tick))) }
            _ = arena.advance()
        }
        let steered = (arena.steer(lazy, Arena.Steering()), arena.steer(busy, Arena.Steering()))
        #expect(steered == (false, true))
    }

    // MARK: Moving

    @Test("A ship turns the shorter way, speeds up, and glides to a stop")
    func steering() throws {
        var arena = Arena(seed: 1, ships: [ship(1, x: 1_000, y: 600, heading: 250)])
        let seat = try #require(arena.ships.first?.seat)
        _ = arena.steer(seat, Arena.Steering(heading: 10, thrust: 255))
        _ = arena.advance()
        #expect(arena.ships[0].heading == 4, "ten steps, over the end of the circle")
        for _ in 0..<30 { _ = arena.advance() }
        #expect(arena.ships[0].heading == 10 && arena.ships[0].x > 1_100)
        _ = arena.steer(seat, Arena.Steering(heading: 10))
        for _ in 0..<120 { _ = arena.advance() }
        #expect(abs(arena.ships[0].vx) < 5)
    }

    @Test("A boost is faster, and is over when the energy is")
    func boost() throws {
        func distance(boosts: Bool) throws -> Float {
            var arena = Arena(seed: 1, ships: [ship(1, x: 100, y: 600)])
            let seat = try #require(arena.ships.first?.seat)
            _ = arena.steer(seat, Arena.Steering(thrust: 255, boosts: boosts))
            for _ in 0..<30 { _ = arena.advance() }
            return arena.ships[0].x - 100
        }
        #expect(try distance(boosts: true) > distance(boosts: false) * 1.4)
        var tired = ship(1, x: 100, y: 100)
        tired.steering = Arena.Steering(boosts: true)
        var boosted = 0
        for _ in 0..<150 {
            tired.move()
            if tired.isBoosting { boosted += 1 }
        }
        #expect(boosted < 110 && tired.energy < 2)
    }

    // MARK: Points

    @Test("Who touches a spark has its points, and the spark is gone")
    func sparks() {
        let sparks = [Arena.Spark(number: 9, x: 1_010, y: 600, value: 5), Arena.Spark(number: 10, x: 300, y: 300, value: 1)]
        var arena = Arena(seed: 1, ships: [ship(1, x: 1_000, y: 600)], sparks: sparks)
        let changes = arena.advance()
        #expect(changes.caught.map(\.spark) == [9] && changes.caught.map(\.ship) == [1])
        #expect(arena.ships[0].score == 5)
        #expect(arena.sparks.contains(sparks[1]) && !arena.sparks.contains(sparks[0]))
        #expect(!changes.appeared.isEmpty, "others come in its place")
    }

    @Test("Who is rammed by a faster one loses up to three points, which become sparks, and catches none for a second")
    func ram() {
        var (fast, slow) = (ship(1, x: 1_000, y: 600), ship(2, x: 1_030, y: 600))
        fast.push(400, 0)
        fast.score = 10
        slow.score = 10
        var arena = Arena(seed: 1, ships: [fast, slow])
        let changes = arena.advance()
        #expect(arena.ships.map(\.score).prefix(2) == [10, 7])
        #expect(changes.appeared.count >= 3)
        #expect(arena.ships[0].vx < 50 && arena.ships[1].vx > 300, "they exchanged their speeds")
        #expect(arena.ships[1].stunTicks > 0)
        for _ in 0..<5 { _ = arena.advance() }
        #expect(arena.ships[1].score == 7, "not twice in a row")
    }

    @Test("After ninety seconds the best has won, and all begin with nothing")
    func round() {
        var arena = Arena(seed: 5)
        var winners: [(name: String, score: UInt16)] = []
        for _ in 0..<(2 * Arena.ticksPerRound) {
            if let winner = arena.advance().winner {
                winners.append(winner)
                #expect(arena.ships.allSatisfy { $0.score == 0 })
            }
        }
        #expect(winners.count == 2 && winners.allSatisfy { $0.score > 0 && !$0.name.isEmpty })
    }

    // MARK: Whatever happens

    @Test("The same seed and the same steering give the same game")
    func determinism() {
        func run() -> [Float] {
            var arena = Arena(seed: 42)
            let seat = arena.join("Ada")
            for tick in 0..<300 {
                if let seat { _ = arena.steer(seat, Arena.Steering(heading: UInt8(truncatingIfNeeded: tick * 3), thrust: 200)) }
                _ = arena.advance()
            }
            return arena.ships.flatMap { [$0.x, $0.y] } + arena.sparks.map(\.x)
        }
        #expect(run() == run())
    }

    @Test("However players steer: all stays within the walls, and what changed is told", arguments: 0..<8)
    func properties(seed: UInt64) {
        var random = SeededGenerator(seed: seed)
        var arena = Arena(seed: seed)
        var seats: [Arena.Seat] = []
        var told = Set(arena.sparks.map(\.number))
        for _ in 0..<400 {
            if random.chance(0.1), let seat = arena.join("x") { seats.append(seat) }
            if random.chance(0.05), let seat = seats.randomElement(using: &random) { arena.leave(seat) }
            for seat in seats where random.chance(0.2) {
                let steering = Arena.Steering(
                    heading: .random(in: 0 ... .max, using: &random), thrust: .random(in: 0 ... .max, using: &random),
                    boosts: random.chance(0.5))
                _ = arena.steer(seat, steering)
            }
            let crew = arena.ships.map(\.seat)
            let changes = arena.advance()
            for (spark, _) in changes.caught { told.remove(spark) }
            for spark in changes.appeared { told.insert(spark.number) }
            #expect(told == Set(arena.sparks.map(\.number)) && told.count == arena.sparks.count)
            #expect(arena.ships.map(\.seat) == crew || changes.crewChanged)
            #expect(Set(arena.ships.map(\.seat.number)).count == arena.ships.count)
            for ship in arena.ships {
                #expect(ship.x >= 16 && ship.x <= Arena.width - 16 && ship.y >= 16 && ship.y <= Arena.height - 16)
                #expect(ship.energy >= 0 && ship.energy <= 63)
            }
            for spark in arena.sparks { #expect(spark.x > 0 && spark.x < Arena.width && spark.y > 0 && spark.y < Arena.height) }
        }
    }
}
