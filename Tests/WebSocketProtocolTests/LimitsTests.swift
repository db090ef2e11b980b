// RFC 6455 §10.4: what a peer may cost; F3, F8, F9.

import NIOCore
import Testing
import WebSocketTesting

@testable import WebSocketProtocol

@Suite("Limits: RFC 6455 §10.4")
struct LimitsTests {
    static func peer(
        _ limits: WebSocketLimits, role: WebSocketRole = .server, deliversParts: Bool = false, compressor: (any MessageCompressor)? = nil
    ) -> ScriptedPeer {
        let settings = WebSocketMachineSettings(limits: limits, deliversParts: deliversParts)
        return ScriptedPeer(of: role, settings: settings, compressor: compressor)
    }

    @Test("the defaults are the documented ones")
    func defaults() {
        let limits = WebSocketLimits()
        #expect(limits.maxMessageSize == 65_536)
        #expect(limits.maxFragments == 1_024)
        #expect(limits.unfinishedMessageTimeout == .seconds(30))
        #expect(limits.closeTimeout == .seconds(5))
        #expect(limits.controlFramesPerSecond == 20)
        #expect(limits.controlFrameBurst == 40)
    }

    @Test("a message of exactly the limit is taken, one byte more is refused at its header", arguments: [0, 1, 125, 126, 70_000])
    func exactSize(limit: Int) throws {
        let whole = [UInt8](repeating: 7, count: limit)
        let limits = WebSocketLimits(maxMessageSize: limit)
        try Self.peer(limits).sends(.binary(whole)).expect(.message(bytes: whole))
        try Self.peer(limits).sends(RawFrame.binary([]).declaring(UInt64(limit) + 1)).expectFailure(1009, clause: "RFC 6455 §10.4")

        let half = limit / 2
        let fragments: [RawFrame] = [.binary(Array(whole[..<half])).fragment, .continuation(bytes: Array(whole[half...]))]
        try Self.peer(limits).sends(fragments).expect(.message(bytes: whole))
        try Self.peer(limits).sends(RawFrame.binary(whole).fragment, RawFrame.continuation("").declaring(1))
            .expectFailure(1009, clause: "RFC 6455 §10.4")
    }

    @Test("the rule names the limit")
    func namesTheLimit() {
        let reaction = Self.peer(WebSocketLimits(maxMessageSize: 10)).sends(.text("12345678901"))
        #expect(reaction.events == [.violation(.messageTooBig(limit: 10))])
        #expect(ProtocolViolation.messageTooBig(limit: 10).description == "RFC 6455 §10.4: a message of over 10 bytes")
    }

    @Test("a declared length allocates nothing to speak of", arguments: [true, false])
    func declaredLength(isFinal: Bool) throws {
        for length: UInt64 in [1 << 20, 1 << 30, 1 << 40, 1 << 62, 1 << 63 - 1] {
            for deliversParts in [false, true] {
                let peer = Self.peer(WebSocketLimits(maxMessageSize: .max), deliversParts: deliversParts)
                var frame = RawFrame.binary([1, 2, 3]).declaring(length)
                frame.isFinal = isFinal
                peer.sends(frame)
                #expect(peer.subject.machine.inbound.gathered.storageCapacity <= 4_096)
            }
        }
    }

    @Test("lengths whose sum would overflow are refused, not added")
    func sumOverflows() throws {
        for size in [Int.max, .max - 1, 1 << 62] {
            let peer = Self.peer(WebSocketLimits(maxMessageSize: size))
            peer.sends(RawFrame.binary([]).fragment, RawFrame.continuation("abc").fragment)
            try peer.sends(RawFrame.continuation("").declaring(1 << 63 - 1)).expectFailure(1009, clause: "RFC 6455 §10.4")
        }
        // Delivered in parts there is no sum, and each length stands for itself.
        let parts = Self.peer(WebSocketLimits(), deliversParts: true)
        parts.sends(RawFrame.binary([1]).declaring(1 << 63 - 1).fragment)
        #expect(parts.subject.machine.isOpen)
        #expect(parts.subject.machine.inbound.payloadLeft == .max - 1)
    }

