import NIOCore
import Testing
import WebSocketProtocol
import WebSocketTesting

@testable import WebSocketDeflate

/// What one side compresses, the other gets back, whatever was agreed on.
@Suite struct RoundTripTests {
    static let agreements: [DeflateParameters] = [
        .init(),
        .init(serverNoContextTakeover: true),
        .init(clientNoContextTakeover: true),
        .init(serverNoContextTakeover: true, clientNoContextTakeover: true),
        .init(serverMaxWindowBits: 9, clientMaxWindowBits: 9),
        .init(serverNoContextTakeover: true, clientNoContextTakeover: true, serverMaxWindowBits: 9, clientMaxWindowBits: 10),
        .init(serverMaxWindowBits: 12, clientMaxWindowBits: 15),
    ]

    @Test(arguments: agreements, [WebSocketRole.server, .client])
    func messagesArrive(agreement: DeflateParameters, from role: WebSocketRole) throws {
        let pair = CodecPair(agreement)
        var dice = SeededRandom(seed: 7692)
        for size in [1, 64, 500, 5_000, 70_000] {
            for _ in 0..<20 {
                let message = dice.bytes(upTo: size)
                guard let wire = pair.sender(role).compressed(message) else { continue }
                #expect(wire.count < message.count)
                #expect(try pair.receiver(of: role).inflated(wire) == message)
            }
        }
    }

    @Test("Cut at every byte, a message is the same")
    func everySplit() throws {
        let pair = CodecPair(.init(serverNoContextTakeover: true))
        let wire = try #require(pair.server.compressed(poem))
        for cut in 0...wire.count {
            #expect(try pair.client.inflated([Array(wire[..<cut]), Array(wire[cut...])]) == Array(poem.utf8))
        }
        #expect(try pair.client.inflated(wire.map { [$0] }) == Array(poem.utf8), "byte by byte")
        #expect(try pair.client.inflated(wire.map { [$0] } + [[]]) == Array(poem.utf8), "with an empty last fragment")
    }

    @Test("With context takeover, the second of two equal messages is a few bytes")
    func takeoverPays() throws {
        let pair = CodecPair()
        let first = try #require(pair.server.compressed(poem))
        let second = try #require(pair.server.compressed(poem))
        #expect(second.count < 16 && first.count > 100)
        #expect(try pair.client.inflated(first) == pair.client.inflated(second))
    }

    @Test("A server that must not take over says the same thing twice")
    func noTakeoverRepeats() throws {
        let pair = CodecPair(.init(serverNoContextTakeover: true))
        #expect(pair.server.compressed(poem) == pair.server.compressed(poem))
    }

    @Test("Messages sent plain in between do not disturb the windows")
    func plainInBetween() throws {
        let pair = CodecPair(.init(), .test(minimumSize: 64))
        for text in [poem, "short", poem] {
            guard let wire = pair.client.compressed(text) else { continue }
            #expect(try pair.server.inflated(wire) == Array(text.utf8))
        }
    }

    @Test("A message that would not shrink is sent plain, and the next one does not refer to it")
    func incompressible() throws {
        let pair = CodecPair()
        var dice = SeededRandom(seed: 1)
        let noise = dice.bytes(4_000)
        #expect(try pair.client.inflated(#require(pair.server.compressed(poem))) == Array(poem.utf8))
        #expect(pair.server.compressed(noise) == nil)
        let mixed = Array(noise.prefix(100)) + Array(poem.utf8)
        #expect(try pair.client.inflated(#require(pair.server.compressed(mixed))) == mixed)
    }

    @Test("An empty message and one below the minimum are sent plain")
    func tooSmall() {
        #expect(CodecPair().server.compressed([]) == nil)
        let pair = CodecPair(.init(), .test(minimumSize: 64))
        #expect(pair.server.compressed([UInt8](repeating: 0, count: 63)) == nil)
        #expect(pair.server.compressed([UInt8](repeating: 0, count: 64)) != nil)
    }

    @Test("Agreed to 8 bits, we send everything plain: zlib's window would be larger")
    func eightBits() throws {
        let pair = CodecPair(.init(clientMaxWindowBits: 8))
        #expect(pair.client.compressed(poem) == nil)
        #expect(try pair.client.inflated(#require(pair.server.compressed(poem))) == Array(poem.utf8), "the other direction compresses")
    }

    @Test("Our window is our wish, if the agreement allows more")
    func ownWish() throws {
        // 1,000 random bytes twice: only a window of more than 1,000 bytes sees the repetition.
        var dice = SeededRandom(seed: 3)
        let half = dice.bytes(1_000)
        let small = DeflateCodec(role: .server, parameters: .init(), configuration: .test(.init(serverMaxWindowBits: 9)))
        let large = DeflateCodec(role: .server, parameters: .init(), configuration: .test(.init(serverMaxWindowBits: 12)))
        #expect(small.compressed(half + half) == nil)
        #expect(try #require(large.compressed(half + half)).count < 1_100)
    }

    @Test("A message of a megabyte", arguments: [1, 9])
    func large(level: Int) throws {
        var dice = SeededRandom(seed: 4)
        let message = (0..<1 << 20).map { _ in UInt8.random(in: 0...15, using: &dice) }
        let pair = CodecPair(.init(), .test(level: level))
        let wire = try #require(pair.server.compressed(message))
        #expect(try pair.client.inflated(wire) == message)
    }
}
