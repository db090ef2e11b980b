/// Events that wait for their reader, within bounds.
///
/// When it is full it takes no more until half of it was read: it is `isBehind`, and whoever fills it sees to it that nothing is missed without being
/// told. So a slow reader costs bounded memory, and holds up nobody else: no answer stands behind it.
struct Mailbox<Event: Sendable>: Sendable {
    private var events: [Event?] = []
    private var costs: [Int] = []
    private var head = 0
    private var cost = 0
    private let maxCount: Int
    private let maxCost: Int
    private(set) var isBehind = false
    /// Something is lost for good that nobody was told of yet.
    var owesMissed = false

    /// An event costs something even if it is empty.
    private static var base: Int { 256 }

    /// To catch up takes two events itself: with much less room a reader would get nothing else.
    init(maxCount: Int, maxCost: Int) {
        self.maxCount = max(maxCount, 16)
        self.maxCost = max(maxCost, 16 << 10)
    }

    var count: Int { events.count - head }
    var isEmpty: Bool { count == 0 }
    private var isFull: Bool { count >= maxCount || cost >= maxCost }
    /// Whether its reader has caught up.
    var isDrained: Bool { count <= maxCount / 2 && cost <= maxCost / 2 }

    /// Whether one more is taken. If not, the reader is behind from now on.
    mutating func hasRoom() -> Bool {
        if !isBehind { isBehind = isFull }
        return !isBehind
    }

    mutating func append(_ event: Event, cost: Int) {
        events.append(event)
        costs.append(cost &+ Self.base)
        self.cost += cost &+ Self.base
    }

    mutating func popFirst() -> Event? {
        guard head < events.count, let event = events[head] else { return nil }
        cost -= costs[head]
        events[head] = nil
        head += 1
        if head == events.count {
            events.removeAll(keepingCapacity: true)
            costs.removeAll(keepingCapacity: true)
            head = 0
        } else if head >= 64, head * 2 >= events.count {
            events.removeFirst(head)
            costs.removeFirst(head)
            head = 0
        }
        return event
    }

    /// The newest, if it waits.
    var last: Event? { isEmpty ? nil : events.last ?? nil }

    /// Takes the newest back.
    mutating func dropLast() {
        guard !isEmpty else { return }
        events.removeLast()
        cost -= costs.removeLast()
    }

    mutating func caughtUp() {
        isBehind = false
    }
}
