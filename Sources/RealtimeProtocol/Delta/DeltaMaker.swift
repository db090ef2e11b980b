// Strategy: every 16th byte of the base begins a block that is known by the hash of its 16 bytes. A window of 16 bytes goes over the target; where
// its hash is that of a block, the match is made as long as it goes, backward and forward, and becomes a copy if that is shorter than the bytes
// themselves. What lies between copies is inserted. A bounded number of blocks of one hash is tried, so that no text makes it quadratic.

/// Makes patches.
struct DeltaMaker {
    private static let window = 16
    private static let tries = 32
    /// Longer texts are not patched: numbers have 32 bits.
    private static let maxLength = 1 << 30

    private let base: DeltaBytes
    private let target: DeltaBytes
    private let cuts: Delta.Cuts
    private var patch: [UInt8] = []
    /// Up to here the target is in the patch.
    private var written = 0

    /// A patch that is smaller than the target.
    static func patch(from base: DeltaBytes, to target: DeltaBytes, cuts: Delta.Cuts) -> [UInt8]? {
        guard base.count <= maxLength, target.count <= maxLength else { return nil }
        // Of what is no text the matches could be cut down to nothing again and again, and time would be quadratic.
        guard cuts == .bytes || UTF8Text.isValid(target.memory) else { return nil }
        var maker = DeltaMaker(base: base, target: target, cuts: cuts)
        return maker.make() ? maker.patch : nil
    }

    private init(base: DeltaBytes, target: DeltaBytes, cuts: Delta.Cuts) {
        self.base = base
        self.target = target
        self.cuts = cuts
    }

    private mutating func make() -> Bool {
        patch.reserveCapacity(64)
        append(target.count, UInt8(ascii: "\n"))
        if base.count > Self.window, target.count > Self.window { copyMatches() }
        insert(upTo: target.count)
        DeltaDigits.append(target.checksum, to: &patch)
        patch.append(UInt8(ascii: ";"))
        return patch.count < target.count
    }

    private mutating func copyMatches() {
        let index = BlockIndex(of: base, window: Self.window)
        var place = 0
        var hash = RollingHash(target[0, Self.window])
        // As soon as the patch is as long as the target there is no use for it.
        while place &+ Self.window <= target.count, patch.count < target.count {
            if let match = bestMatch(at: place, index.blocks(of: hash.value)) {
                insert(upTo: match.target)
                copy(match)
                place = match.target &+ match.count
                hash = RollingHash(target[place, Self.window])
            } else {
                hash.roll(out: target[place], in: target[place &+ Self.window])
                place &+= 1
            }
        }
    }

    private struct Match {
        var base: Int
        var target: Int
        var count: Int
    }

    /// The longest match of the window with one of the blocks, if it saves something.
    private func bestMatch(at place: Int, _ blocks: BlockIndex.Chain) -> Match? {
        var best: Match?
        for block in blocks.prefix(Self.tries) {
            guard let match = extended(block, place), match.count > best?.count ?? 0 else { continue }
            best = match
        }
        guard let best else { return nil }
        let between = best.target &- written
        let cost = DeltaDigits.count(number(best.count)) &+ DeltaDigits.count(number(best.base)) &+ DeltaDigits.count(number(between)) &+ 3
        return best.count > cost ? best : nil
    }

    /// Backward to what is written already, and forward to the end.
    private func extended(_ block: Int, _ place: Int) -> Match? {
        var forward = 0
        let room = min(base.count &- block, target.count &- place)
        while forward < room, base[block &+ forward] == target[place &+ forward] { forward &+= 1 }
        var back = 0
        let roomBack = min(block, place &- written)
        while back < roomBack, base[block &- back &- 1] == target[place &- back &- 1] { back &+= 1 }
        return atCharacters(Match(base: block &- back, target: place &- back, count: back &+ forward))
    }

    /// The part of the match that begins and ends between characters.
    private func atCharacters(_ match: Match) -> Match? {
        guard cuts == .characters else { return match }
        var match = match
        while match.count > 0, isInsideCharacter(match.target) {
            match = Match(base: match.base &+ 1, target: match.target &+ 1, count: match.count &- 1)
        }
        while match.count > 0, isInsideCharacter(match.target &+ match.count) { match.count &-= 1 }
        return match.count > 0 ? match : nil
    }

    private func isInsideCharacter(_ place: Int) -> Bool { place < target.count && UTF8Text.isContinuation(target[place]) }

    // MARK: Commands

    private func number(_ value: Int) -> UInt32 { UInt32(truncatingIfNeeded: value) }

    private mutating func append(_ value: Int, _ command: UInt8) {
        DeltaDigits.append(number(value), to: &patch)
        patch.append(command)
    }

    private mutating func insert(upTo end: Int) {
        guard end > written else { return }
        append(end &- written, UInt8(ascii: ":"))
        patch.append(contentsOf: target[written, end &- written])
        written = end
    }

    private mutating func copy(_ match: Match) {
        append(match.count, UInt8(ascii: "@"))
        append(match.base, UInt8(ascii: ","))
        written = match.target &+ match.count
    }
}

/// A hash of a window that moves by a byte at a time.
private struct RollingHash {
    private var sum: UInt16 = 0
    private var weighted: UInt16 = 0
    private let count: UInt16

    init(_ window: UnsafeRawBufferPointer) {
        count = UInt16(truncatingIfNeeded: window.count)
        for (place, byte) in window.enumerated() {
            sum &+= UInt16(byte)
            weighted &+= (count &- UInt16(truncatingIfNeeded: place)) &* UInt16(byte)
        }
    }

    var value: UInt32 { UInt32(sum) | UInt32(weighted) << 16 }

    mutating func roll(out old: UInt8, in new: UInt8) {
        sum = sum &- UInt16(old) &+ UInt16(new)
        weighted = weighted &- count &* UInt16(old) &+ sum
    }
}

/// The blocks of the base by their hashes: a table of the last block of each, and from each block the one before with the same place in the table.
private struct BlockIndex {
    private let window: Int
    private let mask: Int
    private var last: [Int32]
    private var previous: [Int32]

    init(of base: DeltaBytes, window: Int) {
        self.window = window
        let count = base.count / window
        let places = 1 << (Int.bitWidth &- max(count, 1).leadingZeroBitCount)
        mask = places &- 1
        last = [Int32](repeating: -1, count: places)
        previous = [Int32](repeating: -1, count: count)
        for block in 0..<count {
            let place = Self.place(RollingHash(base[block &* window, window]).value, mask)
            previous[block] = last[place]
            last[place] = Int32(truncatingIfNeeded: block)
        }
    }

    private static func place(_ hash: UInt32, _ mask: Int) -> Int { Int((hash &* 0x9e37_79b1) >> 8) & mask }

    func blocks(of hash: UInt32) -> Chain {
        Chain(previous: previous, block: last[Self.place(hash, mask)], window: window)
    }

    /// Where blocks begin in the base, the last first.
    struct Chain: Sequence, IteratorProtocol {
        fileprivate let previous: [Int32]
        fileprivate var block: Int32
        fileprivate let window: Int

        mutating func next() -> Int? {
            guard block >= 0 else { return nil }
            defer { block = previous[Int(block)] }
            return Int(block) &* window
        }
    }
}
