// Patches (protocol §1.10): made and applied by us, and taken from a peer. ConformanceVectorsTests compares them with other people's.

import NIOCore
import RealtimeProtocol
import Testing
import WebSocketTesting

@Suite("Patches: protocol §1.10")
struct DeltaTests {
    private static func apply(_ patch: String, to base: String, limit: Int = 1_000) throws(Delta.Failure) -> String {
        String(buffer: try Delta.apply(.text(patch), to: .text(base), limit: limit))
    }

    private static func refuse(
        _ patch: String, _ failure: Delta.Failure, limit: Int = 1_000, at location: SourceLocation = #_sourceLocation
    ) {
        #expect(throws: failure, "\(patch)", sourceLocation: location) { try apply(patch, to: "0123456789", limit: limit) }
    }

    @Test("copies, insertions, and the checksum at the end")
    func examples() throws {
        // "abcd" is 0x61626364: the digits 1, 33, 24, 38, 13, 36.
        #expect(try Self.apply("4\n4:abcd1XObD_;", to: "") == "abcd")
        #expect(try Self.apply("4\n4:abcd".endingWithChecksum(of: "abcd"), to: "") == "abcd")
        #expect(try Self.apply("6\n3@2,2:xy1@9,".endingWithChecksum(of: "234xy9"), to: "0123456789") == "234xy9")
        #expect(try Self.apply("0\n0;", to: "abc").isEmpty)
        #expect(try Self.apply("A\nA@0,".endingWithChecksum(of: "0123456789"), to: "0123456789") == "0123456789")
    }

    @Test("every patch of ours makes its target, whatever the texts")
    func roundTrip() throws {
        var made = 0
        for seed in UInt64(0)..<1_500 {
            var random = SeededRandom(seed: seed)
            let alphabet = seed % 3 == 0 ? 2 : seed % 3 == 1 ? 26 : 256
            func bytes(_ count: Int) -> [UInt8] {
                (0..<count).map { _ in UInt8(truncatingIfNeeded: Int.random(in: 0..<alphabet, using: &random)) }
            }
            let base = bytes(.random(in: 0..<600, using: &random))
            var target = base
            for _ in 0..<Int.random(in: 0..<6, using: &random) {
                let place = Int.random(in: 0...target.count, using: &random)
                switch Int.random(in: 0..<4, using: &random) {
                case 0: target.insert(contentsOf: bytes(.random(in: 0..<30, using: &random)), at: place)
                case 1: target.removeSubrange(place..<min(target.count, place + .random(in: 0..<50, using: &random)))
                case 2: target.append(contentsOf: base.suffix(.random(in: 0...base.count, using: &random)))
                default: target = Array(target.suffix(place) + target.dropLast(place))
                }
            }
            for cuts in [Delta.Cuts.bytes, .characters] {
                guard let patch = Delta.make(from: base, to: target, cuts: cuts) else { continue }
                made += 1
                #expect(patch.count < target.count)
                let result = try Delta.apply(ByteBuffer(bytes: patch), to: ByteBuffer(bytes: base), limit: target.count)
                #expect(Array(result.readableBytesView) == target, "seed \(seed)")
                #expect(Delta.make(from: ByteBuffer(bytes: base), to: ByteBuffer(bytes: target), cuts: cuts) == ByteBuffer(bytes: patch))
            }
        }
        #expect(made > 1_000)
    }

    @Test("a patch of what is alike is small, and of what is not there is none")
    func sizes() throws {
        let base = Array((0..<200).map { "\"key\($0)\":\($0 * 7_919 % 1_000)" }.joined(separator: ",").utf8)
        let target = Array(String(decoding: base, as: UTF8.self).replacing("\"key100\":", with: "\"other\":").utf8)
        let patch = try #require(Delta.make(from: base, to: target))
        #expect(patch.count < 40)
        #expect(Delta.make(from: base, to: base).map(\.count) ?? .max < 20)
        var random = SeededRandom(seed: 1)
        #expect(Delta.make(from: base, to: random.bytes(1_000)) == nil)
        #expect(Delta.make(from: [], to: base) == nil)
        #expect(Delta.make(from: base, to: []) == nil)
        #expect(Delta.make(from: base, to: Array(base.prefix(4))) == nil)
    }

    @Test("a patch of text is text when it has to be")
    func characters() throws {
        let words = ["grüße", "κόσμε", "世界", "😀😁", "plain words", "é"]
        for seed in UInt64(0)..<600 {
            var random = SeededRandom(seed: seed)
            func text() -> String { (0..<30).compactMap { _ in words.randomElement(using: &random) }.joined() }
            let base = text(), middle = text()
            // The last bytes of the two characters in the middle differ, and the first ones do not.
            let target = Array((base + "😀" + middle).utf8), from = Array((base + "😁" + middle).utf8)
            let patch = try #require(Delta.make(from: from, to: target, cuts: .characters))
            #expect(String(validating: patch, as: UTF8.self) != nil, "seed \(seed)")
            #expect(JSONText.string(ByteBuffer(bytes: patch)) != nil)
            #expect(try Delta.apply(ByteBuffer(bytes: patch), to: ByteBuffer(bytes: from), limit: .max) == ByteBuffer(bytes: target))
        }
    }

