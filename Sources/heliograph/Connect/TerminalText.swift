/// Text of others on a terminal: what it would take for commands is made visible instead.
enum TerminalText {
    /// Control characters (line breaks and tabs excepted) and those that change the direction of text become `\u{…}`: a message must not be able to
    /// move the cursor, set the window's title or look like our own output (CVE-2003-0063 and its many successors).
    static func escaped(_ text: String) -> String {
        guard text.unicodeScalars.contains(where: self.isDangerous) else { return text }
        var result = ""
        for scalar in text.unicodeScalars {
            if self.isDangerous(scalar) {
                result += "\\u{" + String(scalar.value, radix: 16) + "}"
            } else {
                result.unicodeScalars.append(scalar)
            }
        }
        return result
    }

    private static func isDangerous(_ scalar: Unicode.Scalar) -> Bool {
        switch scalar.value {
        case 0x09, 0x0A: false
        case 0x00...0x1F, 0x7F...0x9F, 0x200E, 0x200F, 0x202A...0x202E, 0x2066...0x2069: true
        default: false
        }
    }
}

/// Colours, for those who see them (https://no-color.org).
enum Style: String {
    case faint = "2"
    case red = "31"
    case green = "32"
    case yellow = "33"
    case blue = "34"
    case magenta = "35"
    case cyan = "36"

    func callAsFunction(_ text: String, isOn: Bool) -> String {
        isOn ? "\u{1B}[\(self.rawValue)m\(text)\u{1B}[0m" : text
    }
}
