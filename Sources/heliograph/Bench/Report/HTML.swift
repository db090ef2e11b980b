/// Text in a page.
enum HTML {
    static func escaped(_ text: String) -> String {
        var result = ""
        for scalar in text.unicodeScalars {
            switch scalar {
            case "&": result += "&amp;"
            case "<": result += "&lt;"
            case ">": result += "&gt;"
            case "\"": result += "&quot;"
            case "'": result += "&#39;"
            default: result.unicodeScalars.append(scalar)
            }
        }
        return result
    }

    /// A table of names and values.
    static func table(_ rows: [(String, String)], caption: String) -> String {
        let body = rows.map { "<tr><th scope=\"row\">\(self.escaped($0.0))</th><td>\(self.escaped($0.1))</td></tr>" }.joined(
            separator: "\n")
        return "<div class=\"card\"><table>\n<caption>\(self.escaped(caption))</caption>\n<tbody>\n\(body)\n</tbody>\n</table></div>"
    }
}
