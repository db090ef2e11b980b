/// Base64 (RFC 4648 §4).
package enum Base64 {
    private static let digits: StaticString = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"

    /// The text of a few bytes, padded.
    package static func encode(_ bytes: some Collection<UInt8>) -> String {
        let count = (bytes.count + 2) / 3 * 4
        return String(unsafeUninitializedCapacity: count) { text in
            // Three bytes make four digits, and what is left over at most four more: `end` never passes `count`, the capacity asked for.
            var end = 0
            var group: UInt32 = 0
            var held = 0
            func write(_ padding: Int) {
                for position in 0..<4 {
                    let value = group &>> UInt32(18 &- 6 &* position)
                    text[end] = position < 4 &- padding ? self.digit(value) : UInt8(ascii: "=")
                    end &+= 1
                }
            }
            for byte in bytes {
                group = group << 8 | UInt32(byte)
                held &+= 1
                guard held == 3 else { continue }
                write(0)
                (group, held) = (0, 0)
            }
            if held > 0 {
                group &<<= UInt32(8 &* (3 &- held))
                write(3 &- held)
            }
            return end
        }
    }

    /// The six bits a digit stands for; nil when the byte is no digit.
    static func value(of digit: UInt8) -> UInt8? {
        switch digit {
        case UInt8(ascii: "A")...UInt8(ascii: "Z"): digit &- UInt8(ascii: "A")
        case UInt8(ascii: "a")...UInt8(ascii: "z"): digit &- UInt8(ascii: "a") &+ 26
        case UInt8(ascii: "0")...UInt8(ascii: "9"): digit &- UInt8(ascii: "0") &+ 52
        case UInt8(ascii: "+"): 62
        case UInt8(ascii: "/"): 63
        default: nil
        }
    }

    private static func digit(_ value: UInt32) -> UInt8 {
        // The index is below 64, the number of digits.
        self.digits.utf8Start[Int(value & 63)]
    }
}
