// The machine's side of permessage-deflate (RFC 7692 §6, §7.2), with a compressor that only looks like one; F13, F16.

import NIOCore
import Testing
import WebSocketTesting

@testable import WebSocketProtocol

@Suite("The compression hook: RFC 7692 §6")
struct MessageCompressorTests {
    static let roles: [WebSocketRole] = [.server, .client]

    static func frame(_ text: String) -> RawFrame { RawFrame.text(bytes: FakeCompressor.compressed(text)).reserved(4) }

    @Test("a message with RSV1 is inflated, one without is not", arguments: roles)
    func receives(role: WebSocketRole) throws {
        for splitting: Splitting in [.whole, .everyByte, .every(4)] {
            let peer = ScriptedPeer(of: role, compressor: FakeCompressor(), splitting: splitting)
            try peer.sends(Self.frame("Hello"), .text("plain"), Self.frame("Hello"))
                .expect(.message(.text, "Hello"), .message(.text, "plain"), .message(.text, "Hello"))
        }
    }

    @Test("RSV1 on the first frame speaks for the whole message; pings in between are never compressed")
    func fragments() throws {
        let bytes = FakeCompressor.compressed("Hello")
        let frames: [RawFrame] = [
            RawFrame.text(bytes: Array(bytes[..<2])).reserved(4).fragment, RawFrame.continuation("").fragment, .ping("plain"),
            .continuation(bytes: Array(bytes[2...])),
        ]
        for splitting: Splitting in [.whole, .everyByte] {
            let compressor = FakeCompressor()
            let peer = ScriptedPeer(of: .server, compressor: compressor, splitting: splitting)
            try peer.sends(frames).expect(.ping("plain"), .message(.text, "Hello"))
            #expect(compressor.pieces.filter(\.isLast).count == 1)
            #expect(compressor.pieces.last?.isLast == true)
        }
    }

    @Test("an empty last fragment ends the compressed message too, and an empty message is inflated")
    func emptyLastFragment() throws {
        for splitting: Splitting in [.whole, .everyByte] {
            let compressor = FakeCompressor()
            let peer = ScriptedPeer(of: .server, compressor: compressor, splitting: splitting)
            try peer.sends(Self.frame("Hello").fragment, .continuation(""), Self.frame(""))
                .expect(.message(.text, "Hello"), .message(.text, ""))
            #expect(compressor.pieces.filter(\.isLast).map(\.count) == [0, 0])
        }
    }

    @Test("what inflates to text that is not UTF-8 is 1007, when the bad byte appears")
    func badText() throws {
        let frame = RawFrame.text(bytes: [~0x61, ~0xff] as [UInt8]).reserved(4).fragment
        try BrokenFrames(role: .server, frames: [frame], code: 1007, clause: "RFC 6455 §8.1", compresses: true).run()
        let cut = RawFrame.text(bytes: [~0xe2] as [UInt8]).reserved(4)
        try BrokenFrames(role: .server, frames: [cut], code: 1007, clause: "RFC 6455 §8.1", compresses: true).run()
    }

    @Test("each way to fail has its code")
    func failures() throws {
        let table: [(DecompressionFailure, CloseCode, String)] = [
            (.tooBig, 1009, "RFC 6455 §10.4"), (.corrupt, 1007, "RFC 7692 §7.2.2"), (.outOfMemory, 1013, "RFC 6455 §10.4"),
        ]
        for (failure, code, clause) in table {
            let compressor = FakeCompressor()
            compressor.failure = failure
            try ScriptedPeer(of: .server, compressor: compressor).sends(Self.frame("Hello"), .text("x")).expectFailure(code, clause: clause)
        }
    }

    @Test("the compressor is told what is left of the message limit")
    func limit() throws {
        let compressor = FakeCompressor()
        compressor.expansion = 10
        let settings = WebSocketMachineSettings(limits: WebSocketLimits(maxMessageSize: 100))
        let peer = ScriptedPeer(of: .server, settings: settings, compressor: compressor)
        let three = [UInt8](repeating: 0xff, count: 3)
        peer.sends(RawFrame.binary(three).reserved(4).fragment, RawFrame.continuation(bytes: three).fragment)
        #expect(compressor.pieces.map(\.limit) == [100, 70])
        try peer.sends(.continuation(bytes: three + three)).expectFailure(1009, clause: "RFC 6455 §10.4")
    }

    @Test("on the wire a compressed message may be little longer than the limit: DEFLATE never adds more")
    func wireLimit() throws {
        let settings = WebSocketMachineSettings(limits: WebSocketLimits(maxMessageSize: 1_024))
        let longest: UInt64 = 1_024 + 4 + 256
        let frame = RawFrame.binary([]).reserved(4)
        #expect(ScriptedPeer(of: .server, settings: settings, compressor: FakeCompressor()).sends(frame.declaring(longest)).state == .open)
        try ScriptedPeer(of: .server, settings: settings, compressor: FakeCompressor()).sends(frame.declaring(longest + 1))
            .expectFailure(1009, clause: "RFC 6455 §10.4")
        let unlimited = WebSocketMachineSettings(limits: WebSocketLimits(maxMessageSize: .max))
        try ScriptedPeer(of: .server, settings: unlimited, compressor: FakeCompressor()).sends(frame.declaring(1 << 63 - 1))
            .expectFailure(1009, clause: "RFC 6455 §10.4")
    }

