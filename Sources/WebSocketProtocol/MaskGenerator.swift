/// Masking keys for a client, from the system's random source (RFC 6455 §5.3, §10.3), drawn 32 at a time to spare system calls.
struct MaskGenerator: Sendable {
    private var pool = SIMD32<UInt32>()
    private var left = 0

    mutating func next() -> MaskingKey {
        if left == 0 {
            var system = SystemRandomNumberGenerator()
            pool = .random(in: 0...UInt32.max, using: &system)
            left = 32
        }
        left &-= 1
        return MaskingKey(word: pool[left])
    }
}
