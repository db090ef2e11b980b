// Strategy: streams lie side by side in one array, and a dictionary knows their places; the order of their last use is a list through the
// array, linked by places. A stream that does nothing costs its part of the array and its name, and no object of its own.

/// The streams of one shard, with the order in which they were last used.
struct StreamTable {
    private struct Slot {
        /// Empty for a free place.
        var name: String
        var stream: Stream
        /// The next in the order of use; for a free place, the next free one.
        var newer: Int32 = none
        var older: Int32 = none
    }

    private static let none: Int32 = -1

    private var places: [String: Int32] = [:]
    private var slots: ContiguousArray<Slot> = []
    private var newest = none
    private var oldest = none
    private var firstFree = none

    var count: Int { places.count }
    /// How many places there are, free ones too.
    var capacity: Int { slots.count }

    func place(of name: String) -> Int? { places[name].map(Int.init) }

    /// The stream that has not been used for longest.
    var oldestPlace: Int? { oldest == Self.none ? nil : Int(oldest) }

    func isFree(_ place: Int) -> Bool { slots[place].name.isEmpty }
    func name(at place: Int) -> String { slots[place].name }

    /// The stream at a place that is not free.
    subscript(place: Int) -> Stream { slots[place].stream }

    /// Changes the stream where it is.
    mutating func change<Result>(_ place: Int, _ body: (inout Stream) -> Result) -> Result {
        body(&slots[place].stream)
    }

    /// Adds a stream as the newest. Its name is not empty.
    mutating func insert(_ stream: Stream, named name: String) -> Int {
        let place: Int32
        if firstFree != Self.none {
            place = firstFree
            firstFree = slots[Int(place)].newer
            slots[Int(place)] = Slot(name: name, stream: stream)
        } else {
            place = Int32(truncatingIfNeeded: slots.count)
            slots.append(Slot(name: name, stream: stream))
        }
        places[name] = place
        link(place)
        return Int(place)
    }

    mutating func remove(at place: Int) {
        let place = Int32(truncatingIfNeeded: place)
        unlink(place)
        places[slots[Int(place)].name] = nil
        slots[Int(place)] = Slot(name: "", stream: .nothing, newer: firstFree)
        firstFree = place
    }

    /// It was used just now.
    mutating func touch(_ place: Int) {
        let place = Int32(truncatingIfNeeded: place)
        guard place != newest else { return }
        unlink(place)
        link(place)
    }

    private mutating func link(_ place: Int32) {
        slots[Int(place)].newer = Self.none
        slots[Int(place)].older = newest
        if newest == Self.none { oldest = place } else { slots[Int(newest)].newer = place }
        newest = place
    }

    private mutating func unlink(_ place: Int32) {
        let (newer, older) = (slots[Int(place)].newer, slots[Int(place)].older)
        if newer == Self.none { newest = older } else { slots[Int(newer)].older = older }
        if older == Self.none { oldest = newer } else { slots[Int(older)].newer = newer }
    }

    /// Gives memory back if most places are free.
    mutating func shrink() {
        guard capacity > 64, count < capacity / 4 else { return }
        var smaller = StreamTable()
        smaller.slots.reserveCapacity(count)
        smaller.places.reserveCapacity(count)
        var place = oldest
        while place != Self.none {
            let slot = slots[Int(place)]
            _ = smaller.insert(slot.stream, named: slot.name)
            place = slot.newer
        }
        self = smaller
    }
}
