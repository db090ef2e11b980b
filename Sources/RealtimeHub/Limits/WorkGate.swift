// Strategy: whoever wants to do something that costs much asks a gate of its event loop, and gets its turn at once or later, in the order of asking.
// What is done is counted until its end, whenever that is; and what ends at once is counted by the turns of the loop, so that others have theirs.

import NIOCore

/// So much at most is done at the same time on one event loop. On that loop only.
final class WorkGate {
    enum Entrance {
        /// It has begun.
        case begun
        /// Its turn comes later.
        case waits
        /// Too many wait.
        case full
    }

    /// What waits for its turn.
    final class Waiter {
        /// Called when the turn has come. Whoever is called must ``WorkGate/leave()``.
        private(set) var begin: (() -> Void)?
        /// Called when it took too long.
        fileprivate private(set) var giveUp: (() -> Void)?
        fileprivate let deadline: NIODeadline

        fileprivate init(deadline: NIODeadline, begin: @escaping () -> Void, giveUp: @escaping () -> Void) {
            self.deadline = deadline
            self.begin = begin
            self.giveUp = giveUp
        }

        fileprivate var isOver: Bool { begin == nil }

        /// It may be in the queue for some time; what it would have done, and for whom, is let go.
        fileprivate func end() {
            begin = nil
            giveUp = nil
        }
    }

    private let eventLoop: any EventLoop
    private var atOnce: Int
    private var perTurn: Int
    private var maxWaiting: Int
    private var patience: TimeAmount

    private(set) var underWay = 0
    private var begunInTurn = 0
    private var isTurnScheduled = false
    private var queue: [Waiter] = []
    private var head = 0
    private var over = 0

    /// - Parameters:
    ///   - perTurn: so much begins in one turn of the loop at most.
    ///   - patience: how long one waits for its turn.
    init(eventLoop: any EventLoop, atOnce: Int, perTurn: Int = .max, maxWaiting: Int = .max, patience: TimeAmount = .hours(1)) {
        self.eventLoop = eventLoop
        self.atOnce = max(1, atOnce)
        self.perTurn = max(1, perTurn)
        self.maxWaiting = maxWaiting
        self.patience = patience
    }

    /// What begins and waits from now on has other limits; what does already keeps its deadline.
    func adjust(atOnce: Int, perTurn: Int = .max, maxWaiting: Int = .max, patience: TimeAmount = .hours(1)) {
        (self.atOnce, self.perTurn, self.maxWaiting, self.patience) = (max(1, atOnce), max(1, perTurn), maxWaiting, patience)
        if waiting > 0 { scheduleTurn() }
    }

    /// How many wait.
    var waiting: Int { queue.count - head - over }

    private var isOpen: Bool { underWay < atOnce && begunInTurn < perTurn }

    /// Begins something, now or when its turn has come.
    ///
    /// - Parameters:
    ///   - begin: it must ``leave()`` at its end.
    ///   - giveUp: called instead if its turn does not come in time.
    /// - Returns: what happened, and the place among those who wait.
    func enter(_ begin: @escaping () -> Void, giveUp: @escaping () -> Void = {}) -> (Entrance, Waiter?) {
        if waiting == 0, isOpen {
            start(begin)
            return (.begun, nil)
        }
        guard waiting < maxWaiting else { return (.full, nil) }
        let waiter = Waiter(deadline: eventLoop.now + patience, begin: begin, giveUp: giveUp)
        queue.append(waiter)
        scheduleTurn()
        return (.waits, waiter)
    }

    private func start(_ begin: () -> Void) {
        underWay += 1
        begunInTurn += 1
        if perTurn < .max { scheduleTurn() }
        begin()
    }

    /// Something that had begun is over.
    func leave() {
        underWay -= 1
        if waiting > 0 { scheduleTurn() }
    }

    /// One that waits does not want its turn any more.
    func cancel(_ waiter: Waiter) {
        guard !waiter.isOver else { return }
        waiter.end()
        over += 1
        guard over > 64, over > queue.count / 2 else { return }
        queue = queue[head...].filter { !$0.isOver }
        head = 0
        over = 0
    }

    private func scheduleTurn() {
        guard !isTurnScheduled else { return }
        isTurnScheduled = true
        eventLoop.assumeIsolated().execute { [self] in turn() }
    }

    private func turn() {
        isTurnScheduled = false
        begunInTurn = 0
        while isOpen, let waiter = takeFirst(), let begin = waiter.begin {
            waiter.end()
            start(begin)
        }
    }

    private func takeFirst() -> Waiter? {
        while head < queue.count {
            let waiter = queue[head]
            head += 1
            if head > 1_024, head > queue.count / 2 {
                queue.removeFirst(head)
                head = 0
            }
            if !waiter.isOver { return waiter }
            over -= 1
        }
        return nil
    }

    /// Time has passed: those who waited too long are told.
    func expire(at now: NIODeadline) {
        while let first = queue[head...].first(where: { !$0.isOver }), first.deadline <= now, let waiter = takeFirst() {
            let giveUp = waiter.giveUp
            waiter.end()
            giveUp?()
        }
    }
}
