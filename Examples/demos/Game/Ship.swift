import Foundation

/// A ship, and how it moves.
struct Ship: Sendable {
    let seat: Arena.Seat
    let name: String
    let isBot: Bool
    private(set) var x: Float
    private(set) var y: Float
    private(set) var vx: Float = 0
    private(set) var vy: Float = 0
    /// In 256ths of a turn, clockwise from the right.
    private(set) var heading: UInt8
    /// What a boost uses up, from 0 to 63.
    private(set) var energy: Float = 63
    private(set) var isBoosting = false
    var steering = Arena.Steering()
    var score: UInt16 = 0
    /// Was rammed: catches nothing so long.
    var stunTicks = 0
    var idleTicks = 0

    init(seat: Arena.Seat, name: String, isBot: Bool, x: Float, y: Float, heading: UInt8) {
        (self.seat, self.name, self.isBot) = (seat, name, isBot)
        (self.x, self.y, self.heading) = (x, y, heading)
        steering.heading = heading
    }

    private static let turnPerTick: Int8 = 10
    private static let thrust: Float = 22
    private static let boost: Float = 1.8
    /// What is left of the speed after a tick: with it the thrust makes 345 units a second at most, and a boost 620.
    private static let glide: Float = 0.94
    private static let secondsPerTick = 1 / Float(Arena.ticksPerSecond)

    mutating func move() {
        idleTicks += 1
        stunTicks = max(0, stunTicks - 1)
        let missing = Int8(bitPattern: steering.heading &- heading)
        heading = heading &+ UInt8(bitPattern: min(max(missing, -Self.turnPerTick), Self.turnPerTick))
        isBoosting = steering.boosts && energy >= 1
        energy = isBoosting ? energy - 1 : min(63, energy + 0.35)
        let force = Float(steering.thrust) / 255 * Self.thrust * (isBoosting ? Self.boost : 1)
        let direction = Turn.vector(heading)
        vx = (vx + direction.x * force) * Self.glide
        vy = (vy + direction.y * force) * Self.glide
        shift(vx * Self.secondsPerTick, vy * Self.secondsPerTick)
    }

    /// Moves it, but not through the walls: they throw it back.
    mutating func shift(_ dx: Float, _ dy: Float) {
        x += dx
        y += dy
        let (right, bottom) = (Arena.width - Arena.shipRadius, Arena.height - Arena.shipRadius)
        if x < Arena.shipRadius || x > right { vx *= -0.6 }
        if y < Arena.shipRadius || y > bottom { vy *= -0.6 }
        x = min(max(x, Arena.shipRadius), right)
        y = min(max(y, Arena.shipRadius), bottom)
    }

    mutating func push(_ dvx: Float, _ dvy: Float) {
        vx += dvx
        vy += dvy
    }

    mutating func win(_ points: UInt8) {
        let (sum, isTooMuch) = score.addingReportingOverflow(UInt16(points))
        score = isTooMuch ? .max : sum
        energy = min(63, energy + 6)
    }

    func squaredDistance(to spark: Arena.Spark) -> Float {
        (spark.x - x) * (spark.x - x) + (spark.y - y) * (spark.y - y)
    }
}

/// Directions in 256ths of a turn.
enum Turn {
    private static let vectors: [(x: Float, y: Float)] = (0..<256).map { step in
        let angle = Double(step) / 128 * Double.pi
        return (x: Float(cos(angle)), y: Float(sin(angle)))
    }

    static func vector(_ heading: UInt8) -> (x: Float, y: Float) { vectors[Int(heading)] }

    static func from(dx: Float, dy: Float) -> UInt8 {
        UInt8(truncatingIfNeeded: Int((atan2(Double(dy), Double(dx)) / Double.pi * 128).rounded()))
    }
}
