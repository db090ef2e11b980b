import NIOCore
import Testing

@testable import Demos

/// Docs/demo-game.md.
@Suite("The game's messages")
struct GameFrameTests {
    private func frame(_ bytes: UInt8...) -> ByteBuffer { ByteBuffer(bytes: bytes) }

    // MARK: From a page

    @Test("Hello, steering and ping, as they are laid out")
    func client() throws {
        #expect(try PlayerFrame(frame(1, 1, 3, 0x41, 0x64, 0x61)) == .hello(name: "Ada"))
        #expect(try PlayerFrame(frame(1, 1, 0)) == .hello(name: ""))
        #expect(try PlayerFrame(frame(2, 64, 255, 1)) == .steer(Arena.Steering(heading: 64, thrust: 255, boosts: true)))
        #expect(try PlayerFrame(frame(3, 0x78, 0x56, 0x34, 0x12)) == .ping(0x1234_5678), "the lowest byte first")
    }

    @Test("Another version of the page is told from nonsense")
    func version() {
        #expect(throws: PlayerFrame.Mistake.version) { try PlayerFrame(frame(1, 2, 0)) }
    }

    @Test(
        "What is too short, too long, unknown or no UTF-8 is no message",
        arguments: [
            [], [0], [4], [0x81], [255], [1], [1, 1], [1, 1, 1], [1, 1, 2, 65], [1, 1, 1, 65, 66], [1, 1, 1, 0xff], [1, 1, 2, 0xc3, 0x28],
            [1, 1, 49] + [UInt8](repeating: 65, count: 49), [2], [2, 0], [2, 0, 0], [2, 0, 0, 2], [2, 0, 0, 0, 0], [3], [3, 1, 2, 3],
            [3, 1, 2, 3, 4, 5],
        ] as [[UInt8]])
    func hostile(bytes: [UInt8]) {
        #expect(throws: PlayerFrame.Mistake.layout) { try PlayerFrame(ByteBuffer(bytes: bytes)) }
    }

    private func encoded(_ frame: PlayerFrame) -> [UInt8] {
        switch frame {
        case .hello(let name): [1, PlayerFrame.version, UInt8(name.utf8.count)] + Array(name.utf8)
        case .steer(let steering): [2, steering.heading, steering.thrust, steering.boosts ? 1 : 0]
        case .ping(let token): [3] + (0..<4).map { UInt8(truncatingIfNeeded: token >> ($0 * 8)) }
        }
    }

    @Test("Random bytes are refused, or are exactly what they say", arguments: 0..<10)
    func random(seed: UInt64) {
        var random = SeededGenerator(seed: seed)
        for _ in 0..<2_000 {
            var bytes = (0..<Int.random(in: 0...64, using: &random)).map { _ in UInt8.random(in: 0 ... .max, using: &random) }
            if !bytes.isEmpty, random.chance(0.8) { bytes[0] = .random(in: 1...3, using: &random) }
            if bytes.count > 2, random.chance(0.5) { (bytes[1], bytes[2]) = (1, UInt8(bytes.count - 3)) }
            guard let decoded = try? PlayerFrame(ByteBuffer(bytes: bytes)) else { continue }
            #expect(encoded(decoded) == bytes)
        }
    }

    @Test(
        "Names are short and visible",
        arguments: [
            ("Ada", "Ada"), ("  Ada\tB.  ", "Ada B."), ("", "Nobody"), ("\u{0}\u{7}\u{200b}\u{202e}", "Nobody"),
            ("abcdefghijklmnopqrstuvw", "abcdefghijklmnop"), ("a\u{1b}[31mb", "a[31mb"), ("a\u{a0}\u{2003}b", "a b"),
        ])
    func names(given: String, shown: String) {
        #expect(PlayerName.clean(given) == shown)
    }

    @Test("A name of few characters may have many bytes: it is cut between characters")
    func longName() {
        let family = "👨‍👩‍👧‍👦"
        let clean = PlayerName.clean(String(repeating: family, count: 16))
        #expect(clean.utf8.count <= PlayerFrame.longestName && !clean.isEmpty)
        #expect(PlayerName.clean("e" + String(repeating: "\u{301}", count: 200)).utf8.count <= PlayerFrame.longestName)
    }

    // MARK: To the pages

    @Test("A welcome says which ship, how fast, and how large")
    func welcome() {
        #expect(Array(GameFrame.welcome(.plays, ship: 7).readableBytesView) == [0x81, 1, 1, 7, 30, 0xd0, 0x07, 0xe2, 0x04, 200])
        #expect(Array(GameFrame.welcome(.watches).readableBytesView.prefix(4)) == [0x81, 1, 0, 0])
    }

    @Test("A snapshot has nine bytes for each ship, two for a spark that is gone, six for a new one")
    func snapshot() {
        var arena = Arena(seed: 1)
        _ = arena.join("Ada")
        for _ in 0..<20 { _ = arena.advance() }
        var changes = Arena.Changes()
        changes.caught = [(spark: 5, ship: 1)]
        changes.appeared = [Arena.Spark(number: 6, x: 10.5, y: 20.25, value: 5)]
        let frame = GameFrame.snapshot(arena, changes, watchers: 300)
        let bytes = Array(frame.readableBytesView)
        #expect(bytes.count == 10 + 9 * arena.ships.count + 1 + 2 + 1 + 6)
        let left = Arena.ticksPerRound - 20
        #expect(bytes.prefix(10) == [0x82, 20, 0, 0, 0, UInt8(left % 256), UInt8(left / 256), 44, 1, UInt8(arena.ships.count)])
        for (index, ship) in arena.ships.enumerated() {
            let row = bytes[(10 + 9 * index)...].prefix(9).map { Int($0) }
            #expect(row[0] == Int(ship.seat.number) && row[5] == Int(ship.heading))
            #expect(abs(Float(row[1] + row[2] << 8) / 16 - ship.x) < 0.07 && abs(Float(row[3] + row[4] << 8) / 16 - ship.y) < 0.07)
            #expect(row[6] >> 2 == Int(ship.energy) && row[7] + row[8] << 8 == Int(ship.score))
        }
        #expect(bytes.suffix(10) == [1, 5, 1, 1, 6, 168, 0, 68, 1, 5])
    }

    @Test("A keyframe has the names and all sparks")
    func keyframe() {
        var arena = Arena(seed: 1, sparks: [Arena.Spark(number: 3, x: 16, y: 32, value: 1)])
        _ = arena.join("Zoë")
        #expect(
            Array(GameFrame.keyframe(arena).readableBytesView)
                == [0x83, 1, 1, 0, 4] + Array("Zoë".utf8) + [1, 3, 0, 1, 0, 2, 1])
    }

    @Test("A pong has the token, the end of a round the winner")
    func rest() {
        #expect(Array(GameFrame.pong(0x1234_5678).readableBytesView) == [0x84, 0x78, 0x56, 0x34, 0x12])
        #expect(Array(GameFrame.roundOver((name: "Ada", score: 258)).readableBytesView) == [0x85, 2, 1, 3, 0x41, 0x64, 0x61])
    }
}
