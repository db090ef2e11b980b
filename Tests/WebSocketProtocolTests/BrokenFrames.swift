import WebSocketProtocol
import WebSocketTesting

/// What the peer sends, and how that must end.
struct BrokenFrames: CustomStringConvertible {
    let role: WebSocketRole
    let frames: [RawFrame]
    let code: CloseCode
    let clause: String
    var compresses = false

    var description: String { "\(role) gets \(frames)" }

    /// Feeds the frames whole, byte by byte, and split at every byte: the verdict must be the same.
    func run() throws {
        let bytes = frames.flatMap { $0.bytes(from: role == .server ? .client : .server) }
        var splittings: [Splitting] = [.whole, .everyByte]
        for index in 1..<min(bytes.count, 40) { splittings.append(.at(index)) }
        for splitting in splittings {
            let peer = ScriptedPeer(of: role, compressor: compresses ? FakeCompressor() : nil, splitting: splitting)
            let reaction = peer.sends(bytes: bytes)
            do {
                try reaction.expectFailure(code, clause: clause, after: Array(reaction.events.dropLast()))
            } catch {
                throw Unexpected("\(self), \(splitting): \(error)")
            }
        }
    }
}

/// The tables: every way in which one header can be wrong, for both roles.
enum BrokenFrameTables {
    private static let defined: [Opcode] = [.continuation, .text, .binary, .close, .ping, .pong]
    private static let controls: [Opcode] = [.close, .ping, .pong]
    private static let reserved: [Opcode] = [3, 4, 5, 6, 7, 11, 12, 13, 14, 15].map(Opcode.init(rawValue:))

    /// Both roles; `add` takes the frames.
    private static func table(
        _ code: CloseCode, _ clause: String, compresses: Bool = false, _ fill: (_ role: WebSocketRole, _ add: ([RawFrame]) -> Void) -> Void
    ) -> [BrokenFrames] {
        var cases: [BrokenFrames] = []
        for role in [WebSocketRole.server, .client] {
            fill(role) { cases.append(BrokenFrames(role: role, frames: $0, code: code, clause: clause, compresses: compresses)) }
        }
        return cases
    }

    /// F1. §5.1: "a client MUST mask all frames", "A server MUST NOT mask any frames".
    static let masking = table(1002, "RFC 6455 §5.1") { role, add in
        for opcode in UInt8(0)...15 {
            for count in [0, 3, 126] {
                let frame = RawFrame(Opcode(rawValue: opcode), [UInt8](repeating: 7, count: count))
                add([role == .server ? frame.unmasked : frame.masked()])
            }
        }
    }

    /// F5. §5.2: RSV1–3 "MUST be 0 unless an extension is negotiated".
    static let reservedBits = table(1002, "RFC 6455 §5.2") { _, add in
        for opcode in defined {
            for bits in UInt8(1)...7 { add([RawFrame(opcode, [0x61]).reserved(bits)]) }
        }
    }

    /// F5 with permessage-deflate, which leaves RSV2 and RSV3 reserved.
    static let reservedBitsWithExtension = table(1002, "RFC 6455 §5.2", compresses: true) { _, add in
        for opcode in defined {
            for bits in [1, 2, 3, 5, 6, 7] as [UInt8] { add([RawFrame(opcode).reserved(bits)]) }
        }
    }

    /// F5. RFC 7692 §6: RSV1 on the first frame of a data message and nowhere else.
    static let compressedControlOrContinuation = table(1002, "RFC 7692 §6", compresses: true) { _, add in
        for opcode in controls { add([RawFrame(opcode).reserved(4)]) }
        add([RawFrame(.continuation).reserved(4)])
        add([RawFrame.text("a").fragment, RawFrame.continuation("b").reserved(4)])
        add([RawFrame.binary([1]).reserved(4).fragment, RawFrame.continuation("b").reserved(4)])
    }

    /// F6. §5.2: opcodes 3–7 and B–F are reserved.
    static let reservedOpcodes = table(1002, "RFC 6455 §5.2") { _, add in
        for opcode in reserved {
            for count in [0, 5, 126] {
                let frame = RawFrame(opcode, [UInt8](repeating: 0, count: count))
                add([frame])
                add([frame.fragment])
            }
        }
    }

    /// F7. §5.5: "All control frames MUST have a payload length of 125 bytes or less and MUST NOT be fragmented."
    static let controlFrames = table(1002, "RFC 6455 §5.5") { _, add in
        for opcode in controls {
            add([RawFrame(opcode).fragment])
            add([RawFrame(opcode, [3, 232]).fragment])
            add([RawFrame(opcode, [UInt8](repeating: 0, count: 126))])
            for length in [126, 127, 65_535] as [UInt64] { add([RawFrame(opcode).lengthForm(.sixteen).declaring(length)]) }
            for length in [65_536, 1 << 40, 1 << 63] as [UInt64] { add([RawFrame(opcode).lengthForm(.sixtyFour).declaring(length)]) }
        }
    }

    /// F4, F2. §5.2: "the minimal number of bytes MUST be used", "the most significant bit MUST be 0".
    static let lengths = table(1002, "RFC 6455 §5.2") { _, add in
        for opcode in defined {
            let before: [RawFrame] = opcode == .continuation ? [RawFrame.binary([1]).fragment] : []
            for count in [0, 1, 5, 125] {
                let frame = RawFrame(opcode, [UInt8](repeating: 0, count: count))
                add(before + [frame.lengthForm(.sixteen)])
                add(before + [frame.lengthForm(.sixtyFour)])
            }
            if opcode.isControl { continue }
            let topBit: UInt64 = 1 << 63
            for length in [126, 200, 65_535, topBit, topBit + 1, .max, .max - 13] as [UInt64] {
                add(before + [RawFrame(opcode).lengthForm(.sixtyFour).declaring(length)])
            }
        }
    }

    /// F23. §5.4: fragments of one message are not interleaved with another's.
    static let fragmentation = table(1002, "RFC 6455 §5.4") { _, add in
        add([.continuation("a")])
        add([.continuation("a").fragment])
        add([.continuation("")])
        add([.text("a"), .continuation("b")])
        add([.ping("p"), .continuation("a")])
        add([.text("a").fragment, .continuation("b"), .continuation("c")])
        add([.text("a").fragment, .text("b")])
        add([.text("a").fragment, .binary([1])])
        add([.binary([1]).fragment, .text("b").fragment])
        add([.text("").fragment, .text("")])
        add([.text("a").fragment, .continuation("b").fragment, .text("c")])
        add([.text("a").fragment, .ping("p"), .text("b")])
    }

    /// F3. §10.4: a message over the limit is refused at its header.
    static let sizes = table(1009, "RFC 6455 §10.4") { _, add in
        for length in [65_537, 1 << 20, 1 << 31, 1 << 32, 1 << 62, 1 << 63 - 1] as [UInt64] {
            add([RawFrame.text("").lengthForm(.sixtyFour).declaring(length)])
            add([RawFrame.binary([]).lengthForm(.sixtyFour).declaring(length).fragment])
            add([RawFrame.binary([1]).fragment, RawFrame.continuation("").lengthForm(.sixtyFour).declaring(length - 1)])
        }
    }

    static let all = [
        masking, reservedBits, reservedBitsWithExtension, compressedControlOrContinuation, reservedOpcodes, controlFrames, lengths,
        fragmentation, sizes,
    ]
}
