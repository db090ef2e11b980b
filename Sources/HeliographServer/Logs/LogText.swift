/// What a value looks like in a log: within bounds, without secrets, and without anything that a terminal or a reader of lines would take for more than text.
enum LogText {
    static let maxValueBytes = 2_048
    static let maxMessageBytes = 8_192

    /// For people: characters that are none become `\n`, `\u{1B}`, ….
    static func plain(_ text: String, most: Int = maxValueBytes) -> String {
        escaped(bounded(LogRedaction.redacted(text), most)) { "\\u{\(String($0, radix: 16, uppercase: true))}" }
    }

    /// A string of JSON, with its quotes.
    static func json(_ text: String, most: Int = maxValueBytes) -> String {
        let text = bounded(LogRedaction.redacted(text), most).replacing("\\", with: "\\\\").replacing("\"", with: "\\\"")
        return "\"" + escaped(text) { "\\u" + String($0, radix: 16).leftPadded(to: 4) } + "\""
    }

    private static func bounded(_ text: String, _ most: Int) -> String {
        guard text.utf8.count > most else { return text }
        var end = text.utf8.index(text.utf8.startIndex, offsetBy: most)
        while end > text.startIndex, text.utf8[end] & 0xC0 == 0x80 { end = text.utf8.index(before: end) }
        return String(text[..<end]) + "…"
    }

    private static func escaped(_ text: String, _ code: (UInt32) -> String) -> String {
        guard text.unicodeScalars.contains(where: isUnsafe) else { return text }
        var result = ""
        for scalar in text.unicodeScalars {
            switch scalar {
            case "\n": result += "\\n"
            case "\r": result += "\\r"
            case "\t": result += "\\t"
            case _ where isUnsafe(scalar): result += code(scalar.value)
            default: result.unicodeScalars.append(scalar)
            }
        }
        return result
    }

    /// Control characters, ends of lines, and what turns the direction of writing (Trojan Source).
    private static func isUnsafe(_ scalar: Unicode.Scalar) -> Bool {
        switch scalar.value {
        case 0...0x1F, 0x7F...0x9F, 0x2028, 0x2029, 0x200E, 0x200F, 0x202A...0x202E, 0x2066...0x2069: true
        default: false
        }
    }
}

extension String {
    fileprivate func leftPadded(to count: Int) -> String { String(repeating: "0", count: Swift.max(0, count - self.count)) + self }
}
