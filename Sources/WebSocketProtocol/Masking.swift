// Masking (RFC 6455 §5.3) by SIMD, then by machine words, then by bytes. A copy and an unmasking cost the same here, so frames are
// unmasked on their way into a buffer of our own: what the channel handed us is never written to.
//
// Unsafe pointers: every function gets a source of `count` readable bytes and a destination of `count` writable bytes that does not
// overlap it, or is the same memory; each loop's bound is checked against `count` before the load and the store.

/// The masking key of a frame, as the four bytes lie in memory, turned so that its first byte is for the next byte of payload.
package struct MaskingKey: Hashable, Sendable {
    package var word: UInt32

    package init(word: UInt32) {
        self.word = word
    }

    /// No masking at all.
    package static let none = MaskingKey(word: 0)

    /// The key for the bytes that follow `count` bytes of payload.
    package func advanced(by count: Int) -> MaskingKey {
        let bits = UInt32(truncatingIfNeeded: count & 3) * 8
        guard bits != 0 else { return self }
        // The key's first byte is the lowest on a little-endian machine, which is every machine that Swift runs on today.
        return MaskingKey(word: word >> bits | word << (32 - bits))
    }
}

/// Copies `count` bytes, each XORed with the key. Returns the OR of the bytes written: without a bit of ``highBits`` they are all ASCII.
@inline(__always)
package func copyMasked(
    from source: UnsafeRawPointer, to destination: UnsafeMutableRawPointer, count: Int, key: MaskingKey
) -> UInt64 {
    let wide = UInt64(key.word) << 32 | UInt64(key.word)
    var seen: UInt64 = 0
    var index = 0
    if count >= 64 {
        let mask = SIMD8<UInt64>(repeating: wide)
        var seenWide = SIMD8<UInt64>(repeating: 0)
        while count &- index >= 64 {
            let block = source.loadUnaligned(fromByteOffset: index, as: SIMD8<UInt64>.self) ^ mask
            destination.storeBytes(of: block, toByteOffset: index, as: SIMD8<UInt64>.self)
            seenWide |= block
            index &+= 64
        }
        for lane in 0..<8 { seen |= seenWide[lane] }
    }
    while count &- index >= 8 {
        let block = source.loadUnaligned(fromByteOffset: index, as: UInt64.self) ^ wide
        destination.storeBytes(of: block, toByteOffset: index, as: UInt64.self)
        seen |= block
        index &+= 8
    }
    var key = key.word
    while index < count {
        let byte = source.load(fromByteOffset: index, as: UInt8.self) ^ UInt8(truncatingIfNeeded: key)
        destination.storeBytes(of: byte, toByteOffset: index, as: UInt8.self)
        seen |= UInt64(byte)
        key = key >> 8 | key << 24
        index &+= 1
    }
    return seen
}

/// The bit of each byte that no ASCII character has.
package let highBits: UInt64 = 0x8080_8080_8080_8080
