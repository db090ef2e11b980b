// RFC 6455 §8.1, RFC 3629; F19. The judge is the standard library's String(validating:as:).

import Testing
import WebSocketTesting

@testable import WebSocketProtocol

@Suite("UTF-8: RFC 3629")
struct UTF8ValidatorTests {
    /// The verdict when the bytes come in two pieces, and the index of the byte that was refused.
    private static func verdict(_ bytes: [UInt8], splitAt index: Int) -> Bool {
        var validator = UTF8Validator()
        return bytes.withUnsafeBytes { all in
            validator.consume(UnsafeRawBufferPointer(rebasing: all[..<index]))
                && validator.consume(UnsafeRawBufferPointer(rebasing: all[index...]))
                && validator.isComplete
        }
    }

    private static func firstRefused(_ bytes: [UInt8]) -> Int? {
        var validator = UTF8Validator()
        return bytes.indices.first { index in
            [bytes[index]].withUnsafeBytes { !validator.consume($0) }
        }
    }

    /// Bytes at the borders of every range of Table 3-7, and some between.
    static let borders: [UInt8] = [
        0x00, 0x41, 0x7f, 0x80, 0x8f, 0x90, 0x9f, 0xa0, 0xbf, 0xc0, 0xc1, 0xc2, 0xdf, 0xe0, 0xe1, 0xec, 0xed, 0xee, 0xef, 0xf0, 0xf1, 0xf3,
        0xf4, 0xf5, 0xf8, 0xfc, 0xfe, 0xff,
    ]

    /// The same, where only 80–BF can be right.
    static let continuations: [UInt8] = [0x00, 0x41, 0x7f, 0x80, 0x81, 0x9f, 0xbe, 0xbf, 0xc0, 0xff]

    @Test("all sequences of one and two bytes, at every split, as the standard library judges")
    func oneAndTwoBytes() {
        var wrong: [[UInt8]] = []
        for first in UInt8.min...(.max) {
            for sequence in [[first]] + (UInt8.min...(.max)).map({ [first, $0] }) {
                let expected = String(validating: sequence, as: UTF8.self) != nil
                for split in 0...sequence.count where Self.verdict(sequence, splitAt: split) != expected { wrong.append(sequence) }
            }
        }
        #expect(wrong.isEmpty)
    }

    @Test("sequences of three and four bytes: every first byte with all borders of every range, at every split")
    func threeAndFourBytes() {
        var wrong: [[UInt8]] = []
        for first in UInt8(0xc0)...0xff {
            for second in Self.borders {
                for third in Self.continuations {
                    for sequence in [[first, second, third]] + Self.continuations.map({ [first, second, third, $0] }) {
                        let expected = String(validating: sequence, as: UTF8.self) != nil
                        for split in 0...sequence.count where Self.verdict(sequence, splitAt: split) != expected { wrong.append(sequence) }
                    }
                }
            }
        }
        #expect(wrong.isEmpty)
    }

    @Test("every scalar of Unicode is valid, and every surrogate is not")
    func allScalars() {
        var wrong = 0
        for value in UInt32(0)...0x10ffff {
            let bytes = Unicode.Scalar(value).map { Array(String($0).utf8) } ?? Self.encoded(value)
            let isValid = bytes.withUnsafeBytes { UTF8Validator.isValid($0) }
            if isValid != (Unicode.Scalar(value) != nil) { wrong += 1 }
        }
        #expect(wrong == 0)
        #expect(!Self.encoded(0x110000).withUnsafeBytes { UTF8Validator.isValid($0) })
    }

    /// What a careless encoder makes of a surrogate, or of a number above U+10FFFF.
    private static func encoded(_ value: UInt32) -> [UInt8] {
        let tail = [UInt8(0x80 | value >> 6 & 0x3f), UInt8(0x80 | value & 0x3f)]
        if value < 0x10000 { return [UInt8(0xe0 | value >> 12)] + tail }
        return [UInt8(0xf0 | value >> 18), UInt8(0x80 | value >> 12 & 0x3f)] + tail
    }

    @Test("random bytes behind ASCII of every length, so that the step by words ends at every place")
    func behindASCII() {
        var random = SeededRandom(seed: 2)
        for length in 0...40 {
            for _ in 0..<200 {
                let tail = (0..<Int.random(in: 0...8, using: &random)).map { _ in Self.borders.randomElement(using: &random) ?? 0 }
                let bytes = [UInt8](repeating: 0x61, count: length) + tail + [UInt8](repeating: 0x62, count: 9)
                #expect(bytes.withUnsafeBytes { UTF8Validator.isValid($0) } == (String(validating: bytes, as: UTF8.self) != nil))
            }
        }
    }

