/// How patches and trees are written. All other messages are JSON.
public enum PatchFormat: Hashable, Sendable, CaseIterable {
    /// Text messages, to be read by people too.
    case json
    /// Binary messages, about two thirds of that.
    case binary
}

/// What the difference of two renders is written to. Numbers are those of the protocol (Docs/live-protocol.md, 3).
protocol PatchSink {
    var output: [UInt8] { get }

    /// A place that may turn out not to have changed: nothing is written before something in it is.
    mutating func enter(_ number: Int, _ level: PatchLevel)
    mutating func leave()
    /// The value of this cell follows.
    mutating func cell(_ number: Int)
    /// An instance that takes the place of this row follows.
    mutating func row(_ index: Int)

    mutating func scalar(_ scalar: Scalar)
    /// Of one cell.
    mutating func scalars(_ scalars: [Scalar])
    mutating func view(_ number: Int)
    mutating func nothing()

    mutating func beginInstance(_ template: Int)
    mutating func endInstance()
    mutating func beginRows()
    mutating func beginRow(_ template: Int)
    mutating func endRow()
    mutating func endRows()

    mutating func remove(at index: Int, count: Int)
    mutating func move(from index: Int, to target: Int, count: Int)
    mutating func order(_ order: [RowRun])
    /// Rows follow.
    mutating func insert(at index: Int)
}

/// What a patch goes into.
enum PatchLevel {
    /// The instance in a cell.
    case markup
    /// The operations of the list in a cell.
    case rows
    /// A row of a list.
    case row
}

/// Rows that are beside one another before and after: `count` of them upwards from `first`, or downwards if it is negative.
struct RowRun: Hashable, Sendable {
    var first: Int
    var count: Int
}

/// The places that were entered and are not written yet.
struct PendingPlaces {
    private(set) var places: [(number: Int, level: PatchLevel)] = []
    private(set) var written = 0

    mutating func enter(_ number: Int, _ level: PatchLevel) {
        places.append((number, level))
    }

    /// Whether what was entered last has been written, so that it needs an end.
    mutating func leave() -> Bool {
        places.removeLast()
        guard written > places.count else { return false }
        written = places.count
        return true
    }

    /// The places that must be written before what comes now.
    mutating func flush() -> ArraySlice<(number: Int, level: PatchLevel)> {
        defer { written = places.count }
        return places[written...]
    }

    var isWritten: Bool { written == places.count }
}
