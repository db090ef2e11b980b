import Foundation
import Testing

@testable import heliograph

@Suite("The line being typed")
struct LineEditorTests {
    /// Types bytes as a terminal sends them; gives the line back with the cursor as `|`.
    static func line(_ typed: String, in editor: inout LineEditor) -> String {
        var decoder = KeyDecoder()
        for key in decoder.decode(Array(typed.utf8)) { _ = editor.handle(key) }
        var characters = editor.characters
        characters.insert("|", at: editor.cursor)
        return String(characters)
    }

    static func line(_ typed: String) -> String {
        var editor = LineEditor()
        return self.line(typed, in: &editor)
    }

    @Test(
        "keys change it",
        arguments: [
            ("hello", "hello|"),
            ("hello\u{02}\u{02}X", "helX|lo"),
            ("hello\u{01}X", "X|hello"),
            ("hello\u{01}\u{06}\u{7F}", "|ello"),
            ("hello\u{01}\u{1B}[3~", "|ello"),
            ("hello\u{01}\u{7F}", "|hello"),
            ("hello\u{1B}[3~", "hello|"),
            ("hello\u{04}", "hello|"),
            ("hello\u{02}\u{04}", "hell|"),
            ("a b\u{01}\u{0B}", "|"),
            ("one two\u{02}\u{02}\u{0B}", "one t|"),
            ("one two\u{02}\u{15}", "|o"),
            ("one two  \u{17}", "one |"),
            ("one two\u{17}\u{17}\u{17}", "|"),
            ("one two\u{17}\u{01}\u{19}", "two|one "),
            ("one two\u{1B}b\u{1B}bX", "X|one two"),
            ("one two\u{01}\u{1B}f\u{1B}d", "one|"),
            ("one two\u{1B}[1;5DX\u{1B}[1;5C", "one Xtwo|"),
            ("a\u{1B}\rb", "a\nb|"),
            ("abc\u{03}", "|"),
            ("\u{02}\u{06}\u{01}\u{05}\u{0B}\u{15}\u{17}\u{19}\u{1B}d", "|"),
            ("a\u{1B}[C\u{1B}[Cb", "ab|"),
        ])
    func keys(typed: String, line: String) {
        #expect(Self.line(typed) == line)
    }

    @Test("a character is what a person takes for one")
    func graphemes() {
        #expect(Self.line("x👩‍👩‍👧\u{7F}") == "x|")
        #expect(Self.line("e\u{301}\u{7F}") == "|")
        #expect(Self.line("🇩🇪🇫🇷\u{02}\u{7F}") == "|🇫🇷")
        // A combining accent typed after the cursor has moved joins what is before it.
        #expect(Self.line("ab\u{02}\u{301}") == "a\u{301}|b")
    }

    @Test("Enter gives the line and starts a new one")
    func submit() {
        var editor = LineEditor()
        #expect(editor.handle(.insert("hello")) == .none)
        #expect(editor.handle(.left) == .none)
        #expect(editor.handle(.enter) == .submit("hello"))
        #expect(editor.text.isEmpty)
        #expect(editor.handle(.enter) == .submit(""))
        #expect(editor.history.entries == ["hello"])
    }

    @Test("on an empty line Control-C and Control-D leave")
    func leaving() {
        var editor = LineEditor()
        #expect(editor.handle(.interrupt) == .interrupt)
        #expect(editor.handle(.endOfInput) == .endOfInput)
        #expect(editor.handle(.suspend) == .suspend)
        #expect(editor.handle(.clearScreen) == .clearScreen)
        _ = editor.handle(.insert("x"))
        #expect(editor.handle(.endOfInput) == .none)
        #expect(editor.handle(.interrupt) == .none)
        #expect(editor.handle(.interrupt) == .interrupt)
    }

    @Test("up and down walk through the history and back to the draft")
    func history() {
        var editor = LineEditor(history: LineHistory(serialized: "one\ntwo\n"))
        #expect(Self.line("dra\u{1B}[A", in: &editor) == "two|")
        #expect(Self.line("\u{1B}[A", in: &editor) == "one|")
        #expect(Self.line("\u{1B}[A", in: &editor) == "one|")
        #expect(Self.line("\u{1B}[B\u{1B}[B", in: &editor) == "dra|")
        #expect(Self.line("\u{1B}[B", in: &editor) == "dra|")
        #expect(Self.line("\u{1B}[A!\r", in: &editor) == "|")
        #expect(editor.history.entries == ["one", "two", "two!"])
        #expect(Self.line("\u{1B}[A", in: &editor) == "two!|")
    }
}

@Suite("The history of lines")
struct LineHistoryTests {
    @Test("no empty, repeated or huge lines, and not too many")
    func appending() {
        var history = LineHistory()
        for line in ["a", "", "a", "b", "a", String(repeating: "x", count: LineHistory.maxEntryBytes + 1)] { history.append(line) }
        #expect(history.entries == ["a", "b", "a"])
        for number in 0..<LineHistory.maxEntries { history.append("\(number)") }
        #expect(history.entries.count == LineHistory.maxEntries)
        #expect(history.entries.first == "0")
    }

    @Test("is one line a line in its file, whatever is in it")
    func serialization() {
        var history = LineHistory()
        for line in ["plain", "two\nlines", #"back\slash"#, #"\n"#, "日本"] { history.append(line) }
        #expect(history.serialized.split(separator: "\n").count == 5)
        #expect(LineHistory(serialized: history.serialized) == history)
        #expect(LineHistory(serialized: "a\n\n\nb\\").entries == ["a", "b\\"])
    }

    @Test("lives where XDG says")
    func place() {
        #expect(HistoryFile(environment: ["XDG_STATE_HOME": "/s", "HOME": "/h"])?.path == "/s/heliograph/history")
        #expect(HistoryFile(environment: ["XDG_STATE_HOME": "relative", "HOME": "/h"])?.path == "/h/.local/state/heliograph/history")
        #expect(HistoryFile(environment: [:]) == nil)
    }

    @Test("is kept for its owner alone, and survives a missing or broken file")
    func file() throws {
        let folder = FileManager.default.temporaryDirectory.appendingPathComponent("history-\(UUID().uuidString)").path
        defer { try? FileManager.default.removeItem(atPath: folder) }
        let file = try #require(HistoryFile(environment: ["XDG_STATE_HOME": folder]))
        #expect(file.load().entries.isEmpty)
        var history = LineHistory()
        history.append("hello")
        file.save(history)
        #expect(file.load() == history)
        let attributes = try FileManager.default.attributesOfItem(atPath: file.path)
        #expect((attributes[.posixPermissions] as? NSNumber)?.intValue == 0o600)
        let isWritten = FileManager.default.createFile(atPath: file.path, contents: Data([0xFF, 0x0A, 0x41]))
        #expect(isWritten)
        #expect(file.load().entries == ["\u{FFFD}", "A"])
    }
}
