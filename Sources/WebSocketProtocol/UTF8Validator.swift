// Strategy: a message arrives in pieces of any length, and the first byte that no valid text can hold must be found when it arrives
// (RFC 6455 §8.1; RFC 3629 §4 is the grammar). ASCII is skipped a machine word at a time; of a multi-byte sequence we only keep how many
// bytes are due and the range that the next one must be in, which is all that Table 3-7 of the Unicode Standard asks.

/// An incremental, fail-fast validator of UTF-8.
public struct UTF8Validator: Sendable {
    /// Continuation bytes still due of the sequence that has begun.
    private var due: UInt8 = 0
    /// The range of the next of them; only the second byte of a sequence has one narrower than 80–BF.
    private var lowest: UInt8 = 0x80
    private var highest: UInt8 = 0xbf

    /// A validator at the start of a text.
    public init() {}

    /// Whether what was seen ends at the end of a character.
    public var isComplete: Bool { due == 0 }

    /// Takes the next bytes of the text. False as soon as no continuation could make the text valid.
    public mutating func consume(_ bytes: UnsafeRawBufferPointer) -> Bool {
        guard let base = bytes.baseAddress else { return true }
        return consume(base, count: bytes.count)
    }

    /// Whether the bytes are, as a whole, valid UTF-8.
    public static func isValid(_ bytes: UnsafeRawBufferPointer) -> Bool {
        var validator = UTF8Validator()
        return validator.consume(bytes) && validator.isComplete
    }

    /// As below, but quick for ASCII: `seen` is the OR of the bytes.
    @inline(__always)
    mutating func consume(_ base: UnsafeRawPointer, count: Int, seen: UInt64) -> Bool {
        seen & highBits == 0 && isComplete || consume(base, count: count)
    }

    /// `base` has `count` readable bytes; each load is below that.
    package mutating func consume(_ base: UnsafeRawPointer, count: Int) -> Bool {
        var index = 0
        while index < count {
            if due == 0 {
                while count &- index >= 8, base.loadUnaligned(fromByteOffset: index, as: UInt64.self) & highBits == 0 { index &+= 8 }
                guard index < count else { return true }
            }
            let byte = base.load(fromByteOffset: index, as: UInt8.self)
            index &+= 1
            if due == 0 {
                if byte < 0x80 { continue }
                guard begin(byte) else { return false }
            } else {
                guard lowest <= byte, byte <= highest else { return false }
                due &-= 1
                (lowest, highest) = (0x80, 0xbf)
            }
        }
        return true
    }

    /// The first byte of a sequence of several (Unicode Standard, Table 3-7).
    @inline(__always)
    private mutating func begin(_ byte: UInt8) -> Bool {
        switch byte {
        case 0xc2...0xdf: due = 1
        case 0xe0: (due, lowest) = (2, 0xa0)  // no overlong forms
        case 0xed: (due, highest) = (2, 0x9f)  // no surrogates
        case 0xe1...0xef: due = 2
        case 0xf0: (due, lowest) = (3, 0x90)  // no overlong forms
        case 0xf1...0xf3: due = 3
        case 0xf4: (due, highest) = (3, 0x8f)  // nothing above U+10FFFF
        default: return false
        }
        return true
    }
}
