/// What a person did on the keyboard.
enum Key: Equatable {
    case insert(String)
    case enter
    case backspace, delete
    case left, right, wordLeft, wordRight, home, end
    case up, down
    case killToEnd, killToStart, killWordBack, killWordForward, yank
    case clearScreen
    case interrupt, endOfInput, suspend
}

/// Turns the bytes of a terminal in raw mode into keys: UTF-8, the control characters of Emacs and the shell, the escape sequences of xterm and its
/// kin, and bracketed paste (a pasted line break is text, not Enter).
struct KeyDecoder {
    private static let escape: UInt8 = 0x1B
    /// A sequence that is longer than this is no sequence.
    private static let maxSequence = 32

    private var pending: [UInt8] = []
    private var isPasting = false

    /// The keys in these bytes, and in what was left of the bytes before.
    mutating func decode(_ bytes: some Sequence<UInt8>) -> [Key] {
        self.pending.append(contentsOf: bytes)
        var keys: [Key] = []
        var rest = self.pending[...]
        while let first = rest.first {
            if first == Self.escape, !self.isPasting || rest.count > 1 {
                guard let (key, length) = self.decodeEscape(rest) else { break }
                if let key { keys.append(key) }
                rest = rest.dropFirst(length)
            } else if Self.isText(first) || self.isPasting {
                let text = self.takeText(&rest)
                guard !text.isEmpty else { break }
                keys.append(.insert(text))
            } else {
                if let key = Self.control(first) { keys.append(key) }
                rest = rest.dropFirst()
            }
        }
        self.pending = Array(rest)
        return keys
    }

    private static func isText(_ byte: UInt8) -> Bool { byte >= 0x20 && byte != 0x7F || byte == 0x09 }

    private static func control(_ byte: UInt8) -> Key? {
        switch byte {
        case 0x0A, 0x0D: .enter
        case 0x08, 0x7F: .backspace
        case control("A"): .home
        case control("B"): .left
        case control("C"): .interrupt
        case control("D"): .endOfInput
        case control("E"): .end
        case control("F"): .right
        case control("K"): .killToEnd
        case control("L"): .clearScreen
        case control("N"): .down
        case control("P"): .up
        case control("U"): .killToStart
        case control("W"): .killWordBack
        case control("Y"): .yank
        case control("Z"): .suspend
        default: nil
        }
    }

    private static func control(_ letter: Unicode.Scalar) -> UInt8 { UInt8(ascii: letter) & 0x1F }

    /// Text up to the next control character. An unfinished UTF-8 sequence at the end stays for the bytes that follow.
    private func takeText(_ rest: inout ArraySlice<UInt8>) -> String {
        let end = rest.firstIndex { byte in self.isPasting ? byte == Self.escape : !Self.isText(byte) } ?? rest.endIndex
        var text = rest[..<end]
        if end == rest.endIndex { text = text.dropLast(Self.unfinishedBytes(of: text)) }
        rest = rest[text.endIndex...]
        return String(decoding: text, as: UTF8.self).replacing("\r\n", with: "\n").replacing("\r", with: "\n")
    }

    /// How many bytes at the end begin a UTF-8 sequence that needs more.
    private static func unfinishedBytes(of text: ArraySlice<UInt8>) -> Int {
        for (count, byte) in text.suffix(3).reversed().enumerated() where byte & 0xC0 != 0x80 {
            let needed = byte >= 0xF0 ? 4 : byte >= 0xE0 ? 3 : byte >= 0xC0 ? 2 : 1
            return count + 1 < needed ? count + 1 : 0
        }
        return 0
    }

    /// The key of an escape sequence, and the sequence's length; nil when more bytes are needed.
    private mutating func decodeEscape(_ bytes: ArraySlice<UInt8>) -> (Key?, Int)? {
        // The Escape key alone arrives as a read of one byte; sequences arrive whole.
        guard let second = bytes.dropFirst().first else { return (nil, 1) }
        switch second {
        case UInt8(ascii: "["): return self.decodeControlSequence(bytes)
        case UInt8(ascii: "O"):
            guard let third = bytes.dropFirst(2).first else { return nil }
            return (Self.cursorKey(third, isWord: false), 3)
        case UInt8(ascii: "b"): return (.wordLeft, 2)
        case UInt8(ascii: "f"): return (.wordRight, 2)
        case UInt8(ascii: "d"): return (.killWordForward, 2)
        case 0x7F, 0x08: return (.killWordBack, 2)
        case 0x0D, 0x0A: return (.insert("\n"), 2)
        default: return (nil, 1)
        }
    }

    /// ECMA-48 §5.4: parameters, intermediates, and one final byte.
    private mutating func decodeControlSequence(_ bytes: ArraySlice<UInt8>) -> (Key?, Int)? {
        let body = bytes.dropFirst(2)
        guard let end = body.firstIndex(where: { (0x40...0x7E).contains($0) }), end - body.startIndex <= Self.maxSequence else {
            return body.count > Self.maxSequence ? (nil, bytes.count) : nil
        }
        let length = end + 1 - bytes.startIndex
        let parameters = String(decoding: body[..<end], as: UTF8.self)
        guard let final = bytes[end...].first, final == UInt8(ascii: "~") else {
            let isWord = parameters.hasSuffix(";5") || parameters.hasSuffix(";3")
            return (bytes[end...].first.flatMap { Self.cursorKey($0, isWord: isWord) }, length)
        }
        switch parameters {
        case "1", "7": return (.home, length)
        case "4", "8": return (.end, length)
        case "3": return (.delete, length)
        case "200": self.isPasting = true
        case "201": self.isPasting = false
        default: break
        }
        return (nil, length)
    }

    private static func cursorKey(_ final: UInt8, isWord: Bool) -> Key? {
        switch final {
        case UInt8(ascii: "A"): .up
        case UInt8(ascii: "B"): .down
        case UInt8(ascii: "C"): isWord ? .wordRight : .right
        case UInt8(ascii: "D"): isWord ? .wordLeft : .left
        case UInt8(ascii: "H"): .home
        case UInt8(ascii: "F"): .end
        default: nil
        }
    }
}
