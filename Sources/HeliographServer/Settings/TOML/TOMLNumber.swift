/// Integers and floats, as decimal text.
enum TOMLNumber {
    static func text(_ text: String) -> String? {
        for (prefix, radix) in [("0x", 16), ("0o", 8), ("0b", 2)] where text.hasPrefix(prefix) {
            guard let digits = digits(text.dropFirst(2), { Character($0).hexDigitValue.map { $0 < radix } ?? false }) else { return nil }
            return Int64(digits, radix: radix).map(String.init)
        }
        var rest = text[...]
        var sign = ""
        if let first = rest.first, first == "-" || first == "+" {
            sign = first == "-" ? "-" : ""
            rest = rest.dropFirst()
        }
        let parts = rest.split(omittingEmptySubsequences: false) { $0 == "e" || $0 == "E" }
        guard let mantissa = parts.first, parts.count <= 2 else { return nil }
        let halves = mantissa.split(separator: ".", omittingEmptySubsequences: false)
        guard let whole = halves.first.flatMap({ decimal($0) }), halves.count <= 2, whole == "0" || !whole.hasPrefix("0") else {
            return nil
        }
        if halves.count == 1, parts.count == 1 { return Int64(sign + whole).map(String.init) }
        var result = sign + whole
        if halves.count == 2 {
            guard let fraction = decimal(halves[1]) else { return nil }
            result += "." + fraction
        }
        if parts.count == 2 {
            let exponent = parts[1].drop { $0 == "-" || $0 == "+" }
            guard parts[1].count - exponent.count <= 1, let digits = decimal(exponent) else { return nil }
            result += "e" + (parts[1].hasPrefix("-") ? "-" : "") + digits
        }
        return result
    }

    private static func decimal(_ text: Substring) -> String? {
        digits(text) { ("0"..."9").contains($0) }
    }

    /// Without the underscores, each of which must be between two digits.
    private static func digits(_ text: Substring, _ isDigit: (Unicode.Scalar) -> Bool) -> String? {
        let groups = text.split(separator: "_", omittingEmptySubsequences: false)
        guard groups.allSatisfy({ !$0.isEmpty && $0.unicodeScalars.allSatisfy(isDigit) }) else { return nil }
        return groups.joined()
    }
}

/// Dates and times (RFC 3339), which no setting has: their form is checked, and they are passed on as they are.
enum TOMLTime {
    static func text(_ text: String) -> String? {
        let bytes = Array(text.utf8)
        if bytes.count >= 8, bytes[2] == UInt8(ascii: ":") { return isTime(bytes[...]) ? text : nil }
        guard isDate(bytes.prefix(10)) else { return nil }
        var rest = bytes.dropFirst(10)
        guard let separator = rest.popFirst() else { return text }
        guard "Tt ".utf8.contains(separator) else { return nil }
        if let last = rest.last, last | 0x20 == UInt8(ascii: "z") {
            rest = rest.dropLast()
        } else if rest.count > 6, "+-".utf8.contains(rest[rest.endIndex - 6]) {
            let offset = rest.suffix(5)
            guard number(offset.prefix(2), 0...23), offset.dropFirst(2).first == UInt8(ascii: ":"), number(offset.suffix(2), 0...59) else {
                return nil
            }
            rest = rest.dropLast(6)
        }
        return isTime(rest) ? text : nil
    }

    private static func isDate(_ bytes: ArraySlice<UInt8>) -> Bool {
        let parts = bytes.split(separator: UInt8(ascii: "-"), omittingEmptySubsequences: false)
        guard parts.count == 3, parts.map(\.count) == [4, 2, 2] else { return false }
        return number(parts[0], 0...9_999) && number(parts[1], 1...12) && number(parts[2], 1...31)
    }

    private static func isTime(_ bytes: ArraySlice<UInt8>) -> Bool {
        let halves = bytes.split(separator: UInt8(ascii: "."), maxSplits: 1, omittingEmptySubsequences: false)
        guard let whole = halves.first, halves.count == 1 || number(halves[1], nil) else { return false }
        let parts = whole.split(separator: UInt8(ascii: ":"), omittingEmptySubsequences: false)
        guard parts.count == 3, parts.map(\.count) == [2, 2, 2] else { return false }
        return number(parts[0], 0...23) && number(parts[1], 0...59) && number(parts[2], 0...60)
    }

    /// - Parameter range: nil: any digits.
    private static func number(_ digits: ArraySlice<UInt8>, _ range: ClosedRange<Int>?) -> Bool {
        guard !digits.isEmpty, digits.allSatisfy({ (0x30...0x39).contains($0) }) else { return false }
        guard let range else { return true }
        return Int(String(decoding: digits, as: UTF8.self)).map(range.contains) ?? false
    }
}
