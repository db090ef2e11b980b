// RFC 6455 §5.3, §10.3; F24: a client takes a fresh, unpredictable key for every frame.

import NIOCore
import Testing
import WebSocketTesting

@testable import WebSocketProtocol

@Suite("Masking keys: RFC 6455 §5.3, §10.3")
struct MaskGeneratorTests {
    /// Among 10,000 keys of 32 random bits two are equal by chance in one run of a hundred; runs of equal keys, or a generator that starts
    /// over, would show at once. So: at most two pairs.
    @Test("10,000 frames of a client have 10,000 keys")
    func noKeyRepeats() throws {
        let client = RecordedMachine(WebSocketMachine(role: .client))
        for _ in 0..<10_000 { client.machine.send(ByteBuffer(), .binary, into: &client.output) }
        let keys = try client.takeFrames().compactMap(\.key)
        #expect(keys.count == 10_000)
        #expect(Set(keys).count >= 9_998)
    }

    @Test("each bit of the keys is set in about half of them")
    func bitsAreBalanced() {
        var generator = MaskGenerator()
        var counts = [Int](repeating: 0, count: 32)
        for _ in 0..<4_096 {
            let word = generator.next().word
            for bit in 0..<32 where word >> UInt32(bit) & 1 == 1 { counts[bit] += 1 }
        }
        // Eight standard deviations (of 32) either side of 2,048.
        #expect(counts.allSatisfy { (1_792...2_304).contains($0) })
    }

    @Test("two clients share no key")
    func clientsDiffer() {
        var one = MaskGenerator(), other = MaskGenerator()
        let keys = Set((0..<64).map { _ in one.next() }), others = Set((0..<64).map { _ in other.next() })
        #expect(keys.intersection(others).count <= 1)
    }

    @Test("every kind of frame is masked by a client, and none by a server")
    func allFrames() throws {
        for role: WebSocketRole in [.client, .server] {
            let machine = RecordedMachine(WebSocketMachine(role: role))
            machine.machine.send(ByteBuffer(string: "a"), .text, into: &machine.output)
            machine.machine.sendFragment(ByteBuffer(string: "b"), .text, isFinal: false, into: &machine.output)
            machine.machine.ping(ByteBuffer(string: "c"), into: &machine.output)
            machine.machine.sendFragment(ByteBuffer(string: "d"), .text, isFinal: true, into: &machine.output)
            machine.machine.close(into: &machine.output)
            let frames = try RawFrame.read(machine.takeOutput())
            #expect(frames.count == 5)
            #expect(frames.allSatisfy { ($0.key != nil) == (role == .client) })
        }
    }
}
