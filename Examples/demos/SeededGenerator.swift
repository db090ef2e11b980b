/// Random numbers that a seed decides (SplitMix64): a simulation of them runs the same way every time.
struct SeededGenerator: RandomNumberGenerator, Sendable {
    private var state: UInt64

    init(seed: UInt64) {
        state = seed
    }

    mutating func next() -> UInt64 {
        state &+= 0x9e37_79b9_7f4a_7c15
        var number = (state ^ (state >> 30)) &* 0xbf58_476d_1ce4_e5b9
        number = (number ^ (number >> 27)) &* 0x94d0_49bb_1331_11eb
        return number ^ (number >> 31)
    }

    /// From 0 up to 1.
    mutating func fraction() -> Double {
        Double(next() >> 11) / Double(1 << 53 as UInt64)
    }

    mutating func chance(_ probability: Double) -> Bool {
        fraction() < probability
    }

    /// About normally distributed, with a deviation of 1: the sum of four even numbers, so never beyond 3.5.
    mutating func normal() -> Double {
        let bits = next()
        let sum = (0..<4).reduce(0.0) { $0 + Double((bits >> UInt64($1 * 16)) & 0xffff) / 65_536 }
        return (sum - 2) * 1.732
    }
}
