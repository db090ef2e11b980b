// Long messages delivered as they arrive.

import NIOCore
import Testing
import WebSocketTesting

@testable import WebSocketProtocol

@Suite("Messages in parts")
struct PartsTests {
    static func peer(_ splitting: Splitting = .whole, compressor: FakeCompressor? = nil) -> ScriptedPeer {
        ScriptedPeer(
            of: .server, settings: WebSocketMachineSettings(limits: WebSocketLimits(maxMessageSize: 10), deliversParts: true),
            compressor: compressor, splitting: splitting)
    }

    /// The parts put together again: kind and payload of each message that was finished.
    static func joined(_ events: [WebSocketEvent]) -> [WebSocketEvent] {
        var open = ByteBuffer()
        return events.compactMap { event in
            guard case .part(let kind, let bytes, let isFinal) = event else { return event }
            open.writeImmutableBuffer(bytes)
            guard isFinal else { return nil }
            defer { open = ByteBuffer() }
            return .message(kind, open)
        }
    }

    @Test("a whole frame is one final part")
    func whole() throws {
        try Self.peer().sends(.text("Hello"), .binary([1]))
            .expect(.part(.text, "Hello", isFinal: true), .part(.binary, ByteBuffer(bytes: [1]), isFinal: true))
    }

    @Test("each fragment is a part, and the limit on messages does not apply")
    func fragments() throws {
        let long = String(repeating: "x", count: 100)
        try Self.peer().sends(RawFrame.text(long).fragment, RawFrame.continuation(long).fragment, .continuation("end"))
            .expect(.part(.text, long, isFinal: false), .part(.text, long, isFinal: false), .part(.text, "end", isFinal: true))
    }

    @Test("a frame that arrives in several reads is a part in each")
    func reads() throws {
        let bytes = RawFrame.text("Hello").bytes(from: .client)
        let peer = Self.peer()
        try peer.sends(bytes: Array(bytes[..<8])).expect(.part(.text, "He", isFinal: false))
        try peer.sends(bytes: Array(bytes[8..<10])).expect(.part(.text, "ll", isFinal: false))
        try peer.sends(bytes: Array(bytes[10...])).expect(.part(.text, "o", isFinal: true))
    }

    @Test("empty fragments are no parts; an empty last one ends the message, and an empty message is one part")
    func empty() throws {
        try Self.peer(.everyByte).sends(RawFrame.binary([]).fragment, RawFrame.continuation("").fragment, .continuation(""), .text(""))
            .expect(.part(.binary, ByteBuffer(), isFinal: true), .part(.text, "", isFinal: true))
    }

    @Test("control frames between and inside the parts are told in their place")
    func interleaved() throws {
        try Self.peer().sends(RawFrame.text("a").fragment, .ping("p"), .continuation("b"), .close(1000))
            .expect(.part(.text, "a", isFinal: false), .ping("p"), .part(.text, "b", isFinal: true), .close(1000))
            .expectReplies(.pong("p"), .close(1000))
    }

    @Test("the parts are the message, however it is split", arguments: [nil, FakeCompressor.self] as [FakeCompressor.Type?])
    func joins(compressor: FakeCompressor.Type?) throws {
        let text = String(repeating: "Grüße, 世界 😀. ", count: 100)
        let bytes = compressor == nil ? Array(text.utf8) : FakeCompressor.compressed(text)
        let rsv: UInt8 = compressor == nil ? 0 : 4
        let frames: [RawFrame] = [
            RawFrame.text(bytes: Array(bytes[..<701])).reserved(rsv).fragment,
            RawFrame.continuation(bytes: Array(bytes[701..<1_300])).fragment,
            .ping("p"), .continuation(bytes: Array(bytes[1_300...])), RawFrame.text(bytes: bytes).reserved(rsv),
        ]
        for splitting: Splitting in [.whole, .everyByte, .every(7), .every(600), .random(seed: 5, upTo: 90)] {
            let reaction = Self.peer(splitting, compressor: compressor == nil ? nil : FakeCompressor()).sends(frames)
            #expect(Self.joined(reaction.events) == [.ping("p"), .message(.text, text), .message(.text, text)])
            try reaction.expectReplies(.pong("p"))
        }
    }

    @Test("a part may end inside a character, a message may not")
    func insideACharacter() throws {
        let peer = Self.peer()
        let euro = Array("€".utf8)
        try peer.sends(RawFrame.text(bytes: Array(euro[..<1])).fragment).expect(.part(.text, ByteBuffer(bytes: euro[..<1]), isFinal: false))
        try peer.sends(.continuation(bytes: Array(euro[1...]))).expect(.part(.text, ByteBuffer(bytes: euro[1...]), isFinal: true))
        try peer.sends(.text(bytes: Array(euro[..<2]))).expectFailure(1007, clause: "RFC 6455 §8.1")
        try Self.peer().sends(RawFrame.text(bytes: [0xff]).fragment).expectFailure(1007, clause: "RFC 6455 §8.1")
        try Self.peer().sends(RawFrame.text(bytes: Array(euro[..<1])).fragment, .continuation(""))
            .expectFailure(1007, clause: "RFC 6455 §8.1", after: .part(.text, ByteBuffer(bytes: euro[..<1]), isFinal: false))
        let compressed = euro[..<2].map { ~$0 }
        try Self.peer(compressor: FakeCompressor()).sends(RawFrame.text(bytes: compressed).reserved(4))
            .expectFailure(1007, clause: "RFC 6455 §8.1")
    }

    @Test("ten thousand fragments are nothing unusual: the limit is for empty ones")
    func manyFragments() {
        let peer = Self.peer()
        peer.sends(RawFrame.binary([]).fragment)
        for _ in 0..<10_000 { peer.sends(RawFrame.continuation("x").fragment) }
        #expect(peer.subject.events.count == 10_000)
        #expect(peer.subject.machine.isOpen)
    }

    @Test("a compressed message inflates into parts of bounded size, not into one")
    func inflatesInSteps() {
        let compressor = FakeCompressor()
        compressor.expansion = 1_000
        let peer = Self.peer(compressor: compressor)
        let reaction = peer.sends(RawFrame.binary([UInt8](repeating: 0xff, count: 4_000)).reserved(4))
        let sizes = reaction.events.map { event in
            if case .part(_, let bytes, _) = event { bytes.readableBytes } else { 0 }
        }
        #expect(sizes.reduce(0, +) == 4_000_000)
        #expect(sizes.allSatisfy { $0 <= 512_000 })
        #expect(compressor.pieces.allSatisfy { $0.count <= 512 && $0.limit == 1 << 20 })
        #expect(compressor.pieces.map(\.isLast) == [false, false, false, false, false, false, false, true])
    }
}
