// What must hold for all streams: tried on very many random ones. A failure names its seed.

import NIOCore
import Testing
import WebSocketTesting

@testable import WebSocketProtocol

@Suite("Properties")
struct PropertyTests {
    /// A random stream that keeps all rules, of up to `count` messages with control frames in between.
    static func validStream(_ random: inout SeededRandom, count: Int, compresses: Bool) -> [RawFrame] {
        var frames: [RawFrame] = []
        for _ in 0..<Int.random(in: 0...count, using: &random) {
            let isText = Bool.random(using: &random)
            var payload = isText ? text(&random) : random.bytes(Int.random(in: 0...300, using: &random))
            let isCompressed = compresses && Bool.random(using: &random)
            if isCompressed { payload = payload.map { ~$0 } }
            let rest = Int.random(in: 0...3, using: &random)
            var start = 0
            for fragment in 0...rest {
                let end = fragment == rest ? payload.count : Int.random(in: start...payload.count, using: &random)
                var frame = RawFrame(fragment > 0 ? .continuation : isText ? .text : .binary, Array(payload[start..<end]))
                frame.masking = .key(UInt32.random(in: 0...(.max), using: &random))
                frame.isFinal = fragment == rest
                frames.append(isCompressed && fragment == 0 ? frame.reserved(4) : frame)
                start = end
                if Int.random(in: 0..<8, using: &random) == 0 { frames.append(Bool.random(using: &random) ? .ping("p\(end)") : .pong("q")) }
            }
        }
        if Int.random(in: 0..<3, using: &random) == 0 { frames.append(.close(4000, "enough")) }
        return frames
    }

    static func text(_ random: inout SeededRandom) -> [UInt8] {
        let alphabet: [Character] = ["a", "b", " ", "é", "€", "世", "😀", "\u{0}", "\u{10ffff}"]
        return Array(String((0..<Int.random(in: 0...100, using: &random)).compactMap { _ in alphabet.randomElement(using: &random) }).utf8)
    }

    /// What the stream means, by the obvious reading of it.
    static func meaning(of frames: [RawFrame]) -> [WebSocketEvent] {
        var events: [WebSocketEvent] = []
        var open: (kind: MessageKind, isCompressed: Bool, payload: [UInt8])?
        for frame in frames {
            switch frame.opcode {
            case .ping: events.append(.ping(ByteBuffer(bytes: frame.payload)))
            case .pong: events.append(.pong(ByteBuffer(bytes: frame.payload)))
            case .close: events.append(.close(4000, "enough"))
            default:
                open = open ?? (frame.opcode == .text ? .text : .binary, frame.reservedBits != 0, [])
                open?.payload += frame.payload
                if frame.isFinal, let whole = open.take() {
                    events.append(.message(whole.kind, ByteBuffer(bytes: whole.isCompressed ? whole.payload.map { ~$0 } : whole.payload)))
                }
            }
        }
        return events
    }

    @Test("a valid stream means the same however it is split, whole or in parts, compressed or not")
    func splits() throws {
        for seed in UInt64(0)..<400 {
            var random = SeededRandom(seed: seed)
            let compresses = Bool.random(using: &random)
            let frames = Self.validStream(&random, count: 12, compresses: compresses)
            let expected = Self.meaning(of: frames)
            let pongs = frames.filter { $0.opcode == .ping }.map { RawFrame(.pong, $0.payload) }
            let close: [RawFrame] = frames.contains { $0.opcode == .close } ? [.close(4000)] : []
            let cuts: [Splitting] = [
                .whole, .everyByte, .random(seed: seed, upTo: 5), .random(seed: seed, upTo: 40), .random(seed: seed, upTo: 700),
            ]
            for (index, splitting) in cuts.enumerated() {
                let settings = WebSocketMachineSettings(limits: WebSocketLimits(controlFrameBurst: 1_000), deliversParts: index % 2 == 1)
                let peer = ScriptedPeer(
                    of: .server, settings: settings, compressor: compresses ? FakeCompressor() : nil, splitting: splitting)
                let reaction = peer.sends(frames)
                #expect(PartsTests.joined(reaction.events) == expected, "seed \(seed), \(splitting)")
                try reaction.expectReplies(pongs + close)
            }
        }
    }

