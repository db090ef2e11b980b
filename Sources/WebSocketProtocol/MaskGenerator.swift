// Masking keys for a client, from the system's random source (RFC 6455 §5.3, §10.3). Where each draw is a system call, 64 keys are drawn in
// one; the standard library has no way to ask for more than sixteen bytes.

#if canImport(Glibc)
import func Glibc.getentropy
#elseif canImport(Musl)
import func Musl.getentropy
#endif

struct MaskGenerator: Sendable {
    private var pool: [UInt32] = []

    mutating func next() -> MaskingKey {
        if pool.isEmpty { refill() }
        if let word = pool.popLast() { return MaskingKey(word: word) }
        var system = SystemRandomNumberGenerator()
        return MaskingKey(word: system.next())
    }

    /// Leaves the pool empty where the system cannot fill it.
    private mutating func refill() {
        #if canImport(Glibc) || canImport(Musl)
        pool = [UInt32](unsafeUninitializedCapacity: 64) { keys, count in
            // `getentropy` writes all the bytes it is asked for, 256 at most, or fails.
            let memory = UnsafeMutableRawBufferPointer(keys)
            count = getentropy(memory.baseAddress, 64 * MemoryLayout<UInt32>.size) == 0 ? 64 : 0
        }
        #endif
    }
}
