/// How long a varint is (Protobuf: seven bits a byte, the lowest first).
enum Varint {
    @inline(__always)
    static func size(_ value: UInt64) -> Int {
        let bits = UInt64.bitWidth &- (value | 1).leadingZeroBitCount
        return (bits &+ 6) / 7
    }
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

    /// Begins something whose length comes before it, and is known after it. Most are short: room is left for one byte.
    @inline(__always)
    mutating func beginLength() -> Int {
        append(0)
        return count
    }

    /// Ends what began at `start`, and moves it if its length needs more than a byte.
    @inline(__always)
    mutating func endLength(_ start: Int) {
        let length = count &- start
        makeRoom(Varint.size(UInt64(truncatingIfNeeded: length)) &- 1, at: start)
        rewrite(from: start &- 1) { $0.varint(UInt64(truncatingIfNeeded: length)) }
    }
}
