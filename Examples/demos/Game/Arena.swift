/// The game without network and clock: ships that steer, sparks to catch, and what happens in a thirtieth of a second.
///
/// Who catches a spark has its points. Who rams another knocks sparks out of the slower one. After ninety seconds the best has won, and all begin
/// again. The seed and the steering decide on everything.
struct Arena: Sendable {
    /// Units; a ship is 32 of them wide.
    static let width: Float = 2_000
    static let height: Float = 1_250
    static let ticksPerSecond = 30
    static let ticksPerRound = 90 * ticksPerSecond
    /// Ships that people have. The bots come on top of that.
    static let seats = 200
    static let shipRadius: Float = 16
    static let sparkRadius: Float = 10
    /// Who does nothing for so long loses the seat.
    static let patience = 60 * ticksPerSecond

    /// A place in the game. The number is used again; the serial is not, so who was replaced steers nobody.
    struct Seat: Hashable, Sendable {
        let number: UInt8
        let serial: UInt32
    }

    /// What a player wants.
    struct Steering: Hashable, Sendable {
        /// In 256ths of a turn, clockwise from the right.
        var heading: UInt8 = 0
        /// 0: drift; 255: as fast as it goes.
        var thrust: UInt8 = 0
        var boosts = false
    }

    struct Spark: Hashable, Sendable {
        let number: UInt8
        let x: Float
        let y: Float
        /// 1, or 5 for a flare.
        let value: UInt8
    }

    /// What a tick changed, beside the places of the ships.
    struct Changes: Sendable {
        /// Sparks that are gone, and the number of the ship that has them; 0: nobody.
        var caught: [(spark: UInt8, ship: UInt8)] = []
        var appeared: [Spark] = []
        /// Ships came or went.
        var crewChanged = false
        /// The round is over: who won, with how many points.
        var winner: (name: String, score: UInt16)?
    }

    private(set) var ships: [Ship] = []
    private(set) var sparks: [Spark] = []
    private(set) var tick: UInt32 = 0
    private(set) var ticksLeft = Arena.ticksPerRound
    private var lastSerial: UInt32 = 0
    private var crewChanged = false
    private var random: SeededGenerator

    init(seed: UInt64, ships: [Ship] = [], sparks: [Spark] = []) {
        random = SeededGenerator(seed: seed)
        (self.ships, self.sparks) = (ships, sparks)
    }

    // MARK: Coming, steering, going

    /// Puts a ship into the arena; nil if all seats are taken.
    mutating func join(_ name: String, isBot: Bool = false) -> Seat? {
        let used = Set(ships.map(\.seat.number))
        guard isBot || people < Self.seats, let number = (1...UInt8.max).first(where: { !used.contains($0) }) else { return nil }
        lastSerial &+= 1
        let seat = Seat(number: number, serial: lastSerial)
        let place = freePlace(margin: 120)
        ships.append(
            Ship(seat: seat, name: name, isBot: isBot, x: place.x, y: place.y, heading: UInt8.random(in: 0 ... .max, using: &random)))
        crewChanged = true
        return seat
    }

    mutating func leave(_ seat: Seat) {
        let before = ships.count
        ships.removeAll { $0.seat == seat }
        if ships.count < before { crewChanged = true }
    }

    /// Returns false if the seat is somebody else's by now.
    mutating func steer(_ seat: Seat, _ steering: Steering) -> Bool {
        guard let index = ships.firstIndex(where: { $0.seat == seat }) else { return false }
        if ships[index].steering != steering { ships[index].idleTicks = 0 }
        ships[index].steering = steering
        return true
    }

    /// How many ships people have.
    var people: Int { ships.reduce(0) { $0 + ($1.isBot ? 0 : 1) } }

    // MARK: Time

    mutating func advance() -> Changes {
        tick &+= 1
        var changes = Changes()
        manageBots()
        removeIdle()
        for index in ships.indices {
            if ships[index].isBot { ships[index].steering = bot(ships[index]) }
            ships[index].move()
        }
        collide(&changes)
        catchSparks(&changes)
        replenish(&changes)
        endRound(&changes)
        changes.crewChanged = crewChanged
        crewChanged = false
        return changes
    }

    private mutating func removeIdle() {
        let before = ships.count
        ships.removeAll { !$0.isBot && $0.idleTicks > Self.patience }
        if ships.count < before { crewChanged = true }
    }

    private mutating func endRound(_ changes: inout Changes) {
        ticksLeft -= 1
        guard ticksLeft <= 0 else { return }
        ticksLeft = Self.ticksPerRound
        if let best = ships.max(by: { $0.score < $1.score }), best.score > 0 { changes.winner = (best.name, best.score) }
        for index in ships.indices { ships[index].score = 0 }
    }

    // MARK: Collisions

    private mutating func collide(_ changes: inout Changes) {
        for one in ships.indices {
            for other in ships.indices.dropFirst(one + 1) {
                let (dx, dy) = (ships[other].x - ships[one].x, ships[other].y - ships[one].y)
                let distance = dx * dx + dy * dy
                guard distance < 4 * Self.shipRadius * Self.shipRadius else { continue }
                let length = max(1, distance.squareRoot())
                bump(one, other, (dx / length, dy / length), overlap: 2 * Self.shipRadius - length, &changes)
            }
        }
    }

