import Testing

@testable import heliograph

@Suite("Keys of a terminal")
struct KeyDecoderTests {
    static func keys(_ text: String) -> [Key] {
        var decoder = KeyDecoder()
        return decoder.decode(Array(text.utf8))
    }

    @Test(
        "control characters are those of Emacs and the shell",
        arguments: [
            ("\u{01}", Key.home), ("\u{02}", .left), ("\u{03}", .interrupt), ("\u{04}", .endOfInput), ("\u{05}", .end), ("\u{06}", .right),
            ("\u{08}", .backspace), ("\u{0A}", .enter), ("\u{0B}", .killToEnd), ("\u{0C}", .clearScreen), ("\u{0D}", .enter),
            ("\u{0E}", .down),
            ("\u{10}", .up), ("\u{15}", .killToStart), ("\u{17}", .killWordBack), ("\u{19}", .yank), ("\u{1A}", .suspend),
            ("\u{7F}", .backspace),
        ])
    func control(text: String, key: Key) {
        #expect(Self.keys(text) == [key])
    }

    @Test(
        "escape sequences are those of xterm, the Linux console and rxvt",
        arguments: [
            ("\u{1B}[A", Key.up), ("\u{1B}[B", .down), ("\u{1B}[C", .right), ("\u{1B}[D", .left), ("\u{1B}[H", .home), ("\u{1B}[F", .end),
            ("\u{1B}OA", .up), ("\u{1B}OH", .home), ("\u{1B}OF", .end), ("\u{1B}[1~", .home), ("\u{1B}[4~", .end), ("\u{1B}[7~", .home),
            ("\u{1B}[8~", .end), ("\u{1B}[3~", .delete), ("\u{1B}[1;5C", .wordRight), ("\u{1B}[1;5D", .wordLeft),
            ("\u{1B}[1;3D", .wordLeft),
            ("\u{1B}b", .wordLeft), ("\u{1B}f", .wordRight), ("\u{1B}d", .killWordForward), ("\u{1B}\u{7F}", .killWordBack),
            ("\u{1B}\r", .insert("\n")),
        ])
    func escapeSequences(text: String, key: Key) {
        #expect(Self.keys(text) == [key])
    }

    @Test(
        "unknown sequences are swallowed whole", arguments: ["\u{1B}[15~", "\u{1B}[Z", "\u{1B}[?1;2c", "\u{1B}[1;2P", "\u{00}", "\u{1B}"])
    func unknown(text: String) {
        #expect(Self.keys(text + "x") == [.insert("x")])
    }

    @Test("a sequence without an end is given up")
    func endless() {
        var decoder = KeyDecoder()
        #expect(decoder.decode(Array(("\u{1B}[" + String(repeating: "1", count: 100)).utf8)).isEmpty)
        #expect(decoder.decode(Array("x".utf8)) == [.insert("x")])
    }

    @Test("text and keys in one read keep their order")
    func mixed() {
        #expect(Self.keys("ab\u{1B}[Dc\r") == [.insert("ab"), .left, .insert("c"), .enter])
        #expect(Self.keys("a\tb") == [.insert("a\tb")])
    }

    @Test(
        "a character or a sequence may come in pieces",
        arguments: ["é", "日", "👩‍👩‍👧", "\u{1B}[1;5C", "\u{1B}[200~a\rb\u{1B}[201~", "x\u{1B}[3~y"])
    func pieces(text: String) {
        let whole = Self.keys(text)
        var decoder = KeyDecoder()
        var keys: [Key] = []
        // A read that ends right after the escape byte means the Escape key, so that is no place to split at.
        for byte in pieces(of: Array(text.utf8)) { keys += decoder.decode(byte) }
        #expect(joined(keys) == joined(whole))
        #expect(!whole.isEmpty)
    }

    private func pieces(of bytes: [UInt8]) -> [[UInt8]] {
        bytes.reduce(into: []) { pieces, byte in
            if pieces.last == [0x1B] { pieces[pieces.count - 1].append(byte) } else { pieces.append([byte]) }
        }
    }

    private func joined(_ keys: [Key]) -> [String] {
        keys.reduce(into: []) { texts, key in
            if case .insert(let text) = key, let last = texts.last, last.hasPrefix("+") {
                texts[texts.count - 1] = last + text
            } else if case .insert(let text) = key {
                texts.append("+" + text)
            } else {
                texts.append("\(key)")
            }
        }
    }

    @Test("a pasted line break is text")
    func paste() {
        #expect(Self.keys("\u{1B}[200~one\rtwo\r\nthree\u{1B}[201~\r") == [.insert("one\ntwo\nthree"), .enter])
        #expect(Self.keys("\u{1B}[200~\u{03}\u{04}\u{1B}[201~") == [.insert("\u{03}\u{04}")])
    }

    @Test("bytes that are not UTF-8 do no harm")
    func notUTF8() {
        var decoder = KeyDecoder()
        #expect(decoder.decode([0xFF, 0x41]) == [.insert("\u{FFFD}A")])
        #expect(decoder.decode([0xE2, 0x82, 0x41, 0x0D]) == [.insert("\u{FFFD}A"), .enter])
    }
}
