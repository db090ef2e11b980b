import RealtimeProtocol

/// As much of writing JSON as messages need.
enum JSON {
    static func quoted(_ text: String) -> String {
        var result = "\""
        for scalar in text.unicodeScalars {
            switch scalar {
            case "\"", "\\": result += "\\\(scalar)"
            case ..<"\u{20}":
                let digits = String(scalar.value, radix: 16)
                result += "\\u" + String(repeating: "0", count: 4 - digits.count) + digits
            default: result.unicodeScalars.append(scalar)
            }
        }
        return result + "\""
    }

    /// An object; of several values with one name an array.
    static func object(_ fields: [(name: String, values: [String])]) -> String {
        let members = fields.map { name, values in
            let texts = values.map { quoted($0) }
            return quoted(name) + ":" + (texts.count == 1 ? texts[0] : "[\(texts.joined(separator: ","))]")
        }
        return "{\(members.joined(separator: ","))}"
    }
}
