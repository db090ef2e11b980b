/// What is on the screen: lines that have been printed, and below them the one being typed.
///
/// Keeps the two apart: what comes in takes the prompt's row away, is printed, and the row is put back, cursor and all.
struct ConnectScreen {
    private static let clearRow = "\r\u{1B}[K"

    let isColored: Bool
    private var isPromptShown = false

    init(isColored: Bool) {
        self.isColored = isColored
    }

    /// The bytes that print `text`, which ends with a line break, above the prompt.
    mutating func print(_ text: String, above editor: LineEditor, columns: Int) -> String {
        let wasShown = self.isPromptShown
        return (wasShown ? Self.clearRow : "") + text + (wasShown ? self.prompt(editor, columns: columns) : "")
    }

    /// The bytes that show the line as it is now.
    mutating func prompt(_ editor: LineEditor, columns: Int) -> String {
        self.isPromptShown = true
        let line = PromptLine(editor, columns: columns)
        return Self.clearRow + line.text + "\r\u{1B}[\(line.column)C"
    }

    /// The bytes that end the prompt's row, leaving `text` there, such as what has been sent.
    mutating func leavePrompt(with text: String? = nil) -> String {
        guard self.isPromptShown else { return "" }
        self.isPromptShown = false
        return Self.clearRow + (text.map { $0 + "\n" } ?? "")
    }

    /// The bytes that empty the screen but for the prompt (Control-L).
    mutating func clear(_ editor: LineEditor, columns: Int) -> String {
        "\u{1B}[H\u{1B}[2J" + self.prompt(editor, columns: columns)
    }
}
