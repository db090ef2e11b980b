/// A hash under a secret key for what is remembered of values: multiplications whose 128 bits are folded into 64.
///
/// It is no message authentication. Two texts of one's own choice that have the same hash can't be made without the key, which nobody sees the effect of
/// but by a text of theirs that is not shown anew; two that have it by chance are one pair in 2^64. In return a short text costs three multiplications
/// where SipHash takes five rounds, and this is done with every value of every render.
struct ValueHash {
    private let first: UInt64
    private let second: UInt64
    private let third: UInt64

    static func random() -> ValueHash {
        var generator = SystemRandomNumberGenerator()
        return ValueHash(first: generator.next(), second: generator.next(), third: generator.next())
    }

    @inline(__always)
    private static func fold(_ left: UInt64, _ right: UInt64) -> UInt64 {
        let product = left.multipliedFullWidth(by: right)
        return product.high ^ product.low
    }

    /// Of what came before and two words.
    @inline(__always)
    func hash(_ low: UInt64, _ high: UInt64, after state: UInt64 = 0) -> UInt64 {
        Self.fold(low ^ first ^ state, high ^ second)
    }

    @inline(__always)
    func hash(_ text: String, after state: UInt64 = 0) -> UInt64 {
        if let hash = text.utf8.withContiguousStorageIfAvailable({ hash(UnsafeRawBufferPointer($0), state) }) { return hash }
        return Array(text.utf8).withUnsafeBytes { hash($0, state) }
    }

    /// The length, in the end, tells apart what is the same but for it.
    ///
    /// A string of up to 15 bytes is no memory: it is written down as two words to be looked at. So nothing is read from both of them at once, which
    /// would have to wait until they have been written.
    @inline(__always)
    private func hash(_ bytes: UnsafeRawBufferPointer, _ state: UInt64) -> UInt64 {
        let count = bytes.count
        var state = state
        var offset = 0
        while count &- offset > 16 {
            state = hash(Self.word(bytes, offset), Self.word(bytes, offset &+ 8), after: state)
            offset &+= 16
        }
        let rest = count &- offset
        if rest >= 8 {
            let high = rest == 16 ? Self.word(bytes, offset &+ 8) : Self.few(bytes, offset &+ 8, rest &- 8)
            state = hash(Self.word(bytes, offset), high, after: state)
        } else {
            state = hash(Self.few(bytes, offset, rest), 0, after: state)
        }
        return Self.fold(state ^ third, UInt64(truncatingIfNeeded: count) ^ second)
    }

    /// The offset is at most eight below the end.
    @inline(__always)
    private static func word(_ bytes: UnsafeRawBufferPointer, _ offset: Int) -> UInt64 {
        bytes.loadUnaligned(fromByteOffset: offset, as: UInt64.self)
    }

    /// Up to seven bytes from here to the end, different for different ones of the same count.
    @inline(__always)
    private static func few(_ bytes: UnsafeRawBufferPointer, _ offset: Int, _ count: Int) -> UInt64 {
        if count >= 4 {
            let last = bytes.loadUnaligned(fromByteOffset: offset &+ count &- 4, as: UInt32.self)
            return UInt64(bytes.loadUnaligned(fromByteOffset: offset, as: UInt32.self)) << 32 | UInt64(last)
        }
        guard count > 0 else { return 0 }
        return UInt64(bytes[offset]) << 16 | UInt64(bytes[offset &+ count / 2]) << 8 | UInt64(bytes[offset &+ count &- 1])
    }
}

extension Part {
    /// Of several values, one after the other.
    func word(_ hash: ValueHash, after state: UInt64) -> UInt64 {
        switch value {
        case .text(let text): hash.hash(text, after: state)
        case .integer(let number): hash.hash(UInt64(bitPattern: Int64(number)), 1, after: state)
        case .flag(let flag): hash.hash(flag ? 1 : 2, 0, after: state)
        case .markup(let html): hash.hash(html.writtenText, after: state)
        case .none, .rows, .changes: hash.hash(3, 0, after: state)
        }
    }
}
