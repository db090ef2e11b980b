// A game for many: the server alone decides what happens, thirty times a second, and tells everybody with one message that is framed once.
//
//   page ── steer ──▶ PlayerSocket ──▶ Arena (pure, one lock) ──▶ snapshot ──▶ Room ──▶ all pages
//
// The messages are bytes (Docs/demo-game.md). Nobody there: nothing runs.

import NIOCore
public import RealtimeHub
import Synchronization
public import WebSocketNIO
import WebSocketProtocol

/// An arena for two hundred players and their spectators, over a socket of its own.
///
/// ```swift
/// let game = GameDemo()
/// router.webSocket("demo/game", configuration: GameDemo.socketConfiguration, delegate: { _, _ in game.makeDelegate() })
/// await game.run()   // beside the server
/// ```
public final class GameDemo: Demo {
    private struct State {
        var arena: Arena
        var visitors = 0
    }

    static let mostVisitors = 1_000
    private static let tick = Duration.nanoseconds(1_000_000_000 / Arena.ticksPerSecond)

    private let seed: UInt64
    private let state: Mutex<State>
    /// Who reads too slowly misses snapshots; the next keyframe puts that right.
    private let room = Room(maxBufferedBytes: 64 << 10, slowReaders: .skip)
    private let (arrivals, arrived) = AsyncStream.makeStream(of: Void.self, bufferingPolicy: .bufferingNewest(1))

    /// - Parameter seed: decides on where sparks and ships appear, and on what bots do.
    public init(seed: UInt64 = .random(in: 0 ... .max)) {
        self.seed = seed
        self.state = Mutex(State(arena: Arena(seed: seed)))
    }

    /// How many pages are connected, and how many people have ships.
    public var counts: (visitors: Int, players: Int) {
        state.withLock { ($0.visitors, $0.arena.people) }
    }

    // MARK: Sockets

    /// For the socket's route. A name is the longest thing that a page says: a longer message is closed with 1009.
    public static var socketConfiguration: WebSocketConfiguration {
        var configuration = WebSocketConfiguration()
        configuration.limits.maxMessageSize = 64
        configuration.shutdownCode = .serviceRestart
        return configuration
    }

    /// Whether one more socket may be opened. Ask before the upgrade, and refuse with 503.
    public var admitsVisitor: Bool { counts.visitors < Self.mostVisitors }

    /// What handles one socket.
    public func makeDelegate() -> any WebSocketDelegate { PlayerSocket(game: self) }

    // MARK: Time

    /// It has no channels.
    public var namespaces: [String: ChannelSettings] { [:] }

    /// Needs no hub.
    public func run(on hub: Hub) async {
        await run()
    }

    /// Runs the game while somebody is there, until the task is cancelled.
    public func run() async {
        for await _ in arrivals {
            var next = ContinuousClock.now
            while !Task.isCancelled, let messages = advance() {
                for message in messages { room.broadcast(message) }
                next += Self.tick
                // After a pause (a laptop that slept) the game goes on from now.
                if next.duration(to: .now) > .milliseconds(250) { next = .now }
                try? await Task.sleep(until: next, tolerance: .milliseconds(2), clock: .continuous)
            }
        }
    }

    /// A thirtieth of a second: what all are told; nil if nobody is there.
    private func advance() -> [PreparedMessage]? {
        state.withLock { state in
            guard state.visitors > 0 else {
                state.arena = Arena(seed: seed &+ UInt64(state.arena.tick))
                return nil
            }
            let changes = state.arena.advance()
            var frames: [ByteBuffer] = []
            frames.append(GameFrame.snapshot(state.arena, changes, watchers: state.visitors - state.arena.people))
            if changes.crewChanged || Int(state.arena.tick) % Arena.ticksPerSecond == 0 { frames.append(GameFrame.keyframe(state.arena)) }
            if let winner = changes.winner { frames.append(GameFrame.roundOver(winner)) }
            return frames.map { PreparedMessage(binary: $0) }
        }
    }

    // MARK: What sockets do