    @Test("a broken byte anywhere in a stream: the same verdict however it is split")
    func brokenByte() {
        for seed in UInt64(1_000)..<1_600 {
            var random = SeededRandom(seed: seed)
            var bytes = Self.validStream(&random, count: 4, compresses: false).flatMap { $0.bytes(from: .client) }
            guard let place = bytes.indices.randomElement(using: &random) else { continue }
            bytes[place] = UInt8.random(in: 0...255, using: &random)
            let whole = ScriptedPeer(of: .server)
            whole.sends(bytes: bytes)
            for splitting: Splitting in [.everyByte, .random(seed: seed, upTo: 9)] {
                let split = ScriptedPeer(of: .server, splitting: splitting)
                split.sends(bytes: bytes)
                #expect(split.subject.events == whole.subject.events, "seed \(seed), \(splitting)")
                #expect(split.subject.machine.state == whole.subject.machine.state, "seed \(seed), \(splitting)")
            }
        }
    }

    /// Headers that are likely to be right, so that garbage gets further than the first rule.
    static func garbage(_ random: inout SeededRandom) -> [UInt8] {
        var bytes: [UInt8] = []
        for _ in 0..<Int.random(in: 1...6, using: &random) {
            if Int.random(in: 0..<4, using: &random) == 0 {
                bytes += random.bytes(Int.random(in: 0...20, using: &random))
                continue
            }
            let opcodes: [UInt8] = [0, 1, 2, 8, 9, 10]
            let fin: UInt8 = Bool.random(using: &random) ? 0x80 : 0
            let rsv: UInt8 = Int.random(in: 0..<8, using: &random) == 0 ? 0x40 : 0
            bytes.append(fin | rsv | (opcodes.randomElement(using: &random) ?? 0))
            switch Int.random(in: 0..<10, using: &random) {
            case 0: bytes += [0xfe] + random.bytes(2)
            case 1: bytes += [0xff] + random.bytes(8)
            case 2: bytes += [0xff, 0, 0, 0, 0, 0, 0] + random.bytes(2)
            case 3: bytes += [0xff, 0x7f] + [UInt8](repeating: 0xff, count: 7)
            default: bytes.append(0x80 | UInt8.random(in: 0...20, using: &random))
            }
            bytes += random.bytes(4 + Int.random(in: 0...20, using: &random))
        }
        return bytes
    }

    @Test("no input traps: 100,000 random streams to machines of every kind, with every call in between", .timeLimit(.minutes(5)))
    func garbageNeverTraps() {
        var batch = EventBatch()
        var events = 0
        var outcomes: Set<String> = []
        for seed in UInt64(0)..<100_000 {
            var random = SeededRandom(seed: seed &+ 1 << 32)
            let limits = WebSocketLimits(maxMessageSize: [10, 1 << 16, .max].randomElement(using: &random) ?? 0, controlFrameBurst: 3)
            let settings = WebSocketMachineSettings(limits: limits, keepalive: Keepalive(), deliversParts: seed % 3 == 0)
            var machine = WebSocketMachine(
                role: seed % 4 == 0 ? .client : .server, settings: settings, compressor: seed % 2 == 0 ? FakeCompressor() : nil)
            var output = ByteBuffer()
            for piece in Splitting.random(seed: seed, upTo: 30).pieces(of: Self.garbage(&random)) {
                machine.receive(ByteBuffer(bytes: piece), into: &batch)
                // Now and then the owner forgets to take the events, or acts on its own.
                if seed % 16 != 5 {
                    while machine.nextEvent(from: &batch, output: &output) != nil { events += 1 }
                }
                if seed % 32 == 7 { machine.close(into: &output) }
                if seed % 32 == 9 { machine.outputIsBlocked.toggle() }
                if seed % 64 == 11 {
                    _ = machine.advance(to: MonotonicTime(nanoseconds: .random(in: 0...(.max), using: &random)), output: &output)
                }
            }
            outcomes.insert(machine.state.reason.map { "\($0.code)" } ?? "open")
            machine.receiveEnd()
        }
        // The garbage reached what it should: messages, and every kind of ending.
        #expect(events > 100_000)
        #expect(outcomes.count >= 6)
    }
}