    @Test("fails on the first byte that cannot be right, not later")
    func failsFast() {
        // The byte refused is the first after which no continuation is valid: compared with trying continuations.
        let table: [(bytes: [UInt8], index: Int)] = [
            ([0x80], 0), ([0xbf], 0), ([0xc0, 0x80], 0), ([0xc1, 0xbf], 0), ([0xf5], 0), ([0xff], 0),
            ([0xe0, 0x80, 0x80], 1), ([0xe0, 0x9f], 1), ([0xed, 0xa0, 0x80], 1), ([0xf0, 0x8f], 1), ([0xf4, 0x90], 1),
            ([0xc2, 0x41], 1), ([0xe1, 0x80, 0x41], 2), ([0xf1, 0x80, 0x80, 0xc0], 3), ([0xe2, 0x82, 0xac, 0xac], 3),
            // Autobahn 6.4: κόσμε, then a surrogate and a character above U+10FFFF
            (Array("κόσμε".utf8) + [0xed, 0xa0, 0x80] + Array("edited".utf8), 11), (Array("κόσμε".utf8) + [0xf4, 0x90, 0x80, 0x80], 11),
        ]
        for (bytes, index) in table { #expect(Self.firstRefused(bytes) == index, "\(bytes)") }
    }

    @Test("a text is complete at the end of a character only")
    func isComplete() {
        var validator = UTF8Validator()
        #expect(validator.isComplete)
        for (byte, isComplete): (UInt8, Bool) in [(0xf0, false), (0x9f, false), (0x98, false), (0x80, true), (0x41, true), (0xc3, false)] {
            let isValid = [byte].withUnsafeBytes { validator.consume($0) }
            #expect(isValid)
            #expect(validator.isComplete == isComplete)
        }
    }

    // MARK: In messages

    static let bad: [[UInt8]] = [[0xff], [0xc0, 0xaf], [0xed, 0xa0, 0x80], [0xf4, 0x90, 0x80, 0x80], [0xe2, 0x82], [0xce, 0xba, 0xe1]]

    @Test("text that is not UTF-8 ends with 1007, whole, fragmented and at every split", arguments: [WebSocketRole.server, .client])
    func messages(role: WebSocketRole) throws {
        for bytes in Self.bad {
            let fragments = [RawFrame.text(bytes: [0x61]).fragment, .continuation(bytes: bytes).fragment, .continuation("b")]
            for frames in [[RawFrame.text(bytes: bytes)], [RawFrame.text(bytes: Array("Grüße ".utf8) + bytes)], fragments] {
                try BrokenFrames(role: role, frames: frames, code: 1007, clause: "RFC 6455 §8.1").run()
            }
        }
    }

    @Test("the bad byte is refused when it arrives, with the frame and the message unfinished")
    func failsFastInsideAFrame() throws {
        let frame = RawFrame.text(bytes: Array("κόσμε".utf8) + [0xf4, 0x90] + [UInt8](repeating: 0x61, count: 100)).fragment
        let bytes = frame.bytes(from: .client)
        let header = 6
        let peer = ScriptedPeer(of: .server)
        try peer.sends(bytes: Array(bytes[..<(header + 11)])).expectNothing()
        try peer.sends(bytes: [bytes[header + 11]]).expectFailure(1007, clause: "RFC 6455 §8.1")
    }

    @Test("a character may be split between fragments, with control frames in between")
    func splitCharacters() throws {
        let text = "a£€😀z"
        let bytes = Array(text.utf8)
        for first in 0...bytes.count {
            for second in first...bytes.count {
                let frames: [RawFrame] = [
                    .text(bytes: Array(bytes[..<first])).fragment, .ping("p"), .continuation(bytes: Array(bytes[first..<second])).fragment,
                    .continuation(bytes: Array(bytes[second...])),
                ]
                for splitting: Splitting in [.whole, .everyByte] {
                    let peer = ScriptedPeer(of: .server, splitting: splitting)
                    try peer.sends(frames).expect(.ping("p"), .message(.text, text))
                }
            }
        }
    }

    @Test("binary data need not be UTF-8")
    func binary() throws {
        for bytes in Self.bad {
            let peer = ScriptedPeer(of: .server)
            try peer.sends(.binary(bytes), .binary(bytes).fragment, .continuation(bytes: bytes))
                .expect(.message(bytes: bytes), .message(bytes: bytes + bytes))
        }
    }
}
