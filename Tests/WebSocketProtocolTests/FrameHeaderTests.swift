// RFC 6455 §5.2: headers out and in, compared with the slow and obvious writer and reader of the test kit.

import NIOCore
import Testing
import WebSocketTesting

@testable import WebSocketProtocol

@Suite("Frame headers: RFC 6455 §5.2")
struct FrameHeaderTests {
    static let lengths = [0, 1, 2, 124, 125, 126, 127, 128, 255, 256, 65_534, 65_535, 65_536, 65_537, 1 << 20]

    @Test("what we write is what the slow writer writes", arguments: lengths)
    func writes(length: Int) {
        let payload = (0..<length).map { UInt8(truncatingIfNeeded: $0) }
        for opcode in [Opcode.text, .binary, .ping, .continuation] {
            var output = ByteBuffer()
            payload.withUnsafeBytes { output.writeFrame(first: 0x80 | opcode.rawValue, key: nil, payload: $0) }
            #expect(Array(output.readableBytesView) == RawFrame(opcode, payload).bytes(from: .server))

            output.clear()
            let key = MaskingKey(word: RawFrame.exampleKey.bigEndian)
            payload.withUnsafeBytes { output.writeFrame(first: opcode.rawValue, key: key, payload: $0) }
            #expect(Array(output.readableBytesView) == RawFrame(opcode, payload).fragment.bytes(from: .client))
        }
    }

    @Test("a server's frame in one go", arguments: lengths)
    func writesServerFrame(length: Int) {
        let payload = (0..<length).map { UInt8(truncatingIfNeeded: $0) }
        for (kind, opcode): (MessageKind, Opcode) in [(.text, .text), (.binary, .binary)] {
            var output = ByteBuffer(string: "before")
            output.writeServerFrame(kind, ByteBuffer(bytes: payload))
            #expect(Array(output.readableBytesView) == Array("before".utf8) + RawFrame(opcode, payload).bytes(from: .server))
        }
    }

    @Test("a header alone, for a payload in a buffer of its own", arguments: lengths)
    func writesHeader(length: Int) {
        var output = ByteBuffer()
        output.writeFrameHeader(first: 0x82, length: length)
        let whole = RawFrame.binary([UInt8](repeating: 0, count: length)).bytes(from: .server)
        #expect(Array(output.readableBytesView) == Array(whole.dropLast(length)))
    }

    @Test("the length of a header follows from its second byte")
    func lengthOfHeader() {
        for length in 0..<126 {
            #expect(FrameHeader.length(secondByte: UInt8(length)) == 2)
            #expect(FrameHeader.length(secondByte: 0x80 | UInt8(length)) == 6)
        }
        #expect([126, 127, 254, 255].map { FrameHeader.length(secondByte: $0) } == [4, 10, 8, 14])
    }

    @Test("reads what the slow writer writes, and tells a length that is not minimal", arguments: [WebSocketRole.client, .server])
    func reads(sender: WebSocketRole) {
        for length in Self.lengths.map(UInt64.init) + [1 << 40, 1 << 62, 1 << 63, .max] {
            for form in [RawFrame.LengthForm.shortest, .sixteen, .sixtyFour] where form != .sixteen || length <= 0xffff {
                let bytes = RawFrame(.pong).fragment.reserved(5).declaring(length).lengthForm(form).bytes(from: sender)
                let (header, isMinimal) = Self.read(bytes)
                #expect(!header.isFinal)
                #expect(header.opcode == .pong)
                #expect(header.reservedBits == 0x50)
                #expect(header.length == length)
                #expect((header.key != nil) == (sender == .client))
                #expect(isMinimal == (form == .shortest || bytes.count == RawFrame(.pong).declaring(length).bytes(from: sender).count))
            }
        }
    }

    private static func read(_ bytes: [UInt8]) -> (header: FrameHeader, isMinimal: Bool) {
        bytes.withUnsafeBytes { raw in
            raw.baseAddress.map { FrameHeader.read($0) } ?? (FrameHeader(first: 0, length: 0, key: nil), false)
        }
    }

    @Test("opcodes: which are control frames, which are defined, and their names")
    func opcodes() {
        let all = (UInt8(0)...15).map(Opcode.init(rawValue:))
        #expect(all.filter(\.isDefined) == [.continuation, .text, .binary, .close, .ping, .pong])
        #expect(all.filter(\.isControl).map(\.rawValue) == Array(8...15))
        #expect(Opcode(rawValue: 0xf1) == .text)
        #expect(all.filter(\.isDefined).map(\.description) == ["continuation", "text", "binary", "close", "ping", "pong"])
        #expect(Opcode(rawValue: 3).description == "reserved(3)")
    }

    @Test("the examples of RFC 6455 §5.7")
    func examples() throws {
        let hello = "Hello"
        let server = ScriptedPeer(of: .server), client = ScriptedPeer(of: .client)
        try client.sends(bytes: [0x81, 0x05, 0x48, 0x65, 0x6c, 0x6c, 0x6f]).expect(.message(.text, hello))
        try server.sends(bytes: [0x81, 0x85, 0x37, 0xfa, 0x21, 0x3d, 0x7f, 0x9f, 0x4d, 0x51, 0x58]).expect(.message(.text, hello))
        try client.sends(bytes: [0x01, 0x03, 0x48, 0x65, 0x6c, 0x80, 0x02, 0x6c, 0x6f]).expect(.message(.text, hello))
        try client.sends(bytes: [0x89, 0x05, 0x48, 0x65, 0x6c, 0x6c, 0x6f]).expect(.ping(hello)).expectReplies(.pong(hello))
        try server.sends(bytes: [0x8a, 0x85, 0x37, 0xfa, 0x21, 0x3d, 0x7f, 0x9f, 0x4d, 0x51, 0x58]).expect(.pong(hello)).expectReplies()
        let long = [UInt8](repeating: 1, count: 256), longer = [UInt8](repeating: 2, count: 65_536)
        try client.sends(bytes: [0x82, 0x7e, 0x01, 0x00] + long).expect(.message(bytes: long))
        try client.sends(bytes: [0x82, 0x7f, 0, 0, 0, 0, 0, 1, 0, 0] + longer).expect(.message(bytes: longer))
    }
}
