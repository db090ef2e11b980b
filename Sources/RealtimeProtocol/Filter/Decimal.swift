/// A decimal number as it is written, compared without a loss: `1.10` is `1.1`, and `0.1` is less than `0.10000000000000000001`.
///
/// It has an optional sign, at least one digit, and if it has a point at least one digit on each side. There is no exponent, and there are at most
/// 200 bytes. (The reference server refuses more than 19 digits behind the point; here they count.)
struct Decimal {
    static let maxLength = 200

    private var isNegative: Bool
    /// Digits before the point, without zeros that lead.
    private var whole: ArraySlice<UInt8>
    /// Digits behind the point, without zeros that trail.
    private var fraction: ArraySlice<UInt8>

    init?(_ text: some Collection<UInt8>) {
        guard text.count <= Self.maxLength else { return nil }
        var digits = Array(text)[...]
        let sign = digits.first
        if sign == UInt8(ascii: "-") || sign == UInt8(ascii: "+") { digits = digits.dropFirst() }
        let parts = digits.split(separator: UInt8(ascii: "."), omittingEmptySubsequences: false)
        guard parts.count <= 2, parts.allSatisfy({ !$0.isEmpty && $0.allSatisfy(Self.isDigit) }) else { return nil }
        whole = (parts.first ?? []).drop { $0 == Self.zero }
        fraction = parts.count == 2 ? Self.trimmed(parts.last ?? []) : []
        isNegative = sign == UInt8(ascii: "-") && !(whole.isEmpty && fraction.isEmpty)
    }

    private static let zero = UInt8(ascii: "0")

    private static func isDigit(_ byte: UInt8) -> Bool { byte >= zero && byte <= UInt8(ascii: "9") }

    private static func trimmed(_ digits: ArraySlice<UInt8>) -> ArraySlice<UInt8> {
        digits.dropLast(digits.reversed().prefix { $0 == zero }.count)
    }

    static func < (left: Decimal, right: Decimal) -> Bool {
        if left.isNegative != right.isNegative { return left.isNegative }
        return left.isNegative ? isSmaller(right, left) : isSmaller(left, right)
    }

    /// Without the signs.
    private static func isSmaller(_ left: Decimal, _ right: Decimal) -> Bool {
        if left.whole.count != right.whole.count { return left.whole.count < right.whole.count }
        if left.whole != right.whole { return left.whole.lexicographicallyPrecedes(right.whole) }
        return left.fraction.lexicographicallyPrecedes(right.fraction)
    }
}