    @Test("whatever the limit, a message is at most 1 GiB: no buffer holds 4")
    func largestMessage() throws {
        let peer = Self.peer(WebSocketLimits(maxMessageSize: .max))
        try peer.sends(RawFrame.binary([]).declaring(1 << 30 + 1)).expectFailure(1009, clause: "RFC 6455 §10.4")
        #expect(Self.peer(WebSocketLimits(maxMessageSize: .max)).sends(RawFrame.binary([]).declaring(1 << 30)).state == .open)
    }

    @Test("a negative limit refuses everything but the empty message")
    func negative() throws {
        try Self.peer(WebSocketLimits(maxMessageSize: -1)).sends(.text("x")).expectFailure(1009, clause: "RFC 6455 §10.4")
        try Self.peer(WebSocketLimits(maxMessageSize: .min)).sends(RawFrame.text("").fragment, .continuation("x"))
            .expectFailure(1009, clause: "RFC 6455 §10.4")
    }

    @Test("1,024 fragments are taken, one more is refused", arguments: [true, false])
    func fragments(areEmpty: Bool) throws {
        let fragment = RawFrame.continuation(areEmpty ? "" : "x").fragment
        let peer = Self.peer(WebSocketLimits())
        try peer.sends([RawFrame.text("").fragment] + [RawFrame](repeating: fragment, count: 1_022)).expectNothing()
        let text = String(repeating: "x", count: areEmpty ? 0 : 1_022)
        try peer.sends(.continuation("")).expect(.message(.text, text))

        try peer.sends([RawFrame.text("").fragment] + [RawFrame](repeating: fragment, count: 1_023)).expectNothing()
        try peer.sends(.continuation("")).expectFailure(1008, clause: "RFC 6455 §10.4")
    }

    @Test("a million empty continuation frames cost nothing and end in 1008", arguments: [true, false])
    func emptyFragments(deliversParts: Bool) throws {
        let peer = Self.peer(WebSocketLimits(), deliversParts: deliversParts)
        peer.sends(RawFrame.binary([]).fragment)
        let thousand = [RawFrame](repeating: RawFrame.continuation("").fragment, count: 1_000).flatMap { $0.bytes(from: .client) }
        try peer.sends(bytes: thousand).expectNothing()
        try peer.sends(bytes: thousand).expectFailure(1008, clause: "RFC 6455 §10.4")
        for _ in 0..<998 { try peer.sends(bytes: thousand).expectNothing() }
        #expect(peer.subject.machine.inbound.gathered.capacity == 0)
    }

    @Test("one-byte fragments for ever end at the size limit, having cost no more than that")
    func tinyFragments() throws {
        let peer = Self.peer(WebSocketLimits(maxMessageSize: 1_000, maxFragments: .max))
        peer.sends(RawFrame.binary([]).fragment)
        for _ in 0..<1_000 { peer.sends(RawFrame.continuation("x").fragment) }
        #expect(peer.subject.machine.inbound.gathered.storageCapacity <= 4_096)
        try peer.sends(RawFrame.continuation("x").fragment).expectFailure(1009, clause: "RFC 6455 §10.4")
    }

    @Test("what a connection has really sent is believed the next time")
    func biggest() {
        let peer = Self.peer(WebSocketLimits(maxMessageSize: 1 << 20))
        peer.sends(RawFrame.binary([UInt8](repeating: 1, count: 300_000)).fragment, .continuation(""))
        #expect(peer.subject.machine.inbound.biggest == 300_000)
        peer.sends(RawFrame.binary([1]).declaring(1 << 20))
        #expect((300_000...524_288).contains(peer.subject.machine.inbound.gathered.storageCapacity))
    }

    @Test("what a compressed message became is not believed: it cost the peer next to nothing")
    func biggestIsOnTheWire() {
        let compressor = FakeCompressor()
        compressor.expansion = 1_000
        let peer = Self.peer(WebSocketLimits(maxMessageSize: 1 << 20), compressor: compressor)
        peer.sends(RawFrame.binary([UInt8](repeating: 0xff, count: 1_000)).reserved(4))
        #expect(peer.subject.events.count == 1)
        peer.sends(RawFrame.binary([1]).declaring(1 << 20))
        #expect(peer.subject.machine.inbound.gathered.storageCapacity <= 4_096)
    }
}
