// RFC 6455 §5.1, §5.2, §5.4, §5.5 and the limits, as tables with the exact close code and clause: `BrokenFrames.swift` has them.

import Testing
import WebSocketProtocol
import WebSocketTesting

@Suite("Headers: RFC 6455 §5")
struct FrameRulesTests {
    @Test("there are over 300 cases")
    func count() {
        #expect(BrokenFrameTables.all.map(\.count).reduce(0, +) >= 300)
    }

    @Test("§5.1 a client masks every frame, a server none")
    func masking() throws {
        for example in BrokenFrameTables.masking { try example.run() }
    }

    @Test("§5.2 reserved bits are zero")
    func reservedBits() throws {
        for example in BrokenFrameTables.reservedBits + BrokenFrameTables.reservedBitsWithExtension { try example.run() }
    }

    @Test("RFC 7692 §6 only the first frame of a data message has RSV1")
    func compressedControlOrContinuation() throws {
        for example in BrokenFrameTables.compressedControlOrContinuation { try example.run() }
    }

    @Test("§5.2 reserved opcodes")
    func reservedOpcodes() throws {
        for example in BrokenFrameTables.reservedOpcodes { try example.run() }
    }

    @Test("§5.5 control frames are short and whole")
    func controlFrames() throws {
        for example in BrokenFrameTables.controlFrames { try example.run() }
    }

    @Test("§5.2 lengths are minimal and of 63 bits")
    func lengths() throws {
        for example in BrokenFrameTables.lengths { try example.run() }
    }

    @Test("§5.4 messages are not interleaved")
    func fragmentation() throws {
        for example in BrokenFrameTables.fragmentation { try example.run() }
    }

    @Test("§10.4 sizes are refused at the header")
    func sizes() throws {
        for example in BrokenFrameTables.sizes { try example.run() }
    }

    @Test("a broken rule is told as soon as the header is there, without its payload", arguments: [WebSocketRole.server, .client])
    func failsAtTheHeader(role: WebSocketRole) throws {
        let peer = ScriptedPeer(of: role)
        try peer.sends(RawFrame(Opcode(rawValue: 3)).declaring(100)).expectFailure(1002, clause: "RFC 6455 §5.2")
    }

    @Test("after a violation nothing that comes is looked at", arguments: [WebSocketRole.server, .client])
    func discards(role: WebSocketRole) throws {
        let peer = ScriptedPeer(of: role)
        try peer.sends(.text("a"), .text("b").reserved(1), .text("c"), .ping(), .close(1000))
            .expectFailure(1002, clause: "RFC 6455 §5.2", after: .message(.text, "a"))
        try peer.sends(.text("d"), .ping("x"), .close(1000)).expectNothing()
        #expect(peer.subject.machine.wantsHalfClose)
        #expect(!peer.subject.machine.wantsDisconnect)
    }
}
