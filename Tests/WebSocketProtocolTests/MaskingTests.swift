// RFC 6455 §5.3: transformed-octet-i = original-octet-i XOR masking-key-octet-(i MOD 4).

import Testing
import WebSocketTesting

@testable import WebSocketProtocol

@Suite("Masking: RFC 6455 §5.3")
struct MaskingTests {
    /// The RFC's sentence.
    static func naive(_ bytes: some Sequence<UInt8>, key: [UInt8]) -> [UInt8] {
        bytes.enumerated().map { index, byte in byte ^ key[index % 4] }
    }

    /// The key as it lies in memory.
    static func key(_ bytes: [UInt8]) -> MaskingKey {
        MaskingKey(word: bytes.withUnsafeBytes { $0.loadUnaligned(as: UInt32.self) })
    }

    @Test("all lengths to 200, at all alignments of source and destination, in all phases of the key, equal the naive version")
    func equalsNaive() {
        var random = SeededRandom(seed: 1)
        let keyBytes: [UInt8] = [0x37, 0xfa, 0x21, 0x3d]
        let input = random.bytes(300)
        input.withUnsafeBytes { source in
            var failures = 0
            for length in 0...200 {
                for alignment in 0..<8 {
                    for phase in 0..<4 {
                        let turned = (0..<4).map { keyBytes[($0 + phase) % 4] }
                        // A guard byte on either side shows a store out of bounds.
                        var output = [UInt8](repeating: 0xa5, count: 300)
                        let seen = output.withUnsafeMutableBytes { destination in
                            guard let from = source.baseAddress, let to = destination.baseAddress else { return UInt64(0) }
                            return copyMasked(
                                from: from + alignment, to: to + (7 - alignment) + 1, count: length,
                                key: Self.key(keyBytes).advanced(by: phase))
                        }
                        let expected = Self.naive(input[alignment..<alignment + length], key: turned)
                        let start = 8 - alignment
                        let isUntouched =
                            output[..<start].allSatisfy { $0 == 0xa5 } && output[(start + length)...].allSatisfy { $0 == 0xa5 }
                        let isASCII = expected.allSatisfy { $0 < 0x80 }
                        if Array(output[start..<start + length]) != expected || !isUntouched || (seen & highBits == 0) != isASCII {
                            failures += 1
                        }
                    }
                }
            }
            #expect(failures == 0)
        }
    }

    @Test("in place: source and destination may be the same memory")
    func inPlace() {
        var bytes = Array("The quick brown fox jumps over the lazy dog. 0123456789 0123456789 0123456789".utf8)
        let expected = Self.naive(bytes, key: [1, 2, 3, 4])
        bytes.withUnsafeMutableBytes { memory in
            guard let base = memory.baseAddress else { return }
            _ = copyMasked(from: UnsafeRawPointer(base), to: base, count: memory.count, key: Self.key([1, 2, 3, 4]))
        }
        #expect(bytes == expected)
    }

    @Test("ASCII is seen at every length, and one byte above it at every place")
    func seen() {
        for length in 1...150 {
            for place in stride(from: 0, to: length, by: length > 40 ? 7 : 1) {
                var bytes = [UInt8](repeating: 0x7f, count: length)
                #expect(Self.see(bytes) & highBits == 0)
                bytes[place] = 0x80
                #expect(Self.see(bytes) & highBits != 0)
            }
        }
    }

    private static func see(_ bytes: [UInt8]) -> UInt64 {
        var copy = bytes
        return bytes.withUnsafeBytes { source in
            copy.withUnsafeMutableBytes { destination in
                guard let from = source.baseAddress, let to = destination.baseAddress else { return 0 }
                return copyMasked(from: from, to: to, count: bytes.count, key: .none)
            }
        }
    }

    @Test("a key turns by the count of bytes, modulo four")
    func advanced() {
        let key = Self.key([1, 2, 3, 4])
        #expect(key.advanced(by: 0) == key)
        #expect(key.advanced(by: 1) == Self.key([2, 3, 4, 1]))
        #expect(key.advanced(by: 2) == Self.key([3, 4, 1, 2]))
        #expect(key.advanced(by: 3) == Self.key([4, 1, 2, 3]))
        #expect(key.advanced(by: 4) == key)
        #expect(key.advanced(by: .max) == Self.key([4, 1, 2, 3]))
    }

    @Test("a client's message comes out as it went in, whatever its length and however it is split")
    func wire() throws {
        for length in [0, 1, 3, 4, 7, 8, 63, 64, 65, 125, 126, 127, 128, 200, 1_000] {
            let payload = (0..<length).map { UInt8(truncatingIfNeeded: $0 &* 31) }
            for splitting: Splitting in [.whole, .everyByte, .every(3), .every(5), .every(64)] {
                let peer = ScriptedPeer(of: .server, splitting: splitting)
                try peer.sends(.binary(payload)).expect(.message(bytes: payload))
            }
        }
    }
}
