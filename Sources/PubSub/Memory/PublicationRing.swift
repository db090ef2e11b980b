// Strategy: offsets have no gaps, so the publication with offset n lies in slot n modulo the number of slots, a power of two. There is
// nothing to search for, and a full ring takes a publication without moving or allocating anything.

/// The publications that a stream keeps.
struct PublicationRing {
    private struct Kept {
        var publication: Publication
        var time: Tick
    }

    private var slots: ContiguousArray<Kept?> = []
    /// How many are kept.
    private(set) var count = 0
    /// The offset of the newest that there ever was.
    private(set) var top: UInt64 = 0
    /// What the kept ones cost.
    private(set) var bytes = 0

    /// The offset of the oldest that is kept, or of the next if none is.
    var first: UInt64 { top &+ 1 &- UInt64(count) }

    private func slot(of offset: UInt64) -> Int { Int(truncatingIfNeeded: offset) & (slots.count - 1) }

    /// The kept publication with this offset.
    subscript(offset: UInt64) -> Publication? {
        guard offset >= first, offset <= top, count > 0 else { return nil }
        return slots[slot(of: offset)]?.publication
    }

    var newest: Publication? { self[top] }

    /// Adds the publication that has the offset after ``top``, and lets go of the oldest ones beyond the limit, which is at least 1.
    mutating func append(_ publication: Publication, at time: Tick, limit: Int) {
        while count >= limit { removeFirst() }
        if count == slots.count { grow() }
        top = publication.offset
        slots[slot(of: top)] = Kept(publication: publication, time: time)
        count += 1
        bytes += publication.cost
    }

    private mutating func grow() {
        var larger = ContiguousArray<Kept?>(repeating: nil, count: max(1, slots.count * 2))
        for offset in first..<(top &+ 1) {
            larger[Int(truncatingIfNeeded: offset) & (larger.count - 1)] = slots[slot(of: offset)]
        }
        slots = larger
    }

    mutating func removeFirst() {
        let slot = slot(of: first)
        bytes -= slots[slot]?.publication.cost ?? 0
        slots[slot] = nil
        count -= 1
    }

    mutating func removeAll() {
        slots = []
        count = 0
        bytes = 0
    }

    /// Lets go of those from before that time and of it.
    mutating func removeExpired(_ timeToLive: Duration, at now: Tick) {
        while count > 0, let oldest = slots[slot(of: first)], oldest.time.advanced(by: timeToLive) <= now { removeFirst() }
        if count == 0, !slots.isEmpty { slots = [] }
    }

    /// What is kept beyond an offset, in the order of the query.
    func publications(_ query: HistoryQuery) -> [Publication] {
        let wanted =
            switch query.limit {
            case .none: 0
            case .count(let count): max(0, count)
            case .all: Int.max
            }
        return query.isReversed ? backwards(before: query.since?.offset, wanted) : forwards(after: query.since?.offset ?? 0, wanted)
    }

    private func forwards(after offset: UInt64, _ wanted: Int) -> [Publication] {
        guard offset < top, count > 0 else { return [] }
        let start = max(first, offset &+ 1)
        return collect(min(wanted, Int(top - start) + 1)) { start &+ UInt64($0) }
    }

    private func backwards(before offset: UInt64?, _ wanted: Int) -> [Publication] {
        let start = min(top, offset.map { $0 == 0 ? 0 : $0 - 1 } ?? top)
        guard start >= first, count > 0 else { return [] }
        return collect(min(wanted, Int(start - first) + 1)) { start &- UInt64($0) }
    }

    private func collect(_ number: Int, _ offset: (Int) -> UInt64) -> [Publication] {
        var found: [Publication] = []
        found.reserveCapacity(number)
        for index in 0..<number {
            if let kept = slots[slot(of: offset(index))] { found.append(kept.publication) }
        }
        return found
    }
}

extension Publication {
    /// About how many bytes of memory it needs. What it shares with others is counted as if it did not.
    var cost: Int {
        // Its slot in the ring, of which there are more than publications, and the array of its data.
        var sum = 192 + data.count
        if let info {
            sum += info.user.utf8.count + info.client.utf8.count + (info.connectionInfo?.count ?? 0) + (info.channelInfo?.count ?? 0) + 64
        }
        for (name, value) in tags { sum += 64 + name.utf8.count + value.utf8.count }
        return sum
    }
}
