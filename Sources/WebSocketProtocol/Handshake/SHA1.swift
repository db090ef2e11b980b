// Strategy: SHA-1 (FIPS 180-4 §6.1) is here for RFC 6455's accept value alone, where its weakness does not matter: the value proves that the
// server understood the handshake, not who it is. It is on the path of every upgrade, so the schedule lives on the stack, the four kinds
// of round are four loops, and nothing is allocated.

/// SHA-1 of a short text.
struct SHA1 {
    /// Twenty bytes as five big-endian words.
    typealias Digest = (UInt32, UInt32, UInt32, UInt32, UInt32)

    private var state: Digest = (0x6745_2301, 0xEFCD_AB89, 0x98BA_DCFE, 0x1032_5476, 0xC3D2_E1F0)

    /// The digest of `text`'s UTF-8 bytes.
    static func digest(of text: String) -> Digest {
        var text = text
        return text.withUTF8 { bytes in
            // Room for the schedule of one block; `Block` stays within its 80 words (see there), and nothing outlives the closure.
            withUnsafeTemporaryAllocation(of: UInt32.self, capacity: Schedule.count) { words in
                words.initialize(repeating: 0)
                var hash = SHA1()
                let schedule = Schedule(words: words)
                for block in 0..<Schedule.blocks(in: bytes.count) {
                    schedule.load(block: block, of: bytes)
                    hash.mix(schedule)
                }
                return hash.state
            }
        }
    }

    /// §6.1.2 steps 2 to 4.
    private mutating func mix(_ schedule: Schedule) {
        var round = Round(self.state)
        for t in 0..<20 { round.step(schedule[t], 0x5A82_7999, round.choose) }
        for t in 20..<40 { round.step(schedule[t], 0x6ED9_EBA1, round.parity) }
        for t in 40..<60 { round.step(schedule[t], 0x8F1B_BCDC, round.majority) }
        for t in 60..<80 { round.step(schedule[t], 0xCA62_C1D6, round.parity) }
        self.state.0 &+= round.a
        self.state.1 &+= round.b
        self.state.2 &+= round.c
        self.state.3 &+= round.d
        self.state.4 &+= round.e
    }
}

/// The five working variables (§6.1.2 step 3) and the functions of §4.1.1.
private struct Round {
    var (a, b, c, d, e): SHA1.Digest

    init(_ state: SHA1.Digest) {
        (self.a, self.b, self.c, self.d, self.e) = state
    }

    var choose: UInt32 { self.d ^ (self.b & (self.c ^ self.d)) }
    var parity: UInt32 { self.b ^ self.c ^ self.d }
    var majority: UInt32 { (self.b & self.c) | (self.d & (self.b | self.c)) }

    mutating func step(_ word: UInt32, _ constant: UInt32, _ mixed: UInt32) {
        let next = self.a.rotatedLeft(5) &+ mixed &+ self.e &+ constant &+ word
        (self.a, self.b, self.c, self.d, self.e) = (next, self.a, self.b.rotatedLeft(30), self.c, self.d)
    }
}

/// The message schedule of one block (§6.1.2 step 1).
private struct Schedule {
    static let count = 80

    /// Has `count` words: every index below is a loop's bound under 80, whatever the message.
    let words: UnsafeMutableBufferPointer<UInt32>

    subscript(round: Int) -> UInt32 { self.words[round] }

    /// Blocks of 64 bytes that a message takes with one byte 0x80 and eight of length after it (§5.1.1).
    static func blocks(in count: Int) -> Int {
        (count + 8) / 64 + 1
    }

    func load(block: Int, of message: UnsafeBufferPointer<UInt8>) {
        for t in 0..<16 {
            self.words[t] = Self.word(at: block * 64 + t * 4, of: message)
        }
        for t in 16..<Self.count {
            self.words[t] = (self.words[t - 3] ^ self.words[t - 8] ^ self.words[t - 14] ^ self.words[t - 16]).rotatedLeft(1)
        }
    }

    /// Four bytes of the padded message, big-endian. The message's length in bits ends the last block; it fits its lower word.
    private static func word(at offset: Int, of message: UnsafeBufferPointer<UInt8>) -> UInt32 {
        if offset == self.blocks(in: message.count) * 64 - 4 { return UInt32(truncatingIfNeeded: message.count &* 8) }
        var word: UInt32 = 0
        for index in offset..<offset + 4 {
            word = word << 8 | UInt32(index < message.count ? message[index] : index == message.count ? 0x80 : 0)
        }
        return word
    }
}

extension UInt32 {
    fileprivate func rotatedLeft(_ bits: UInt32) -> UInt32 {
        self &<< bits | self &>> (32 &- bits)
    }
}
