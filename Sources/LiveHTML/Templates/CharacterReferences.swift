/// Character references in the static part of an attribute or a text that has values too. Its client gets the characters, so they must be known here.
enum CharacterReferences {
    private static let named: [String: Unicode.Scalar] = ["amp": "&", "lt": "<", "gt": ">", "quot": "\"", "apos": "'", "nbsp": "\u{a0}"]

    /// The text that is meant. Nil if it has a reference that is not one of those few or not well-formed.
    static func decoded(_ bytes: [UInt8]) -> String? {
        var text = String.UnicodeScalarView()
        var rest = String(decoding: bytes, as: UTF8.self).unicodeScalars[...]
        while let scalar = rest.popFirst() {
            guard scalar == "&", let next = rest.first, next == "#" || next.properties.isAlphabetic else {
                text.append(scalar)
                continue
            }
            let name = rest.prefix { $0 == "#" || $0.properties.isAlphabetic || $0.properties.numericType != nil }
            rest = rest.dropFirst(name.count)
            switch rest.first {
            case ";":
                guard let meant = reference(String(name)) else { return nil }
                text.append(meant)
                rest = rest.dropFirst()
            case "=" where !name.contains("#"):
                // The ampersand between two parameters of a URL.
                text.append("&")
                text.append(contentsOf: name)
            default: return nil
            }
        }
        return String(text)
    }

    private static func reference(_ name: String) -> Unicode.Scalar? {
        guard name.hasPrefix("#") else { return named[name] }
        let digits = name.dropFirst()
        let number = digits.first == "x" || digits.first == "X" ? UInt32(digits.dropFirst(), radix: 16) : UInt32(digits, radix: 10)
        // A browser replaces controls and what is no scalar.
        guard let number, number >= 0x20, !(0x7f...0x9f).contains(number) else { return nil }
        return Unicode.Scalar(number)
    }
}
