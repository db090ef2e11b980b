/// Those that count most among any number of keys, in bounded memory: the space-saving algorithm (Metwally, Agrawal and El Abbadi 2005). Who has
/// more than one part in ``capacity`` of all is in it; a count is never too low, and too high by ``Entry/error`` at most.
struct HeavyHitters: Sendable {
    struct Entry: Sendable {
        var key: String
        var count: Int
        /// What may have been others'.
        var error: Int
        /// How often it was added.
        var times: Int
    }

    let capacity: Int
    private(set) var entries: [Entry] = []
    private var places: [String: Int] = [:]

    init(capacity: Int = 128) {
        self.capacity = max(1, capacity)
    }

    mutating func add(_ key: String, _ count: Int) {
        if let place = places[key] {
            entries[place].count &+= count
            entries[place].times &+= 1
        } else if entries.count < capacity {
            places[key] = entries.count
            entries.append(Entry(key: key, count: count, error: 0, times: 1))
        } else if let least = entries.indices.min(by: { entries[$0].count < entries[$1].count }) {
            let before = entries[least]
            places[before.key] = nil
            places[key] = least
            entries[least] = Entry(key: key, count: before.count &+ count, error: before.count, times: 1)
        }
    }
}
