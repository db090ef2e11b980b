/// A list of what a client would like, each with a weight (RFC 9110 §12.4.2).
package struct WeightedList: Hashable {
    package struct Element: Hashable {
        /// In lower case, without space around it.
        package let value: String
        /// In lower case, but for quoted values; without `q`.
        package let parameters: [String: String]
        /// Thousandths: 0, not acceptable, to 1000.
        package let weight: Int
    }

    /// More than browsers send. What comes behind them is not read.
    package static let maxElements = 64

    package let elements: [Element]

    /// - Parameter fields: the values of the header's fields, in their order. What can't be read in them is passed over.
    package init(_ fields: [String]) {
        elements = Array(
            fields.lazy.flatMap { Self.split($0, UInt8(ascii: ",")) }.compactMap { Self.element($0) }.prefix(Self.maxElements))
    }

    private static func element(_ text: Substring) -> Element? {
        let parts = split(text, UInt8(ascii: ";"))
        guard let value = parts.first.map(trimmed)?.lowercased(), !value.isEmpty else { return nil }
        var parameters: [String: String] = [:]
        var weight = 1_000
        for part in parts.dropFirst() {
            let pair = part.split(separator: "=", maxSplits: 1).map(trimmed)
            guard pair.count == 2 else { continue }
            let name = pair[0].lowercased()
            if name == "q" {
                guard let read = Self.weight(pair[1]) else { return nil }
                weight = read
            } else {
                parameters[name] = unquoted(pair[1])
            }
        }
        return Element(value: value, parameters: parameters, weight: weight)
    }

    /// `0` or `1`, with at most three digits behind the point.
    private static func weight(_ text: Substring) -> Int? {
        let parts = text.utf8.split(separator: UInt8(ascii: "."), maxSplits: 1, omittingEmptySubsequences: false)
        guard let whole = parts.first, whole.elementsEqual("0".utf8) || whole.elementsEqual("1".utf8) else { return nil }
        let fraction = parts.count > 1 ? parts[1] : "".utf8[...]
        guard fraction.count <= 3, fraction.allSatisfy({ (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) }) else { return nil }
        let thousandths = (0..<3).reduce(0) { sum, index in
            sum * 10 + (fraction.dropFirst(index).first.map { Int($0) - 48 } ?? 0)
        }
        guard whole.elementsEqual("0".utf8) else { return thousandths == 0 ? 1_000 : nil }
        return thousandths
    }

    private static func trimmed(_ text: Substring) -> Substring {
        let isSpace: (Character) -> Bool = { $0 == " " || $0 == "\t" }
        var text = text.drop(while: isSpace)
        while let last = text.last, isSpace(last) { text.removeLast() }
        return text
    }

    private static func unquoted(_ text: Substring) -> String {
        guard text.count >= 2, text.first == "\"", text.last == "\"" else { return text.lowercased() }
        var result = ""
        var isEscaped = false
        for character in text.dropFirst().dropLast() {
            if character == "\\", !isEscaped {
                isEscaped = true
            } else {
                result.append(character)
                isEscaped = false
            }
        }
        return result
    }

    /// At a separator that is not within quotes (RFC 9110 §5.6.4).
    private static func split(_ text: some StringProtocol, _ separator: UInt8) -> [Substring] {
        let text = Substring(text)
        var parts: [Substring] = []
        var start = text.startIndex
        var isQuoted = false
        var isEscaped = false
        for index in text.utf8.indices {
            let byte = text.utf8[index]
            if isEscaped {
                isEscaped = false
            } else if byte == UInt8(ascii: "\\") {
                isEscaped = isQuoted
            } else if byte == UInt8(ascii: "\"") {
                isQuoted.toggle()
            } else if byte == separator, !isQuoted {
                parts.append(text[start..<index])
                start = text.utf8.index(after: index)
            }
        }
        parts.append(text[start...])
        return parts
    }
}