    @Test("time does not explode with texts that are alike everywhere", .timeLimit(.minutes(1)))
    func repetition() throws {
        for unit: [UInt8] in [[0], [0, 1], Array("abcdefgh".utf8), Array("0123456789abcdef".utf8)] {
            let base = (0..<200_000).map { unit[$0 % unit.count] }
            var target = base
            for place in stride(from: 0, to: target.count, by: 997) { target[place] ^= 0x40 }
            let patch = try #require(Delta.make(from: base, to: target))
            #expect(try Delta.apply(ByteBuffer(bytes: patch), to: ByteBuffer(bytes: base), limit: .max) == ByteBuffer(bytes: target))
        }
    }

    @Test("what is no text has no patch that is text, and takes no time", .timeLimit(.minutes(1)))
    func noText() {
        for byte: UInt8 in [0x80, 0xbf, 0xff] {
            let bytes = [UInt8](repeating: byte, count: 1 << 20)
            #expect(Delta.make(from: bytes, to: bytes, cuts: .characters) == nil)
            #expect(Delta.make(from: bytes, to: bytes) != nil)
        }
    }

    @Test("the limit is looked at before anything is made")
    func limit() {
        Self.refuse("~~~~~\n", .overLimit)
        Self.refuse("B\nA@0,1:x0;", .overLimit, limit: 10)
        // What is written never grows beyond the length that was declared.
        Self.refuse("3\n4@0,0;", .wrongLength)
        Self.refuse("3\n3@0,1:x0;", .wrongLength)
        Self.refuse("3\n2@0,0;", .wrongLength)
    }

    @Test("copies from beyond the base and insertions from beyond the patch")
    func ranges() {
        Self.refuse("5\n5@6,0;", .outOfRange)
        Self.refuse("5\n1@A,0;", .outOfRange)
        Self.refuse("5\n1@3~~~~~,0;", .outOfRange)
        Self.refuse("5\n5:ab", .outOfRange)
        Self.refuse("~\n~:0;", .outOfRange)
    }

    @Test("the grammar")
    func grammar() {
        for patch in [
            "", "\n", "3", "3\n", "3 ", "3\n3", "3\n3@", "3\n3@0", "3\n3@0;", "3\n@0,", "3\n3@,0;", "3\n:abc", "3\n;", "3\n3!abc", "-1\n",
            "~~~~~~\n", "4000000\n", "0\n0;x", "3\n3@0,", "\u{80}\n0;",
        ] {
            Self.refuse(patch, .malformed)
        }
        Self.refuse("3\n3@0,0;", .wrongChecksum)
        #expect(throws: Delta.Failure.wrongChecksum) { try Self.apply("3\n3@0,".endingWithChecksum(of: "013"), to: "0123456789") }
    }

    @Test("a patch that is cut or broken anywhere gives its target or an error")
    func broken() throws {
        let base = Array("the quick brown fox jumps over the lazy dog, and the dog does not mind at all".utf8)
        let target = Array("the quick brown fox jumps over the crazy dog, and the dog does not mind at all!".utf8)
        let patch = try #require(Delta.make(from: base, to: target))
        for place in patch.indices {
            #expect(throws: Delta.Failure.self) {
                try Delta.apply(ByteBuffer(bytes: patch.prefix(place)), to: ByteBuffer(bytes: base), limit: 1_000)
            }
            for byte in UInt8.min...(.max) where byte != patch[place] {
                var broken = patch
                broken[place] = byte
                let result = try? Delta.apply(ByteBuffer(bytes: broken), to: ByteBuffer(bytes: base), limit: 1_000)
                #expect((result?.readableBytes ?? 0) <= 1_000)
            }
        }
    }
}

extension String {
    /// These commands, and the checksum of the target.
    fileprivate func endingWithChecksum(of target: String) -> String {
        let digits = Array("0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ_abcdefghijklmnopqrstuvwxyz~")
        var bytes = Array(target.utf8)
        while bytes.count % 4 != 0 { bytes.append(0) }
        var sum: UInt32 = 0
        for start in stride(from: 0, to: bytes.count, by: 4) { sum &+= bytes[start..<start + 4].reduce(0) { $0 << 8 | UInt32($1) } }
        var text = ""
        while sum > 0 || text.isEmpty {
            text = String(digits[Int(sum & 63)]) + text
            sum >>= 6
        }
        return self + text + ";"
    }
}
