// What is written is read as it was, whatever it is; and what is broken is refused without a trap.

import NIOCore
import RealtimeProtocol
import Testing
import WebSocketTesting

@Suite("Round trips with random messages")
struct RoundTripTests {
    static let formats = [WireFormat.json, .protobuf]

    @Test("commands, alone and in batches", arguments: formats)
    func commandsBack(format: WireFormat) throws {
        for seed in UInt64(0)..<1_500 {
            var random = RandomMessages(seed: seed, format: format)
            let sent = (0..<Int(seed % 3 + 1)).map { _ in random.command() }
            #expect(try commands(format, try batch(format, sent)) == sent, "seed \(seed)")
        }
    }

    @Test("replies, alone and in batches", arguments: formats)
    func repliesBack(format: WireFormat) throws {
        for seed in UInt64(0)..<1_500 {
            var random = RandomMessages(seed: seed, format: format)
            let sent = (0..<Int(seed % 3 + 1)).map { _ in random.reply() }
            #expect(try replies(format, try batch(format, sent)) == sent, "seed \(seed)")
        }
    }

    @Test("bare pushes", arguments: formats)
    func pushesBack(format: WireFormat) throws {
        for seed in UInt64(0)..<1_000 {
            var random = RandomMessages(seed: seed, format: format)
            let sent = [random.push(), random.push()]
            #expect(try pushes(format, try batch(format, sent)) == sent, "seed \(seed)")
        }
    }

    @Test("a message cut anywhere is refused, or its batch ended before", arguments: formats)
    func cut(format: WireFormat) throws {
        for seed in UInt64(0)..<60 {
            var random = RandomMessages(seed: seed, format: format)
            let sent = [random.command(), random.command()]
            let whole = Array(try batch(format, sent).readableBytesView)
            guard whole.count < 2_000 else { continue }
            for count in 1..<whole.count {
                var reader = CommandReader(format, ByteBuffer(bytes: whole.prefix(count)))
                var read: [Wire.Command] = []
                do {
                    while let command = try reader.next() { read.append(command) }
                    // It ended between the two, or (JSON) at the newline.
                    #expect(read == [sent[0]], "seed \(seed), \(count) bytes")
                } catch {
                    #expect(read.isEmpty || read == [sent[0]], "seed \(seed), \(count) bytes")
                }
            }
        }
    }

    @Test("a broken byte anywhere traps nothing, and what is read can be written and read again", arguments: formats)
    func brokenByte(format: WireFormat) throws {
        var accepted = 0
        for seed in UInt64(0)..<6_000 {
            var random = RandomMessages(seed: seed % 300, format: format)
            var bytes = Array(try batch(format, [random.command(), random.command()]).readableBytesView)
            var places = SeededRandom(seed: seed)
            for _ in 0..<Int.random(in: 1...3, using: &places) {
                guard let place = bytes.indices.randomElement(using: &places) else { continue }
                bytes[place] = .random(in: 0...255, using: &places)
            }
            guard let read = try? commands(format, ByteBuffer(bytes: bytes)) else { continue }
            accepted += 1
            #expect(try commands(format, try batch(format, read)) == read, "seed \(seed)")
        }
        #expect(accepted > 100)
    }

    @Test("garbage traps nothing", arguments: formats)
    func garbage(format: WireFormat) {
        let tokens = [
            #""id""#, #""publish""#, #""channel""#, #""data""#, "{", "}", "[", "]", ",", ":", "1", "null", "\"", "\\u", "\n", " ", "-", "e",
        ]
        for seed in UInt64(0)..<20_000 {
            var random = SeededRandom(seed: seed)
            var bytes: [UInt8] = []
            for _ in 0..<Int.random(in: 0..<40, using: &random) {
                if format == .json, let token = tokens.randomElement(using: &random) {
                    bytes += Array(token.utf8)
                } else {
                    bytes.append(.random(in: 0...(Bool.random(using: &random) ? 255 : 40), using: &random))
                }
            }
            let buffer = ByteBuffer(bytes: bytes)
            _ = try? commands(format, buffer)
            _ = try? replies(format, buffer)
            _ = try? pushes(format, buffer)
            _ = try? JSONText.compact(buffer)
            _ = try? Delta.apply(buffer, to: buffer, limit: 1_000)
        }
    }
}
