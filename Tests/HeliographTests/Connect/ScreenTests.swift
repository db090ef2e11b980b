import NIOCore
import Testing
import WebSocketNIO

@testable import heliograph

@Suite("The screen")
struct ScreenTests {
    static func editor(_ text: String, back: Int = 0) -> LineEditor {
        var editor = LineEditor()
        _ = editor.handle(.insert(text))
        for _ in 0..<back { _ = editor.handle(.left) }
        return editor
    }

    @Test(
        "columns of a character",
        arguments: [
            ("a", 1), ("é", 1), ("e\u{301}", 1), ("日", 2), ("Ａ", 2), ("👍", 2), ("👩‍👩‍👧", 2), ("❤\u{FE0F}", 2), ("한", 2), ("\u{200B}", 0),
            ("Ж", 1),
        ])
    func width(text: String, columns: Int) {
        #expect(DisplayWidth.of(text) == columns)
    }

    @Test("a short line is shown whole")
    func short() {
        let line = PromptLine(Self.editor("hello", back: 2), columns: 80)
        #expect(line.text == "> hello")
        #expect(line.column == 5)
    }

    @Test("a long line shows its surroundings of the cursor, and never fills the row")
    func long() {
        let text = String(repeating: "0123456789", count: 10)
        for back in 0...100 {
            let line = PromptLine(Self.editor(text, back: back), columns: 30)
            #expect(DisplayWidth.of(line.text) < 30)
            #expect(line.column < 30)
            #expect(line.column >= 2)
        }
        #expect(PromptLine(Self.editor(text), columns: 30).text == "> 345678901234567890123456789")
        #expect(PromptLine(Self.editor(text, back: 100), columns: 30).text == "> 012345678901234567890123456")
    }

    @Test("wide characters count twice; control characters are visible")
    func wide() {
        let line = PromptLine(Self.editor("日本語", back: 1), columns: 80)
        #expect(line.column == 6)
        #expect(PromptLine(Self.editor("a\nb\tc\u{07}"), columns: 80).text == #"> a↵b⇥c\u{7}"#)
    }

    @Test("a tiny window does no harm", arguments: [0, 1, 5])
    func tiny(columns: Int) {
        #expect(PromptLine(Self.editor("hello world"), columns: columns).column >= 2)
    }

    @Test("what comes in takes the prompt away and puts it back")
    func above() {
        var screen = ConnectScreen(isColored: false)
        let editor = Self.editor("typing")
        #expect(screen.print("early\n", above: editor, columns: 80) == "early\n")
        #expect(screen.prompt(editor, columns: 80) == "\r\u{1B}[K> typing\r\u{1B}[8C")
        #expect(screen.print("news\n", above: editor, columns: 80) == "\r\u{1B}[Knews\n\r\u{1B}[K> typing\r\u{1B}[8C")
        #expect(screen.leavePrompt(with: "> sent") == "\r\u{1B}[K> sent\n")
        #expect(screen.leavePrompt().isEmpty)
        #expect(screen.print("late\n", above: editor, columns: 80) == "late\n")
    }

    @Test(
        "text of others cannot command the terminal",
        arguments: [
            ("plain 日本\n\ttext", "plain 日本\n\ttext"), ("\u{1B}[2J", #"\u{1b}[2J"#), ("\u{1B}]0;title\u{07}", #"\u{1b}]0;title\u{7}"#),
            ("a\rb", #"a\u{d}b"#),
            ("a\u{08}b", #"a\u{8}b"#), ("\u{9B}31m", #"\u{9b}31m"#), ("\u{7F}", #"\u{7f}"#), ("\u{202E}evil", #"\u{202e}evil"#),
        ])
    func escaping(text: String, shown: String) {
        #expect(TerminalText.escaped(text) == shown)
    }

    @Test("a hex dump looks like hexdump -C")
    func hexDump() {
        #expect(HexDump.lines([UInt8]()).isEmpty)
        #expect(
            HexDump.lines(Array("hello, world! \u{0}é".utf8)) == [
                "00000000  68 65 6c 6c 6f 2c 20 77  6f 72 6c 64 21 20 00 c3  |hello, world! ..|",
                "00000010  a9                                                |.|",
            ])
        let long = HexDump.lines([UInt8](repeating: 0x41, count: HexDump.maxBytes + 3))
        #expect(long.count == HexDump.maxBytes / 16 + 1)
        #expect(long.last == "… and 3 bytes more")
        #expect(long.dropLast().last?.hasPrefix("00000ff0 ") == true)
    }

    @Test("messages are laid out for people, and left alone for programs")
    func formatting() {
        let json = WebSocketMessage.text(#"{"a":1}"#)
        let bytes = WebSocketMessage.binary(ByteBuffer(bytes: [0x1B, 0x0A]))
        let escape = WebSocketMessage.text("\u{1B}[2J")
        let person = MessageFormatter(layout: .auto, isTerminal: true, isColored: false)
        #expect(text(person, json) == "{\n  \"a\": 1\n}\n")
        #expect(text(person, bytes) == "binary, 2 bytes\n00000000  1b 0a                                             |..|\n")
        #expect(text(person, escape) == "\\u{1b}[2J\n")
        let program = MessageFormatter(layout: .auto, isTerminal: false, isColored: false)
        #expect(text(program, json) == "{\"a\":1}\n")
        #expect(text(program, bytes) == "\u{1B}\n")
        #expect(text(program, escape) == "\u{1B}[2J\n")
        let raw = MessageFormatter(layout: .raw, isTerminal: true, isColored: false)
        #expect(text(raw, json) == "{\"a\":1}\n")
        #expect(text(raw, escape) == "\\u{1b}[2J\n")
        #expect(text(MessageFormatter(layout: .pretty, isTerminal: false, isColored: false), json) == "{\n  \"a\": 1\n}\n")
    }

    private func text(_ formatter: MessageFormatter, _ message: WebSocketMessage) -> String {
        String(decoding: formatter.output(message), as: UTF8.self)
    }
}
