// Strategy: JSON is laid out anew, never read into values: numbers keep their digits, keys their order and their repetitions, strings their escapes.
// One pass over the bytes checks the grammar of RFC 8259 and writes at the same time; at the first byte that does not fit, the text is not JSON and is
// shown as it came. The nesting is a stack of our own, so no message can exhaust the program's.

/// Lays out a text of JSON on several lines.
struct JSONPrettyPrinter {
    /// Deeper nesting is not laid out.
    static let maxDepth = 200

    private enum Container { case object, array }

    private let bytes: [UInt8]
    private var rest: ArraySlice<UInt8>
    private var output = ""
    private var containers: [Container] = []
    private let isColored: Bool

    /// The text laid out; nil when it is no JSON, or a lone number, string or word, which needs no layout.
    static func format(_ text: some Sequence<UInt8>, isColored: Bool = false) -> String? {
        var printer = JSONPrettyPrinter(bytes: Array(text), isColored: isColored)
        return printer.document() ? printer.output : nil
    }

    private init(bytes: [UInt8], isColored: Bool) {
        self.bytes = bytes
        self.rest = bytes[...]
        self.isColored = isColored
    }

    private mutating func document() -> Bool {
        self.skipSpaces()
        guard self.rest.first == UInt8(ascii: "{") || self.rest.first == UInt8(ascii: "["), self.value() else { return false }
        while let container = self.containers.last {
            self.skipSpaces()
            guard self.step(in: container) else { return false }
        }
        self.skipSpaces()
        return self.rest.isEmpty
    }

    /// After a value inside a container: its end, or a comma and the next value.
    private mutating func step(in container: Container) -> Bool {
        if self.take(container == .object ? "}" : "]") {
            self.containers.removeLast()
            self.newLine()
            self.output += container == .object ? "}" : "]"
            return true
        }
        guard self.take(",") else { return false }
        self.output += ","
        return self.element(of: container)
    }

    private mutating func element(of container: Container) -> Bool {
        self.newLine()
        self.skipSpaces()
        if container == .object {
            guard let key = self.string() else { return false }
            self.output += Style.cyan(key, isOn: self.isColored)
            self.skipSpaces()
            guard self.take(":") else { return false }
            self.output += ": "
            self.skipSpaces()
        }
        return self.value()
    }

    private mutating func value() -> Bool {
        switch self.rest.first {
        case UInt8(ascii: "{"): return self.open(.object, "{", "}")
        case UInt8(ascii: "["): return self.open(.array, "[", "]")
        case UInt8(ascii: "\""): return self.write(self.string(), .green)
        case UInt8(ascii: "t"): return self.write(self.word("true"), .magenta)
        case UInt8(ascii: "f"): return self.write(self.word("false"), .magenta)
        case UInt8(ascii: "n"): return self.write(self.word("null"), .faint)
        default: return self.write(self.number(), .yellow)
        }
    }

    private mutating func open(_ container: Container, _ start: Unicode.Scalar, _ end: Unicode.Scalar) -> Bool {
        guard self.take(start), self.containers.count < Self.maxDepth else { return false }
        self.output.unicodeScalars.append(start)
        self.skipSpaces()
        if self.take(end) {
            self.output.unicodeScalars.append(end)
            return true
        }
        self.containers.append(container)
        return self.element(of: container)
    }

    private mutating func write(_ token: String?, _ style: Style) -> Bool {
        guard let token else { return false }
        self.output += style(token, isOn: self.isColored)
        return true
    }

    private mutating func newLine() {
        self.output += "\n" + String(repeating: "  ", count: self.containers.count)
    }

    // MARK: Tokens, as they were written

    /// RFC 8259 §7.
    private mutating func string() -> String? {
        let start = self.rest.startIndex
        guard self.take("\"") else { return nil }
        while let byte = self.rest.popFirst() {
            switch byte {
            case UInt8(ascii: "\""): return self.text(from: start)
            case UInt8(ascii: "\\"):
                guard self.escapeSequence() else { return nil }
            case 0x00...0x1F: return nil
            default: break
            }
        }
        return nil
    }

    private mutating func escapeSequence() -> Bool {
        guard let byte = self.rest.popFirst() else { return false }
        guard byte == UInt8(ascii: "u") else { return "\"\\/bfnrt".utf8.contains(byte) }
        let digits = self.rest.prefix(4)
        self.rest = self.rest.dropFirst(4)
        return digits.count == 4 && digits.allSatisfy { Character(Unicode.Scalar($0)).isHexDigit && $0 < 0x80 }
    }

    /// RFC 8259 §6.
    private mutating func number() -> String? {
        let start = self.rest.startIndex
        _ = self.take("-")
        if !self.take("0") {
            guard self.digits() else { return nil }
        }
        if self.take(".") {
            guard self.digits() else { return nil }
        }
        if self.take("e") || self.take("E") {
            if !self.take("+") { _ = self.take("-") }
            guard self.digits() else { return nil }
        }
        return self.rest.startIndex > start ? self.text(from: start) : nil
    }

    private mutating func digits() -> Bool {
        let digits = self.rest.prefix { (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) }
        self.rest = self.rest.dropFirst(digits.count)
        return !digits.isEmpty
    }

    private mutating func word(_ word: String) -> String? {
        guard self.rest.starts(with: word.utf8) else { return nil }
        self.rest = self.rest.dropFirst(word.utf8.count)
        return word
    }

    private mutating func take(_ scalar: Unicode.Scalar) -> Bool {
        guard let first = self.rest.first, first == UInt8(ascii: scalar) else { return false }
        self.rest = self.rest.dropFirst()
        return true
    }

    private mutating func skipSpaces() {
        self.rest = self.rest.drop { $0 == 0x20 || $0 == 0x09 || $0 == 0x0A || $0 == 0x0D }
    }

    private func text(from start: Int) -> String {
        TerminalText.escaped(String(decoding: self.bytes[start..<self.rest.startIndex], as: UTF8.self))
    }
}