    fileprivate func opened(_ socket: WebSocketConnection) {
        let keyframe = state.withLock { state in
            state.visitors += 1
            return GameFrame.keyframe(state.arena)
        }
        socket.send(GameFrame.welcome(.watches), .binary)
        socket.send(keyframe, .binary)
        room.join(socket)
        arrived.yield()
    }

    fileprivate func closed(_ seat: Arena.Seat?) {
        state.withLock { state in
            state.visitors -= 1
            if let seat { state.arena.leave(seat) }
        }
    }

    fileprivate func join(_ name: String) -> Arena.Seat? {
        state.withLock { $0.arena.join(name) }
    }

    fileprivate func has(_ seat: Arena.Seat) -> Bool {
        state.withLock { $0.arena.ships.contains { $0.seat == seat } }
    }

    fileprivate func steer(_ seat: Arena.Seat, _ steering: Arena.Steering) -> Bool {
        state.withLock { $0.arena.steer(seat, steering) }
    }
}

/// One page: it watches until it says hello. What it sends is bounded, in size by the route and in number here.
private final class PlayerSocket: WebSocketDelegate {
    private let game: GameDemo
    private var seat: Arena.Seat?
    private var hasSaidHello = false
    private var credit = PlayerSocket.burst
    private var filledAt = NIODeadline.now()

    /// A page sends 30 steerings and a ping or two in a second.
    private static let messagesPerSecond = 60.0
    private static let burst = 120.0

    init(game: GameDemo) {
        self.game = game
    }

    func opened(_ socket: WebSocketConnection) {
        game.opened(socket)
    }

    func received(_ payload: ByteBuffer, _ kind: MessageKind, on socket: WebSocketConnection) {
        guard kind == .binary else { return socket.close(code: .unsupportedData, reason: "the game speaks bytes") }
        guard spend(at: socket.eventLoop.now) else { return socket.close(code: .policyViolation, reason: "too many messages") }
        do throws(PlayerFrame.Mistake) {
            try handle(PlayerFrame(payload), on: socket)
        } catch .layout {
            socket.close(code: .invalidPayload, reason: "no message of the game")
        } catch {
            socket.close(code: .policyViolation, reason: "another version of the game: load the page anew")
        }
    }

    func closed(_ socket: WebSocketConnection, _ reason: CloseReason) {
        game.closed(seat)
    }

    private func handle(_ frame: PlayerFrame, on socket: WebSocketConnection) {
        switch frame {
        case .ping(let token): socket.send(GameFrame.pong(token), .binary)
        case .hello(let name):
            if let seat, game.has(seat) { return socket.close(code: .policyViolation, reason: "one ship is enough") }
            hasSaidHello = true
            seat = game.join(PlayerName.clean(name))
            socket.send(seat.map { GameFrame.welcome(.plays, ship: $0.number) } ?? GameFrame.welcome(.isTooLate), .binary)
        case .steer(let steering):
            guard hasSaidHello else { return socket.close(code: .policyViolation, reason: "say hello first") }
            guard let seat, !game.steer(seat, steering) else { return }
            self.seat = nil
            socket.send(GameFrame.welcome(.hasDrifted), .binary)
        }
    }

    private func spend(at now: NIODeadline) -> Bool {
        let seconds = Double((now - filledAt).nanoseconds) / 1e9
        filledAt = now
        credit = min(Self.burst, credit + seconds * Self.messagesPerSecond) - 1
        return credit >= 0
    }
}

/// What others see of a name: at most 16 characters, none of them invisible.
enum PlayerName {
    static func clean(_ name: String) -> String {
        let visible = name.unicodeScalars.filter { scalar in
            let properties = scalar.properties
            return properties.isWhitespace || !(properties.isDefaultIgnorableCodePoint || properties.generalCategory == .control)
        }
        var kept = String(String.UnicodeScalarView(visible)).split(whereSeparator: \.isWhitespace).joined(separator: " ").prefix(16)
        while kept.utf8.count > PlayerFrame.longestName { kept.removeLast() }
        return kept.isEmpty ? "Nobody" : String(kept)
    }
}
