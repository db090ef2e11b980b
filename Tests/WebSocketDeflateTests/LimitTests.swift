import NIOCore
import Testing
import WebSocketProtocol
import WebSocketTesting

@testable import WebSocketDeflate

/// Bombs (security F13), and data that is no DEFLATE (F16).
@Suite struct LimitTests {
    /// `count` zeros, about a thousand times smaller.
    static func bomb(_ count: Int) throws -> [UInt8] {
        try #require(CodecPair().client.compressed([UInt8](repeating: 0, count: count)))
    }

    @Test("64 MiB in 64 KiB: stopped at the limit, with no more memory than the limit")
    func bomb() throws {
        let wire = try Self.bomb(64 << 20)
        #expect(wire.count < 70_000)
        let server = CodecPair().server
        var output = ByteBuffer()
        #expect(throws: DecompressionFailure.tooBig) {
            try wire.withUnsafeBytes { try server.decompress($0, isLast: true, into: &output, limit: 64 << 10) }
        }
        #expect(output.readableBytes == 64 << 10)
        #expect(output.capacity <= 128 << 10)
    }

    @Test("The limit itself is allowed, one byte more is not", arguments: [1, 100, 16_383, 16_384, 16_385, 65_536])
    func boundary(size: Int) throws {
        let message = [UInt8](repeating: 7, count: size)
        let compressed = CodecPair(.init(), .test()).client.compressed(message + [7, 7, 7, 7, 7, 7, 7])
        let wire = try #require(compressed)
        #expect(try CodecPair().server.inflated(wire, limit: size + 7).count == size + 7)
        #expect(throws: DecompressionFailure.tooBig) { try CodecPair().server.inflated(wire, limit: size + 6) }
        #expect(throws: DecompressionFailure.tooBig) { try CodecPair().server.inflated(wire, limit: 0) }
    }

    @Test("A bomb in fragments is stopped by what is left of the limit")
    func bombInFragments() throws {
        let wire = try Self.bomb(1 << 20)
        let pieces = stride(from: 0, to: wire.count, by: 10).map { Array(wire[$0..<min($0 + 10, wire.count)]) }
        #expect(throws: DecompressionFailure.tooBig) { try CodecPair().server.inflated(pieces, limit: 100_000) }
    }

    @Test("A thousand messages that each refer to the last are each held to the limit")
    func bombByTakeover() throws {
        let pair = CodecPair()
        let message = [UInt8](repeating: 1, count: 60_000)
        for _ in 0..<1_000 {
            let wire = try #require(pair.client.compressed(message))
            #expect(try pair.server.inflated(wire, limit: 60_000).count == 60_000)
        }
        let wire = try #require(pair.client.compressed(message + message))
        #expect(throws: DecompressionFailure.tooBig) { try pair.server.inflated(wire, limit: 60_000) }
    }

    @Test(
        "Empty blocks without end cost nothing",
        arguments: [
            ("stored", [0x00, 0x00, 0x00, 0xFF, 0xFF]),
            ("with fixed codes, four of ten bits", [0x02, 0x08, 0x20, 0x80, 0x00]),
            ("final ones", [0x03, 0x00]),
        ] as [(String, [UInt8])])
    func emptyBlocks(kind: String, block: [UInt8]) throws {
        let wire = Array(repeatElement(block, count: 10_000).joined()) + [0x00]
        #expect(try CodecPair().server.inflated(wire, limit: 0) == [])
    }

    @Test(
        "What is no DEFLATE is refused",
        arguments: [
            ("a reserved block type", [0x06]),
            ("a stored block whose length is not confirmed", [0x00, 0x05, 0x00, 0x00, 0x00, 0x48]),
            ("a reference to before the beginning", [0xF2, 0x00, 0x11, 0x00, 0x00]),
            ("a message cut inside a block", [0xF2, 0x48, 0xCD]),
            ("a message cut inside a stored block", [0x00, 0x06, 0x00, 0xF9, 0xFF, 0x48]),
            ("a message with its tail", [0xF2, 0x48, 0xCD, 0xC9, 0xC9, 0x07, 0x00, 0x00, 0x00, 0xFF, 0xFF]),
            ("too many codes", [0x04, 0xFF, 0xFF, 0xFF, 0xFF]),
            ("a gzip header", [0x1F, 0x8B, 0x08, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x03]),
            ("text", Array("Hello, hello".utf8)),
        ] as [(String, [UInt8])])
    func corrupt(what: String, wire: [UInt8]) {
        #expect(throws: DecompressionFailure.corrupt) { try CodecPair().server.inflated(wire) }
        #expect(throws: DecompressionFailure.corrupt) { try CodecPair().server.inflated(wire.map { [$0] }) }
    }

    @Test("A window larger than agreed to is refused")
    func windowTooLarge() throws {
        var dice = SeededRandom(seed: 5)
        let half = dice.bytes(2_000)
        let wire = try #require(CodecPair().client.compressed(half + half))
        let strict = CodecPair(.init(clientMaxWindowBits: 9)).server
        #expect(throws: DecompressionFailure.corrupt) { try strict.inflated([Array(wire[..<1_000]), Array(wire[1_000...])]) }
    }

    @Test("Random bytes never do worse than fail")
    func noise() {
        var dice = SeededRandom(seed: 6)
        for round in 0..<3_000 {
            let server = CodecPair(.init(clientNoContextTakeover: round % 2 == 0)).server
            for _ in 0..<3 {
                let wire = dice.bytes(upTo: 64)
                guard let message = try? server.inflated(wire, limit: 1_000) else { break }
                #expect(message.count <= 1_000)
            }
        }
    }

    @Test("One wrong byte in a message never does worse than fail")
    func flippedBits() throws {
        let wire = try #require(CodecPair().client.compressed(poem))
        for index in wire.indices {
            for bit in 0..<8 {
                var wrong = wire
                wrong[index] ^= 1 << bit
                _ = try? CodecPair().server.inflated(wrong, limit: 1_000)
            }
        }
    }
}
