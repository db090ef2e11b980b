/// UTF-8 (RFC 3629), as bytes.
enum UTF8Text {
    /// How many bytes the character has that begins with these and is not ASCII; 0 if there is no such character (Unicode Standard, Table 3-7).
    @inline(__always)
    static func length(_ first: UInt8, _ second: UInt8, _ third: UInt8, _ fourth: UInt8) -> Int {
        let length =
            switch first {
            case 0xc2...0xdf where isContinuation(second): 2
            case 0xe0 where second & 0xe0 == 0xa0: 3  // no overlong forms
            case 0xed where second & 0xe0 == 0x80: 3  // no surrogates
            case 0xe1...0xec where isContinuation(second), 0xee where isContinuation(second), 0xef where isContinuation(second): 3
            case 0xf0 where second >= 0x90 && second <= 0xbf: 4  // no overlong forms
            case 0xf1...0xf3 where isContinuation(second): 4
            case 0xf4 where second & 0xf0 == 0x80: 4  // nothing beyond U+10FFFF
            default: 0
            }
        if length > 2, !isContinuation(third) { return 0 }
        if length > 3, !isContinuation(fourth) { return 0 }
        return length
    }

    /// Whether this byte is inside a character.
    @inline(__always)
    static func isContinuation(_ byte: UInt8) -> Bool { byte & 0xc0 == 0x80 }

    /// Whether all of it is UTF-8.
    static func isValid(_ bytes: UnsafeRawBufferPointer) -> Bool {
        guard let base = bytes.baseAddress else { return true }
        let count = bytes.count
        var index = 0
        // Each load is below `count`.
        func byte(_ index: Int) -> UInt8 { index < count ? base.load(fromByteOffset: index, as: UInt8.self) : 0 }
        while index < count {
            while index &+ 8 <= count, base.loadUnaligned(fromByteOffset: index, as: UInt64.self) & 0x8080_8080_8080_8080 == 0 {
                index &+= 8
            }
            guard index < count else { return true }
            let length = byte(index) < 0x80 ? 1 : length(byte(index), byte(index &+ 1), byte(index &+ 2), byte(index &+ 3))
            guard length > 0 else { return false }
            index &+= length
        }
        return true
    }
}
