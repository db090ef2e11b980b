/// Where in a style attribute its text so far has led to.
struct StyleContext {
    private var isBehindColon = false
    private var quote: Unicode.Scalar?
    private var isInComment = false
    /// The functions that are open, by name.
    private var functions: [String] = []
    private var word = ""
    private var last: Unicode.Scalar = " "

    init(_ text: String) {
        for scalar in text.unicodeScalars {
            read(scalar)
            last = scalar
        }
    }

    /// A value can be here: it is behind a colon, and in nothing whose end it could write.
    var isInValue: Bool {
        isBehindColon && quote == nil && !isInComment && last != "\\" && last != "/"
            && !functions.contains { !StyleValue.functions.contains($0) }
    }

    private mutating func read(_ scalar: Unicode.Scalar) {
        if isInComment {
            isInComment = !(last == "*" && scalar == "/")
        } else if let quote {
            if scalar == quote && last != "\\" { self.quote = nil }
        } else {
            readOutside(scalar)
        }
    }

    private mutating func readOutside(_ scalar: Unicode.Scalar) {
        switch scalar {
        case "\"", "'": quote = scalar
        case "*" where last == "/": isInComment = true
        case ":": isBehindColon = true
        case ";" where functions.isEmpty: isBehindColon = false
        case "(": functions.append(word.lowercased())
        case ")": _ = functions.popLast()
        default: break
        }
        if scalar == "-" || scalar.properties.isAlphabetic || scalar.properties.numericType != nil {
            word.unicodeScalars.append(scalar)
        } else {
            word = ""
        }
    }
}

/// A value of a CSS property that comes from outside.
enum StyleValue {
    /// What takes the place of a value that is not allowed. No property knows it, so a browser drops the declaration.
    static let blocked = "blocked"

    /// They calculate, and load nothing. `""` is a pair of parentheses.
    static let functions: Set<String> = [
        "", "calc", "min", "max", "clamp", "rgb", "rgba", "hsl", "hsla", "hwb", "lab", "lch", "oklab", "oklch", "color-mix", "var",
        "translate", "translatex",
        "translatey", "translatez", "translate3d", "scale", "scalex", "scaley", "scale3d", "rotate", "rotatex", "rotatey", "rotatez",
        "rotate3d", "skew",
        "skewx", "skewy", "matrix", "matrix3d", "perspective", "linear-gradient", "radial-gradient", "conic-gradient",
        "repeating-linear-gradient",
        "repeating-radial-gradient", "blur", "brightness", "contrast", "grayscale", "hue-rotate", "invert", "opacity", "saturate", "sepia",
        "drop-shadow",
        "cubic-bezier", "steps", "minmax", "repeat", "fit-content",
    ]
    private static let punctuation: Set<Unicode.Scalar> = ["#", "%", ".", ",", "+", "-", "*", "/", "(", ")", " ", "_", "!"]

    /// Letters, digits and little else: nothing that ends a value, quotes, escapes, comments, or loads.
    static func allows(_ value: String) -> Bool {
        // It would be the parenthesis of a function that stands before it.
        guard value.unicodeScalars.first != "(" else { return false }
        var word = ""
        var last: Unicode.Scalar = " "
        var depth = 0
        for scalar in value.unicodeScalars {
            let isWord =
                scalar == "-" || scalar == "_" || ("a"..."z").contains(scalar) || ("A"..."Z").contains(scalar)
                || ("0"..."9").contains(scalar)
            guard isWord || punctuation.contains(scalar) || scalar.value >= 0xa0 else { return false }
            if last == "/" && (scalar == "*" || scalar == "/") || last == "*" && scalar == "/" { return false }
            if scalar == "(" {
                guard functions.contains(word.lowercased()) else { return false }
                depth &+= 1
            }
            if scalar == ")" { depth &-= 1 }
            if depth < 0 { return false }
            if isWord { word.unicodeScalars.append(scalar) } else { word = "" }
            last = scalar
        }
        return depth == 0 && last != "/"
    }
}
