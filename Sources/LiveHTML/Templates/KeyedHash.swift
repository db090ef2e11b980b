/// SipHash-1-3 (Aumasson and Bernstein): a hash with a key. Who doesn't know the key can't make two texts that have the same hash.
///
/// Written out because the hasher of the standard library has one key per process and takes equivalent texts for equal ones, and because this is on
/// the path of every value of every render.
struct KeyedHash {
    private let key: (UInt64, UInt64)

    init(key: (UInt64, UInt64)) {
        self.key = key
    }

    static func random() -> KeyedHash {
        var generator = SystemRandomNumberGenerator()
        return KeyedHash(key: (generator.next(), generator.next()))
    }

    func start() -> State { State(key) }

    @inline(__always)
    func hash(_ text: String) -> UInt64 {
        var state = State(key)
        state.append(text)
        return state.finish()
    }

    func hash(_ bytes: UnsafeRawBufferPointer) -> UInt64 {
        var state = State(key)
        state.append(bytes)
        return state.finish()
    }

    @inline(__always)
    func hash(_ number: Int) -> UInt64 {
        var state = State(key)
        state.append(UInt64(bitPattern: Int64(number)))
        return state.finish()
    }

    /// Of whole texts, one after the other. A text is not mixed up with two that are the same when they are joined, for each ends with its length.
    struct State {
        private var v0: UInt64, v1: UInt64, v2: UInt64, v3: UInt64

        init(_ key: (UInt64, UInt64)) {
            v0 = key.0 ^ 0x736f_6d65_7073_6575
            v1 = key.1 ^ 0x646f_7261_6e64_6f6d
            v2 = key.0 ^ 0x6c79_6765_6e65_7261
            v3 = key.1 ^ 0x7465_6462_7974_6573
        }

        @inline(__always)
        mutating func append(_ text: String) {
            let isDone: Void? = text.utf8.withContiguousStorageIfAvailable { append(UnsafeRawBufferPointer($0)) }
            guard isDone == nil else { return }
            Array(text.utf8).withUnsafeBytes { append($0) }
        }

        @inline(__always)
        mutating func append(_ bytes: UnsafeRawBufferPointer) {
            var offset = 0
            while bytes.count &- offset >= 8 {
                append(UInt64(littleEndian: bytes.loadUnaligned(fromByteOffset: offset, as: UInt64.self)))
                offset &+= 8
            }
            // The rest, and the length in the highest byte.
            var last = UInt64(truncatingIfNeeded: bytes.count) << 56
            var shift: UInt64 = 0
            while offset < bytes.count {
                last |= UInt64(bytes[offset]) << shift
                shift &+= 8
                offset &+= 1
            }
            append(last)
        }

        @inline(__always)
        mutating func append(_ word: UInt64) {
            v3 ^= word
            round()
            v0 ^= word
        }

        @inline(__always)
        mutating func finish() -> UInt64 {
            v2 ^= 0xff
            round()
            round()
            round()
            return v0 ^ v1 ^ v2 ^ v3
        }

        @inline(__always)
        private mutating func round() {
            v0 = v0 &+ v1
            v1 = (v1 << 13 | v1 >> 51) ^ v0
            v0 = v0 << 32 | v0 >> 32
            v2 = v2 &+ v3
            v3 = (v3 << 16 | v3 >> 48) ^ v2
            v0 = v0 &+ v3
            v3 = (v3 << 21 | v3 >> 43) ^ v0
            v2 = v2 &+ v1
            v1 = (v1 << 17 | v1 >> 47) ^ v2
            v2 = v2 << 32 | v2 >> 32
        }
    }
}
