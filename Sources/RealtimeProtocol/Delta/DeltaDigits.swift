/// The digits of patches.
enum DeltaDigits {
    private static let digits: StaticString = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ_abcdefghijklmnopqrstuvwxyz~"

    /// The value of a digit, or nil.
    @inline(__always)
    static func value(_ byte: UInt8) -> UInt64? {
        switch byte {
        case UInt8(ascii: "0")...UInt8(ascii: "9"): UInt64(byte &- UInt8(ascii: "0"))
        case UInt8(ascii: "A")...UInt8(ascii: "Z"): UInt64(byte &- UInt8(ascii: "A")) &+ 10
        case UInt8(ascii: "_"): 36
        case UInt8(ascii: "a")...UInt8(ascii: "z"): UInt64(byte &- UInt8(ascii: "a")) &+ 37
        case UInt8(ascii: "~"): 63
        default: nil
        }
    }

    /// How many digits a number has.
    static func count(_ number: UInt32) -> Int {
        (UInt32.bitWidth &- (number | 1).leadingZeroBitCount &+ 5) / 6
    }

    static func append(_ number: UInt32, to patch: inout [UInt8]) {
        for place in stride(from: count(number) &- 1, through: 0, by: -1) {
            patch.append(digits.utf8Start[Int(number >> UInt32(6 &* place) & 63)])
        }
    }
}
