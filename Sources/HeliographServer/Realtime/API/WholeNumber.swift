/// A whole number as JSON Schema has it (2020-12 validation, §6.1.1): `209.0` and `2e3` are ones too, and some languages write them so.
enum WholeNumber {
    /// The number in a JSON value; nil if it is another value, has a fraction, or does not fit.
    static func value<Integer: FixedWidthInteger>(_ text: some Sequence<UInt8>, _: Integer.Type = Integer.self) -> Integer? {
        var isNegative = false
        var digits: [UInt8] = []
        var scale = 0
        var exponent: [UInt8] = []
        var part = Part.whole
        for byte in text {
            switch (byte, part) {
            case (UInt8(ascii: "-"), .whole): isNegative = true
            case (UInt8(ascii: "."), .whole): part = .fraction
            case (UInt8(ascii: "e"), .whole), (UInt8(ascii: "e"), .fraction), (UInt8(ascii: "E"), .whole), (UInt8(ascii: "E"), .fraction):
                part = .exponent
            case (_, .exponent): exponent.append(byte)
            case (UInt8(ascii: "0")...UInt8(ascii: "9"), _):
                if part == .fraction { scale -= 1 }
                if byte != UInt8(ascii: "0") || !digits.isEmpty { digits.append(byte) }
            default: return nil
            }
        }
        guard !digits.isEmpty else { return 0 }
        if !exponent.isEmpty {
            // One that does not fit is of a number that does not either, or of a fraction.
            guard let more = Int32(String(decoding: exponent, as: UTF8.self)) else { return nil }
            scale += Int(more)
        }
        while digits.last == UInt8(ascii: "0") {
            digits.removeLast()
            scale += 1
        }
        guard scale >= 0, digits.count + scale <= 20 else { return nil }
        return Integer((isNegative ? "-" : "") + String(decoding: digits, as: UTF8.self) + String(repeating: "0", count: scale))
    }

    private enum Part {
        case whole, fraction, exponent
    }
}
