/// A line that is being typed, as a value: keys in, the line and what to do with it out.
struct LineEditor {
    /// What a key asks for beyond a change of the line.
    enum Action: Equatable {
        case none
        case submit(String)
        case interrupt
        case endOfInput
        case suspend
        case clearScreen
    }

    private(set) var characters: [Character] = []
    /// Where the next character goes, counted in characters.
    private(set) var cursor = 0
    private(set) var history: LineHistory
    private var killed = ""
    /// Where in the history the line comes from, and the line that was being typed before.
    private var browsing: (index: Int, draft: String)?

    init(history: LineHistory = LineHistory()) {
        self.history = history
    }

    var text: String { String(self.characters) }

    mutating func handle(_ key: Key) -> Action {
        switch key {
        case .insert(let text): self.insert(text)
        case .enter: return .submit(self.submit())
        case .interrupt: return self.interrupt()
        case .endOfInput: return self.endOfInput()
        case .suspend: return .suspend
        case .clearScreen: return .clearScreen
        case .up: self.browse(by: -1)
        case .down: self.browse(by: 1)
        case .yank: self.insert(self.killed)
        case .backspace: self.remove(self.cursor - 1..<self.cursor)
        case .delete: self.remove(self.cursor..<self.cursor + 1)
        case .killToEnd: self.kill(self.cursor..<self.characters.count)
        case .killToStart: self.kill(0..<self.cursor)
        case .killWordBack: self.kill(self.wordStart..<self.cursor)
        case .killWordForward: self.kill(self.cursor..<self.wordEnd)
        case .left, .right, .home, .end, .wordLeft, .wordRight: self.move(key)
        }
        return .none
    }

    private mutating func move(_ key: Key) {
        switch key {
        case .left: self.cursor = max(self.cursor - 1, 0)
        case .right: self.cursor = min(self.cursor + 1, self.characters.count)
        case .home: self.cursor = 0
        case .end: self.cursor = self.characters.count
        case .wordLeft: self.cursor = self.wordStart
        case .wordRight: self.cursor = self.wordEnd
        default: break
        }
    }

    /// A combining mark joins the character before it, so what stands before the cursor is split anew.
    private mutating func insert(_ text: String) {
        let before = Array(String(self.characters[..<self.cursor]) + text)
        self.characters = before + self.characters[self.cursor...]
        self.cursor = before.count
    }

    private mutating func remove(_ range: Range<Int>) {
        let range = range.clamped(to: 0..<self.characters.count)
        self.characters.removeSubrange(range)
        self.cursor = min(range.lowerBound, self.characters.count)
    }

    private mutating func kill(_ range: Range<Int>) {
        guard !range.isEmpty else { return }
        self.killed = String(self.characters[range])
        self.remove(range)
    }

    private mutating func replace(with text: String) {
        self.characters = Array(text)
        self.cursor = self.characters.count
    }

    private mutating func submit() -> String {
        let line = self.text
        self.history.append(line)
        self.replace(with: "")
        self.browsing = nil
        return line
    }

    /// As in a shell: the first Control-C takes the line back, the second one leaves.
    private mutating func interrupt() -> Action {
        guard !self.characters.isEmpty else { return .interrupt }
        self.replace(with: "")
        self.browsing = nil
        return .none
    }

    private mutating func endOfInput() -> Action {
        guard !self.characters.isEmpty else { return .endOfInput }
        self.remove(self.cursor..<self.cursor + 1)
        return .none
    }

    /// Up and down through the history; below its newest entry is the line that was being typed.
    private mutating func browse(by step: Int) {
        let entries = self.history.entries
        let (index, draft) = self.browsing ?? (entries.count, self.text)
        let target = index + step
        guard (0...entries.count).contains(target) else { return }
        self.browsing = target == entries.count ? nil : (target, draft)
        self.replace(with: target == entries.count ? draft : entries[target])
    }

    private var wordStart: Int {
        var index = self.cursor
        while index > 0, self.characters[index - 1].isWhitespace { index -= 1 }
        while index > 0, !self.characters[index - 1].isWhitespace { index -= 1 }
        return index
    }

    private var wordEnd: Int {
        var index = self.cursor
        while index < self.characters.count, self.characters[index].isWhitespace { index += 1 }
        while index < self.characters.count, !self.characters[index].isWhitespace { index += 1 }
        return index
    }
}
