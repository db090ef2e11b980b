import NIOCore
import Testing
import WebSocketTesting

@testable import WebSocketProtocol

@Suite("Sending: RFC 6455 §5.4, §5.5, §6.1")
struct SendingTests {
    static let roles: [WebSocketRole] = [.server, .client]

    @Test("a message is one frame", arguments: roles)
    func message(role: WebSocketRole) throws {
        for length in [0, 1, 125, 126, 65_535, 65_536, 200_000] {
            let bytes = (0..<length).map { UInt8(truncatingIfNeeded: $0 &* 7) }
            let peer = ScriptedPeer(of: role)
            try peer.after { machine, output in machine.send(ByteBuffer(bytes: bytes), .binary, into: &output) }
                .expectReplies(.binary(bytes))
        }
    }

    @Test("the first fragment has the kind, the others continue it; meanwhile no other message can be sent", arguments: roles)
    func fragments(role: WebSocketRole) throws {
        let peer = ScriptedPeer(of: role)
        try peer.after { machine, output in
            machine.sendFragment(ByteBuffer(string: "a"), .binary, isFinal: false, into: &output)
            #expect(machine.isSendingFragmentedMessage)
            let other = machine.send(ByteBuffer(string: "x"), .text, into: &output)
            #expect(!other)
            machine.ping(into: &output)
            machine.sendFragment(ByteBuffer(), .binary, isFinal: false, into: &output)
            machine.sendFragment(ByteBuffer(string: "b"), .binary, isFinal: true, into: &output)
            #expect(!machine.isSendingFragmentedMessage)
            machine.send(ByteBuffer(string: "x"), .text, into: &output)
        }.expectReplies(
            RawFrame.binary([0x61]).fragment, .ping(), RawFrame.continuation("").fragment, .continuation("b"), .text("x"))
    }

    @Test("a single fragment is a whole message")
    func onlyFragment() throws {
        let peer = ScriptedPeer(of: .server)
        try peer.after { machine, output in machine.sendFragment(ByteBuffer(string: "a"), .text, isFinal: true, into: &output) }
            .expectReplies(.text("a"))
    }

    @Test("a Ping carries at most 125 bytes")
    func ping() throws {
        let peer = ScriptedPeer(of: .server)
        try peer.after { machine, output in machine.ping(ByteBuffer(repeating: 0x61, count: 130), into: &output) }
            .expectReplies(.ping(String(repeating: "a", count: 125)))
    }

    @Test("only the readable bytes of a buffer are sent, and the buffer is left as it was", arguments: roles)
    func readableBytes(role: WebSocketRole) throws {
        var buffer = ByteBuffer(string: "xxHelloxx")
        buffer.moveReaderIndex(forwardBy: 2)
        buffer.moveWriterIndex(to: 7)
        let copy = buffer
        let peer = ScriptedPeer(of: role)
        try peer.after { machine, output in machine.send(buffer, .text, into: &output) }.expectReplies(.text("Hello"))
        #expect(buffer == copy)
        #expect(String(buffer: buffer) == "Hello")
    }

    @Test("after our Close frame nothing is sent, and the caller is told")
    func afterClose() {
        var machine = WebSocketMachine(role: .client), output = ByteBuffer()
        machine.close(into: &output)
        let length = output.readableBytes
        let sent = [
            machine.send(ByteBuffer(string: "x"), .text, into: &output),
            machine.sendFragment(ByteBuffer(string: "x"), .text, isFinal: true, into: &output),
            machine.ping(into: &output),
        ]
        #expect(sent == [false, false, false])
        #expect(output.readableBytes == length)
    }
}
