/// The one row at the bottom of the screen: the prompt, and as much of the line as fits around the cursor.
///
/// A long line scrolls sideways in its row instead of wrapping, so the row can always be taken away and put back, whatever came in meanwhile.
struct PromptLine {
    static let prompt = "> "

    /// What the row shows.
    let text: String
    /// The cursor's column, from 0.
    let column: Int

    init(_ editor: LineEditor, columns: Int) {
        let width = max(columns - Self.prompt.count - 1, 8)
        let cells = editor.characters.map(Self.visible)
        let start = Self.firstVisible(cells, cursor: editor.cursor, width: width)
        var used = 0
        let shown = cells[start...].prefix { cell in
            used += DisplayWidth.of(cell)
            return used <= width
        }
        self.text = Self.prompt + shown.joined()
        self.column = Self.prompt.count + cells[start..<editor.cursor].reduce(0) { $0 + DisplayWidth.of($1) }
    }

    /// The cursor stays in the row: as far left in the line as possible, but no further than a row's width before the cursor.
    private static func firstVisible(_ cells: [String], cursor: Int, width: Int) -> Int {
        var start = cursor
        var used = 0
        while start > 0, used + DisplayWidth.of(cells[start - 1]) <= width {
            start -= 1
            used += DisplayWidth.of(cells[start])
        }
        return start
    }

    private static func visible(_ character: Character) -> String {
        switch character {
        case "\n": "↵"
        case "\t": "⇥"
        default: TerminalText.escaped(String(character))
        }
    }
}
