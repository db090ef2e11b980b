/// Takes markup apart. Comments are left out, but for those that say which view it is.
struct TagReader {
    enum Token {
        case text(String)
        case start(String, [String: String], isEmpty: Bool)
        case end(String)
        case view(Int)
        case endOfView
    }

    static let view = "<!--view "

    private static let void: Set<String> = [
        "area", "base", "br", "col", "embed", "hr", "img", "input", "link", "meta", "source", "track", "wbr",
    ]
    private static let withoutTags: Set<String> = ["script", "style", "textarea", "title"]

    private var rest: Substring.UTF8View

    init(_ html: String) {
        rest = html[...].utf8
    }

    /// - Parameter name: of the innermost element that is open: in some there are no tags.
    mutating func next(inside name: String?) -> Token? {
        while let first = rest.first {
            if let name, Self.withoutTags.contains(name), !rest.starts(with: "</".utf8) {
                return text(upTo: "</", isLiteral: name == "script" || name == "style")
            }
            guard first == UInt8(ascii: "<") else { return text(upTo: "<", isLiteral: false) }
            if rest.starts(with: Self.view.utf8) {
                rest = rest.dropFirst(Self.view.utf8.count)
                let number = take { $0 != UInt8(ascii: "-") }
                skip(past: "-->")
                return .view(Int(number) ?? 0)
            } else if rest.starts(with: PageTree.endOfView.utf8) {
                skip(past: "-->")
                return .endOfView
            } else if rest.starts(with: "<!--".utf8) {
                skip(past: "-->")
            } else if rest.starts(with: "</".utf8) {
                return endTag()
            } else {
                return startTag()
            }
        }
        return nil
    }

    private mutating func text(upTo end: StaticString, isLiteral: Bool) -> Token {
        var text: [UInt8] = []
        while let byte = rest.first, !starts(with: end) {
            text.append(byte)
            rest.removeFirst()
        }
        let string = String(decoding: text, as: UTF8.self)
        return .text(isLiteral ? string : CharacterReference.resolved(string))
    }

    private func starts(with text: StaticString) -> Bool { text.withUTF8Buffer { rest.starts(with: $0) } }

    private mutating func skip(past end: StaticString) {
        while !rest.isEmpty, !starts(with: end) { rest.removeFirst() }
        rest = rest.dropFirst(end.utf8CodeUnitCount)
    }

    private mutating func take(while isWanted: (UInt8) -> Bool) -> String {
        var bytes: [UInt8] = []
        while let byte = rest.first, isWanted(byte) {
            bytes.append(byte)
            rest.removeFirst()
        }
        return String(decoding: bytes, as: UTF8.self)
    }

    private mutating func endTag() -> Token {
        rest = rest.dropFirst(2)
        let name = take { $0 != UInt8(ascii: ">") }
        rest = rest.dropFirst()
        return .end(name.shown.lowercased())
    }

    private mutating func startTag() -> Token {
        rest = rest.dropFirst()
        let name = take { !$0.isSpace && $0 != UInt8(ascii: ">") && $0 != UInt8(ascii: "/") }.lowercased()
        var attributes: [String: String] = [:]
        var isClosed = false
        while let byte = rest.first, byte != UInt8(ascii: ">") {
            if byte.isSpace || byte == UInt8(ascii: "/") {
                isClosed = byte == UInt8(ascii: "/")
                rest.removeFirst()
            } else {
                isClosed = false
                let (name, value) = attribute()
                if attributes[name] == nil { attributes[name] = value }
            }
        }
        rest = rest.dropFirst()
        return .start(name, attributes, isEmpty: isClosed || Self.void.contains(name))
    }

    private mutating func attribute() -> (name: String, value: String) {
        let ends: [UInt8] = [UInt8(ascii: "="), UInt8(ascii: ">"), UInt8(ascii: "/")]
        let name = take { !$0.isSpace && !ends.contains($0) }.lowercased()
        guard rest.first == UInt8(ascii: "=") else {
            // A stray character must not stop the reader.
            if name.isEmpty { rest = rest.dropFirst() }
            return (name, "")
        }
        rest.removeFirst()
        guard let quote = rest.first, quote == UInt8(ascii: "\"") || quote == UInt8(ascii: "'") else {
            return (name, CharacterReference.resolved(take { !$0.isSpace && $0 != UInt8(ascii: ">") }))
        }
        rest.removeFirst()
        let value = take { $0 != quote }
        rest = rest.dropFirst()
        return (name, CharacterReference.resolved(value))
    }
}

extension UInt8 {
    fileprivate var isSpace: Bool { self == 0x20 || (0x09...0x0d).contains(self) }
}

/// `&amp;`, `&#39;`. Of the named ones, those that are common in markup; others stay as they are written.
private enum CharacterReference {
    private static let names: [Substring: String] = [
        "amp": "&", "lt": "<", "gt": ">", "quot": "\"", "apos": "'", "nbsp": "\u{a0}", "times": "×", "hellip": "…", "ndash": "–",
        "mdash": "—",
        "minus": "−", "larr": "←", "rarr": "→", "copy": "©", "middot": "·", "bull": "•", "laquo": "«", "raquo": "»", "shy": "\u{ad}",
    ]

    static func resolved(_ text: String) -> String {
        guard text.utf8.contains(UInt8(ascii: "&")) else { return text }
        var result = ""
        var rest = text[...]
        while let start = rest.firstIndex(of: "&") {
            result += rest[..<start]
            rest = rest[start...]
            if let end = rest.firstIndex(of: ";"), let character = character(rest[rest.index(after: start)..<end]) {
                result += character
                rest = rest[rest.index(after: end)...]
            } else {
                result += "&"
                rest = rest.dropFirst()
            }
        }
        return result + rest
    }

    private static func character(_ name: Substring) -> String? {
        guard name.first == "#" else { return names[name] }
        let digits = name.dropFirst()
        let number = digits.first == "x" || digits.first == "X" ? UInt32(digits.dropFirst(), radix: 16) : UInt32(digits)
        return number.flatMap(Unicode.Scalar.init).map { String(Character($0)) }
    }
}
