import Demos
import NIOCore
import ServerTestSupport
import Testing
import WebSocketClient
import WebSocketNIO
import WebSocketProtocol

@testable import HeliographServer

@Suite("The game, over its socket", .timeLimit(.minutes(5)))
struct GameSocketTests {
    private static let hello: [UInt8] = [1, 1, 3, 0x41, 0x64, 0x61]

    /// A page without a picture.
    private final class Player {
        let socket: WebSocket
        private var messages: WebSocket.Messages.AsyncIterator

        init(_ server: TestServer) async throws {
            socket = try await server.connect("/demo/game")
            messages = socket.messages.makeAsyncIterator()
        }

        func send(_ bytes: [UInt8]) async throws {
            try await socket.send(ByteBuffer(bytes: bytes))
        }

        /// The next message of a kind.
        func next(_ kind: UInt8) async throws -> [UInt8] {
            while let message = try await messages.next() {
                let bytes = Array(message.bytes.readableBytesView)
                if bytes.first == kind { return bytes }
            }
            throw Unexpected("closed: \(await socket.waitForClose())")
        }

        /// Where ships are in the next snapshot, by number: nine bytes each, from the eleventh on.
        func ships() async throws -> [UInt8: (x: Int, y: Int)] {
            let bytes = try await next(0x82)
            var ships: [UInt8: (x: Int, y: Int)] = [:]
            for index in 0..<Int(bytes[9]) {
                let ship = bytes[(10 + 9 * index)...].prefix(9).map { Int($0) }
                ships[UInt8(ship[0])] = (ship[1] + ship[2] << 8, ship[3] + ship[4] << 8)
            }
            return ships
        }

        /// Says hello and returns the number of its ship.
        func join() async throws -> UInt8 {
            try await send(GameSocketTests.hello)
            while true {
                let welcome = try await next(0x81)
                if welcome[2] != 0 { return welcome[3] }
            }
        }
    }

    @Test("Who comes watches: a welcome, the names and sparks, and thirty snapshots a second")
    func watch() async throws {
        try await TestServer.run { server in
            let watcher = try await Player(server)
            #expect(try await watcher.next(0x81)[2...3] == [0, 0])
            _ = try await watcher.next(0x83)
            var ticks: [Int] = []
            for _ in 0..<30 {
                let bytes = try await watcher.next(0x82)
                ticks.append(Int(bytes[1]) + Int(bytes[2]) << 8)
            }
            #expect(zip(ticks, ticks.dropFirst()).allSatisfy { $1 == $0 + 1 }, "none is left out for who reads")
            try await watcher.send([3, 9, 8, 7, 6])
            #expect(try await watcher.next(0x84) == [0x84, 9, 8, 7, 6])
        }
    }

    @Test("Two players see each other come, move and leave")
    func two() async throws {
        try await TestServer.run { server in
            let (ada, grace) = (try await Player(server), try await Player(server))
            let (first, second) = (try await ada.join(), try await grace.join())
            #expect(first != second && first > 0 && second > 0)
            while try await ada.ships()[second] == nil {}
            let start = try #require(try await grace.ships()[first])
            try await ada.send([2, 64, 255, 0])
            while true {
                guard let now = try await grace.ships()[first] else { throw Unexpected("it left") }
                if abs(now.x - start.x) + abs(now.y - start.y) > 16 * 40 { break }
            }
            await ada.socket.close()
            while try await grace.ships()[first] != nil {}
        }
    }

    @Test("Nobody there: nothing runs, and who comes then finds the arena as new")
    func stops() async throws {
        let game = GameDemo(seed: 1)
        try await TestServer.run(demos: [game]) { server in
            let player = try await Player(server)
            _ = try await player.join()
            _ = try await player.next(0x82)
            #expect(game.counts == (1, 1))
            await player.socket.close()
            while game.counts.visitors > 0 { try await Task.sleep(for: .milliseconds(10)) }
            try await Task.sleep(for: .milliseconds(200))
            let next = try await Player(server)
            let bytes = try await next.next(0x82)
            #expect(Int(bytes[1]) + Int(bytes[2]) << 8 <= 2 && game.counts == (1, 0))
        }
    }

    @Test(
        "What is not the game's language ends the connection with the right code",
        arguments: [
            ([9, 9, 9], 1007), ([1, 1, 1, 0xff], 1007), ([], 1007), ([2, 0, 0, 7], 1007), ([1, 9, 0], 1008), ([2, 0, 0, 0], 1008),
            ([UInt8](repeating: 1, count: 65), 1009),
        ] as [([UInt8], UInt16)])
    func hostile(bytes: [UInt8], code: UInt16) async throws {
        try await TestServer.run { server in
            let player = try await Player(server)
            try await player.send(bytes)
            #expect(await player.socket.waitForClose().code.rawValue == code)
        }
    }

    @Test("Text ends with 1003, a second hello with 1008")
    func refused() async throws {
        try await TestServer.run { server in
            let talker = try await Player(server)
            try await talker.socket.send("hello")
            #expect(await talker.socket.waitForClose().code == .unsupportedData)
            let greedy = try await Player(server)
            _ = try await greedy.join()
            try await greedy.send(Self.hello)
            #expect(await greedy.socket.waitForClose().code == .policyViolation)
        }
    }

    @Test("More than sixty messages a second, for longer than two, end with 1008")
    func flood() async throws {
        try await TestServer.run { server in
            let player = try await Player(server)
            for token in 0..<100 { try await player.send([3, UInt8(token), 0, 0, 0]) }
            // A burst is no flood.
            while try await player.next(0x84)[1] != 99 {}
            for _ in 0..<400 { try? await player.send([3, 0, 0, 0, 0]) }
            #expect(await player.socket.waitForClose().code == .policyViolation)
        }
    }

    @Test("When all seats are taken, the next one watches, and is told why; a seat that is left is free again")
    func full() async throws {
        try await TestServer.run { server in
            var players: [Player] = []
            for _ in 0..<200 {
                let player = try await Player(server)
                #expect(try await player.join() > 0)
                players.append(player)
            }
            let late = try await Player(server)
            try await late.send(Self.hello)
            _ = try await late.next(0x81)
            #expect(try await late.next(0x81)[2...3] == [2, 0])
            await players[0].socket.close()
            while true {
                try await late.send(Self.hello)
                let welcome = try await late.next(0x81)
                if welcome[2] == 1 { break }
                try await Task.sleep(for: .milliseconds(50))
            }
        }
    }
}
