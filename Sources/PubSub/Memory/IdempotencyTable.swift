// Strategy: keys are let go in the order in which they came, since nearly all have the same window; one with a longer window that is in
// front keeps those behind it in memory for longer, but whether a key counts is decided by its own time.

/// The idempotency keys of one shard.
struct IdempotencyTable {
    private struct Key: Hashable {
        // First what differs: the dictionary compares with its neighbours.
        let key: String
        let channel: String

        var cost: Int { 208 + channel.utf8.count + key.utf8.count }
    }

    private struct Entry {
        let position: StreamPosition
        let expires: Tick
        /// Tells the present use of a key from an earlier one that is still in the queue.
        let number: UInt64
    }

    private var entries: [Key: Entry] = [:]
    private var queue: [(key: Key, number: UInt64)] = []
    /// How much of the queue is over.
    private var head = 0
    private var lastNumber: UInt64 = 0
    private(set) var bytes = 0

    /// The queue's, which has those too that were used again.
    var isEmpty: Bool { head == queue.count }

    /// What the first publication with this key got.
    func position(_ key: String, in channel: String, at now: Tick) -> StreamPosition? {
        guard let entry = entries[Key(key: key, channel: channel)], entry.expires > now else { return nil }
        return entry.position
    }

    mutating func remember(_ key: String, in channel: String, _ position: StreamPosition, until expires: Tick) {
        let key = Key(key: key, channel: channel)
        lastNumber &+= 1
        entries[key] = Entry(position: position, expires: expires, number: lastNumber)
        queue.append((key, lastNumber))
        bytes += key.cost
    }

    mutating func removeExpired(at now: Tick) {
        while !isEmpty, entries[queue[head].key].map({ $0.number != queue[head].number || $0.expires <= now }) ?? true { removeOldest() }
    }

    mutating func removeOldest() {
        let (key, number) = queue[head]
        if entries[key]?.number == number { entries[key] = nil }
        bytes -= key.cost
        head += 1
        // What is over is moved away when it is half of the queue: on average once for each entry.
        guard head * 2 >= queue.count, head > 32 || head == queue.count else { return }
        queue.removeFirst(head)
        head = 0
    }
}
