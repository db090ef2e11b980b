// The game's messages, as Docs/demo-game.md lays them out: a byte that says which one it is, then numbers, the lowest byte first.

import NIOCore

/// What a player's page says.
enum PlayerFrame: Hashable, Sendable {
    /// Wants a ship with this name. Empty: the server finds one.
    case hello(name: String)
    case steer(Arena.Steering)
    /// To be sent back at once, for the page to measure the way.
    case ping(UInt32)

    static let version: UInt8 = 1
    static let longestName = 48

    /// What is wrong with a message. Each ends the connection.
    enum Mistake: Error, Hashable, Sendable {
        /// The bytes are no message: 1007.
        case layout
        /// A newer page, or an older one: 1008.
        case version
    }

    init(_ bytes: ByteBuffer) throws(Mistake) {
        var bytes = bytes
        switch bytes.readInteger(as: UInt8.self) {
        case 0x01: self = .hello(name: try Self.name(&bytes))
        case 0x02:
            guard let heading = bytes.readInteger(as: UInt8.self), let thrust = bytes.readInteger(as: UInt8.self),
                let flags = bytes.readInteger(as: UInt8.self), flags <= 1
            else { throw .layout }
            self = .steer(Arena.Steering(heading: heading, thrust: thrust, boosts: flags == 1))
        case 0x03:
            guard let token = bytes.readInteger(endianness: .little, as: UInt32.self) else { throw .layout }
            self = .ping(token)
        default: throw .layout
        }
        guard bytes.readableBytes == 0 else { throw .layout }
    }

    private static func name(_ bytes: inout ByteBuffer) throws(Mistake) -> String {
        guard let version = bytes.readInteger(as: UInt8.self) else { throw .layout }
        guard version == Self.version else { throw .version }
        guard let length = bytes.readInteger(as: UInt8.self), length <= longestName, let text = bytes.readSlice(length: Int(length)),
            let name = String(validating: text.readableBytesView, as: UTF8.self)
        else { throw .layout }
        return name
    }
}

/// What the server says.
enum GameFrame {
    /// What a page is told about itself.
    enum Role: UInt8 {
        case watches = 0
        case plays = 1
        /// It wanted a ship, and all seats are taken.
        case isTooLate = 2
        /// It had a ship, and did nothing with it for a minute.
        case hasDrifted = 3
    }

    /// To one page: what the arena is, and which ship is its own; 0: none.
    static func welcome(_ role: Role, ship: UInt8 = 0) -> ByteBuffer {
        var frame = ByteBuffer()
        frame.writeInteger(0x81 as UInt8)
        frame.writeInteger(PlayerFrame.version)
        frame.writeInteger(role.rawValue)
        frame.writeInteger(ship)
        frame.writeInteger(UInt8(Arena.ticksPerSecond))
        frame.writeInteger(UInt16(Arena.width), endianness: .little)
        frame.writeInteger(UInt16(Arena.height), endianness: .little)
        frame.writeInteger(UInt8(Arena.seats))
        return frame
    }

    /// To all, in each tick: where everything is that moves, and what became of the sparks.
    static func snapshot(_ arena: Arena, _ changes: Arena.Changes, watchers: Int) -> ByteBuffer {
        var frame = ByteBuffer()
        frame.reserveCapacity(16 + arena.ships.count * 9 + changes.caught.count * 2 + changes.appeared.count * 6)
        frame.writeInteger(0x82 as UInt8)
        frame.writeInteger(arena.tick, endianness: .little)
        frame.writeInteger(UInt16(clamping: arena.ticksLeft), endianness: .little)
        frame.writeInteger(UInt16(clamping: watchers), endianness: .little)
        frame.writeInteger(UInt8(clamping: arena.ships.count))
        for ship in arena.ships { frame.writeShip(ship) }
        frame.writeInteger(UInt8(clamping: changes.caught.count))
        for (spark, ship) in changes.caught {
            frame.writeInteger(spark)
            frame.writeInteger(ship)
        }
        frame.writeInteger(UInt8(clamping: changes.appeared.count))
        for spark in changes.appeared { frame.writeSpark(spark) }
        return frame
    }

    /// To all when ships come or go, and each second: the names and all sparks. Who missed snapshots is right again with it.
    static func keyframe(_ arena: Arena) -> ByteBuffer {
        var frame = ByteBuffer()
        frame.writeInteger(0x83 as UInt8)
        frame.writeInteger(UInt8(clamping: arena.ships.count))
        for ship in arena.ships {
            frame.writeInteger(ship.seat.number)
            frame.writeInteger(ship.isBot ? 1 : 0 as UInt8)
            frame.writeName(ship.name)
        }
        frame.writeInteger(UInt8(clamping: arena.sparks.count))
        for spark in arena.sparks { frame.writeSpark(spark) }
        return frame
    }

    static func pong(_ token: UInt32) -> ByteBuffer {
        var frame = ByteBuffer()
        frame.writeInteger(0x84 as UInt8)
        frame.writeInteger(token, endianness: .little)
        return frame
    }

    static func roundOver(_ winner: (name: String, score: UInt16)) -> ByteBuffer {
        var frame = ByteBuffer()
        frame.writeInteger(0x85 as UInt8)
        frame.writeInteger(winner.score, endianness: .little)
        frame.writeName(winner.name)
        return frame
    }
}

extension ByteBuffer {
    /// Nine bytes.
    fileprivate mutating func writeShip(_ ship: Ship) {
        writeInteger(ship.seat.number)
        writePlace(ship.x, ship.y)
        writeInteger(ship.heading)
        writeInteger(UInt8(min(max(ship.energy, 0), 63)) << 2 | (ship.stunTicks > 0 ? 2 : 0) | (ship.isBoosting ? 1 : 0))
        writeInteger(ship.score, endianness: .little)
    }

    /// Six bytes.
    fileprivate mutating func writeSpark(_ spark: Arena.Spark) {
        writeInteger(spark.number)
        writePlace(spark.x, spark.y)
        writeInteger(spark.value)
    }

    /// In sixteenths of a unit.
    private mutating func writePlace(_ x: Float, _ y: Float) {
        writeInteger(UInt16(min(max(x * 16, 0), 65_535)), endianness: .little)
        writeInteger(UInt16(min(max(y * 16, 0), 65_535)), endianness: .little)
    }

    fileprivate mutating func writeName(_ name: String) {
        let bytes = name.utf8.prefix(PlayerFrame.longestName)
        writeInteger(UInt8(bytes.count))
        writeBytes(bytes)
    }
}