    /// They part with their speeds along the line between them exchanged; whoever came at the other more slowly loses sparks.
    private mutating func bump(_ one: Int, _ other: Int, _ line: (x: Float, y: Float), overlap: Float, _ changes: inout Changes) {
        let mine = ships[one].vx * line.x + ships[one].vy * line.y
        let theirs = ships[other].vx * line.x + ships[other].vy * line.y
        ships[one].shift(-line.x * overlap / 2, -line.y * overlap / 2)
        ships[other].shift(line.x * overlap / 2, line.y * overlap / 2)
        guard mine > theirs else { return }
        ships[one].push(line.x * (theirs - mine), line.y * (theirs - mine))
        ships[other].push(line.x * (mine - theirs), line.y * (mine - theirs))
        guard abs(mine + theirs) > 80 else { return }
        spill(mine + theirs > 0 ? other : one, &changes)
    }

    /// Up to three of a ship's points become sparks around it again.
    private mutating func spill(_ index: Int, _ changes: inout Changes) {
        guard ships[index].stunTicks == 0 else { return }
        ships[index].stunTicks = Self.ticksPerSecond
        for _ in 0..<min(3, ships[index].score) {
            let direction = Turn.vector(UInt8.random(in: 0 ... .max, using: &random))
            let away = Self.shipRadius * 4 + Float(random.fraction()) * 50
            guard addSpark(ships[index].x + direction.x * away, ships[index].y + direction.y * away, value: 1, &changes) else { return }
            ships[index].score -= 1
        }
    }

    // MARK: Sparks

    private mutating func catchSparks(_ changes: inout Changes) {
        let reach = Self.shipRadius + Self.sparkRadius
        sparks.removeAll { spark in
            guard
                let index = ships.firstIndex(where: { ship in
                    let (dx, dy) = (ship.x - spark.x, ship.y - spark.y)
                    return ship.stunTicks == 0 && dx * dx + dy * dy < reach * reach
                })
            else { return false }
            ships[index].win(spark.value)
            changes.caught.append((spark.number, ships[index].seat.number))
            // Knocked out and caught in one tick: nobody need know of it but as gone.
            changes.appeared.removeAll { $0.number == spark.number }
            return true
        }
    }

    /// More ships want more sparks.
    private mutating func replenish(_ changes: inout Changes) {
        let wanted = min(160, 40 + 3 * ships.count)
        for _ in 0..<2 where sparks.count < wanted {
            let place = freePlace(margin: 40)
            _ = addSpark(place.x, place.y, value: random.chance(0.06) ? 5 : 1, &changes)
        }
    }

    private mutating func addSpark(_ x: Float, _ y: Float, value: UInt8, _ changes: inout Changes) -> Bool {
        let used = Set(sparks.map(\.number)).union(changes.caught.map(\.spark))
        guard let number = (0...UInt8.max).first(where: { !used.contains($0) }) else { return false }
        let spark = Spark(
            number: number, x: min(max(x, 20), Self.width - 20), y: min(max(y, 20), Self.height - 20), value: value)
        sparks.append(spark)
        changes.appeared.append(spark)
        return true
    }

    private mutating func freePlace(margin: Float) -> (x: Float, y: Float) {
        (
            margin + Float(random.fraction()) * (Self.width - 2 * margin),
            margin + Float(random.fraction()) * (Self.height - 2 * margin)
        )
    }

    // MARK: Bots

    private static let botNames = ["Mirror", "Prism", "Beacon"]

    /// So few people never meet an empty arena; where there are enough, nobody needs bots.
    private mutating func manageBots() {
        let people = people
        let wanted = people == 0 ? 2 : max(0, min(3, 7 - people))
        let bots = ships.filter(\.isBot)
        if bots.count < wanted, let name = Self.botNames.first(where: { name in !bots.contains { $0.name == name } }) {
            _ = join(name, isBot: true)
        } else if bots.count > wanted, let last = bots.last {
            leave(last.seat)
        }
    }

    /// Goes for the nearest spark, and thinks about it only now and then, as people do.
    private mutating func bot(_ ship: Ship) -> Steering {
        guard random.chance(0.15) else { return ship.steering }
        let nearest = sparks.min { ship.squaredDistance(to: $0) < ship.squaredDistance(to: $1) }
        guard let nearest else { return Steering(heading: ship.heading, thrust: 90) }
        let error = Int8(clamping: Int((random.normal() * 7).rounded()))
        let heading = Turn.from(dx: nearest.x - ship.x, dy: nearest.y - ship.y) &+ UInt8(bitPattern: error)
        let isFar = ship.squaredDistance(to: nearest) > 300 * 300
        return Steering(heading: heading, thrust: isFar ? 230 : 170, boosts: isFar && ship.energy > 40 && random.chance(0.3))
    }
}
