/// How long a varint is (Protobuf: seven bits a byte, the lowest first).
enum Varint {
    static let maxSize = 10

    @inline(__always)
    static func size(_ value: UInt64) -> Int {
        let bits = UInt64.bitWidth &- (value | 1).leadingZeroBitCount
        return (bits &+ 6) / 7
    }

    /// Of so many bytes with their length before them.
    @inline(__always)
    static func sizeWithLength(_ count: Int) -> Int { size(UInt64(truncatingIfNeeded: count)) &+ count }
}

extension Output {
    @inline(__always)
    mutating func varint(_ value: UInt64) {
        var rest = value
        while rest >= 0x80 {
            append(UInt8(truncatingIfNeeded: rest) | 0x80)
            rest >>= 7
        }
        append(UInt8(truncatingIfNeeded: rest))
    }

    @inline(__always)
    mutating func lengthDelimited(_ bytes: UnsafeRawBufferPointer) {
        varint(UInt64(truncatingIfNeeded: bytes.count))
        append(bytes)
    }
}
