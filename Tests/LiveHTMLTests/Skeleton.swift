/// The tags and attributes of a page, read as a browser's tokenizer reads them and not as our own parser does.
struct Skeleton {
    struct Attribute: Comparable {
        let name: String, value: String

        /// With the references that we write.
        var decoded: String {
            var text = value
            for (reference, character) in [("&lt;", "<"), ("&gt;", ">"), ("&quot;", "\""), ("&#39;", "'"), ("&#13;", "\r"), ("&amp;", "&")]
            {
                text = text.split(separator: reference, omittingEmptySubsequences: false).joined(separator: character)
            }
            return text
        }

        static func < (left: Attribute, right: Attribute) -> Bool { (left.name, left.value) < (right.name, right.value) }
    }

    private(set) var tags: [String] = []
    private(set) var attributes: [Attribute] = []
    private var rest: ArraySlice<Unicode.Scalar>

    init(_ html: String) {
        rest = Array(html.unicodeScalars)[...]
        while let scalar = rest.popFirst() {
            guard scalar == "<" else { continue }
            if rest.starts(with: "!--".unicodeScalars) {
                skipComment()
            } else if let next = rest.first, next == "/" || next == "!" || next == "?" || next.properties.isAlphabetic {
                readTag()
            }
        }
    }

    private mutating func take(while condition: (Unicode.Scalar) -> Bool) -> String {
        let text = rest.prefix(while: condition)
        rest = rest.dropFirst(text.count)
        return String(String.UnicodeScalarView(text))
    }

    private mutating func skipComment() {
        while !rest.isEmpty, !rest.starts(with: "-->".unicodeScalars) { rest.removeFirst() }
    }

    private static func isSpace(_ scalar: Unicode.Scalar) -> Bool { " \t\n\r\u{c}".unicodeScalars.contains(scalar) }

    private mutating func readTag() {
        tags.append(take { !Self.isSpace($0) && $0 != ">" }.lowercased())
        while true {
            _ = take { Self.isSpace($0) || $0 == "/" }
            guard let next = rest.first, next != ">" else { return }
            let name = take { !Self.isSpace($0) && $0 != "=" && $0 != ">" && $0 != "/" }
            attributes.append(Attribute(name: name.lowercased(), value: readValue()))
        }
    }

    private mutating func readValue() -> String {
        guard rest.first == "=" else { return "" }
        rest.removeFirst()
        guard let quote = rest.first, quote == "\"" || quote == "'" else { return take { !Self.isSpace($0) && $0 != ">" } }
        rest.removeFirst()
        defer { rest = rest.dropFirst() }
        return take { $0 != quote }
    }
}