    @Test("a thousand small frames that each inflate to the limit are inflated a few at a time: F13")
    func bombsInOneRead() {
        let compressor = FakeCompressor()
        compressor.expansion = 1_000
        let bomb = RawFrame.binary([UInt8](repeating: 0xff, count: 65)).reserved(4).bytes(from: .client)
        var machine = WebSocketMachine(role: .server, compressor: compressor), batch = EventBatch(), output = ByteBuffer()
        let read = ByteBuffer(bytes: [[UInt8]](repeating: bomb, count: 1_000).flatMap { $0 })
        machine.receive(read, into: &batch)
        #expect(batch.count == 5)
        #expect(batch.ownBytes == 5 * 65_000)

        var count = 0, most = 0
        while let event = machine.nextEvent(from: &batch, output: &output) {
            most = max(most, batch.ownBytes)
            if event == .message(.binary, ByteBuffer(repeating: 0, count: 65_000)) { count += 1 }
        }
        #expect(count == 1_000)
        #expect(most == 5 * 65_000)
        #expect(machine.inbound.unparsed == nil)
    }

    @Test("input that waits is parsed before what comes after it, and forgotten with the connection")
    func unparsed() {
        let compressor = FakeCompressor()
        compressor.expansion = 1_000
        let bomb = RawFrame.binary([UInt8](repeating: 0xff, count: 65)).reserved(4).bytes(from: .client)
        var machine = WebSocketMachine(role: .server, compressor: compressor), batch = EventBatch(), output = ByteBuffer()
        machine.receive(
            ByteBuffer(bytes: [[UInt8]](repeating: bomb, count: 6).flatMap { $0 } + RawFrame.text("a").bytes(from: .client)), into: &batch)
        #expect(batch.count == 5)
        machine.receive(ByteBuffer(bytes: RawFrame.text("b").bytes(from: .client)), into: &batch)
        var events: [WebSocketEvent] = []
        while let event = machine.nextEvent(from: &batch, output: &output) { events.append(event) }
        #expect(events.count == 3)
        #expect(Array(events.dropFirst()) == [.message(.text, "a"), .message(.text, "b")])

        machine.receive(ByteBuffer(bytes: [[UInt8]](repeating: bomb, count: 6).flatMap { $0 }), into: &batch)
        #expect(machine.inbound.unparsed != nil)
        machine.receiveEnd()
        #expect(machine.inbound.unparsed == nil)
        let resumes = machine.resume(into: &batch)
        #expect(!resumes)
    }

    // MARK: Sending

    @Test("a message is sent compressed with RSV1, and plain when told so or when the compressor declines", arguments: roles)
    func sends(role: WebSocketRole) throws {
        let compressor = FakeCompressor()
        let peer = ScriptedPeer(of: role, compressor: compressor)
        let hello = ByteBuffer(string: "Hello")
        try peer.after { machine, output in machine.send(hello, .text, into: &output) }.expectReplies(Self.frame("Hello"))
        try peer.after { machine, output in machine.send(hello, .text, compress: false, into: &output) }.expectReplies(.text("Hello"))
        compressor.declines = true
        try peer.after { machine, output in machine.send(hello, .text, into: &output) }.expectReplies(.text("Hello"))
    }

    @Test("fragments and control frames are sent plain")
    func sendsPlain() throws {
        let peer = ScriptedPeer(of: .server, compressor: FakeCompressor())
        try peer.after { machine, output in
            machine.sendFragment(ByteBuffer(string: "a"), .text, isFinal: false, into: &output)
            machine.ping(ByteBuffer(string: "b"), into: &output)
            machine.sendFragment(ByteBuffer(string: "c"), .text, isFinal: true, into: &output)
            machine.close(code: 1000, reason: "d", into: &output)
        }.expectReplies(RawFrame.text("a").fragment, .ping("b"), .continuation("c"), .close(1000, "d"))
    }

    @Test("two machines with the extension understand each other")
    func twoMachines() {
        let pair = MachinePair(
            client: WebSocketMachine(role: .client, compressor: FakeCompressor()),
            server: WebSocketMachine(role: .server, compressor: FakeCompressor()),
            splitting: .every(3))
        for end in [pair.client, pair.server] { end.machine.send(ByteBuffer(string: "Grüße"), .text, into: &end.output) }
        pair.deliver()
        #expect(pair.client.events == [.message(.text, "Grüße")])
        #expect(pair.server.events == [.message(.text, "Grüße")])
    }
}
