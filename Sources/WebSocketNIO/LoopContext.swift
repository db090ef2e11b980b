// Strategy: what sockets of one event loop share, so that a quiet socket owns almost nothing: the batch that reads are parsed into, output
// buffers, one timer for all deadlines, the list of sockets that have something to flush at the end of the turn, and counters.

import NIOCore
import Synchronization
import WebSocketProtocol

/// A batch, by reference.
final class ReadScratch {
    @exclusivity(unchecked) var batch = EventBatch()
}

/// `@unchecked Sendable`: an instance is only touched on its event loop; the table of instances hands it out together with that loop.
final class LoopContext: @unchecked Sendable {
    let eventLoop: any EventLoop
    let statistics = LoopStatistics()
    let staging = StagingArea()

    @exclusivity(unchecked) private var spareScratch: [ReadScratch] = []
    @exclusivity(unchecked) private var spareOutputs: [ByteBuffer] = []

    @exclusivity(unchecked) private var connections: [WebSocketConnection] = []
    @exclusivity(unchecked) private var ticker: RepeatedTask?
    @exclusivity(unchecked) private var phase = 0

    @exclusivity(unchecked) private var dirty: [WebSocketConnection] = []
    @exclusivity(unchecked) private var endOfTurn: [() -> Void] = []
    @exclusivity(unchecked) private var isTurnScheduled = false

    @exclusivity(unchecked) private var leaving: [WebSocketConnection] = []
    @exclusivity(unchecked) private var isLeavingScheduled = false
    @exclusivity(unchecked) private var leavingDeadline: NIODeadline?

    private init(eventLoop: any EventLoop) {
        self.eventLoop = eventLoop
    }

    // MARK: From other threads

    /// How often an outbox, and how often anything else, had the loop do something. What is put to work that waits already would overtake
    /// what the same task had put elsewhere since: it looks here whether there is such a thing, and then waits by itself.
    let wakes = Atomic<UInt64>(0)
    let posts = Atomic<UInt64>(0)

    // MARK: One for each loop

    private static let table = Mutex<[ObjectIdentifier: LoopContext]>([:])

    /// The context of a loop, made by its first socket and forgotten with its last.
    static func of(_ eventLoop: any EventLoop) -> LoopContext {
        table.withLock { table in
            if let known = table[ObjectIdentifier(eventLoop)] { return known }
            let new = LoopContext(eventLoop: eventLoop)
            table[ObjectIdentifier(eventLoop)] = new
            return new
        }
    }

    func forgetIfUnused() {
        guard connections.isEmpty else { return }
        Self.table.withLock { table in
            if table[ObjectIdentifier(eventLoop)] === self { table[ObjectIdentifier(eventLoop)] = nil }
        }
    }

    // MARK: Buffers

    /// What a read is parsed into; another one for a read within a read.
    func takeScratch() -> ReadScratch {
        spareScratch.popLast() ?? ReadScratch()
    }

    func giveBack(_ scratch: ReadScratch) {
        scratch.batch.finish()
        spareScratch.append(scratch)
    }

    private static let keptOutputs = 16
    private static let keptOutputBytes = 128 << 10

    func takeOutput() -> ByteBuffer {
        spareOutputs.popLast() ?? ByteBuffer()
    }

    func giveBack(output: inout ByteBuffer) {
        if spareOutputs.count < Self.keptOutputs, output.capacity <= Self.keptOutputBytes, output.capacity > 0 {
            output.clear()
            spareOutputs.append(output)
        }
        output = ByteBuffer()
    }

    // MARK: The end of the turn

    /// Flushes the connection once all that is ready on this loop has been handled.
    func flushAtEndOfTurn(_ connection: WebSocketConnection) {
        dirty.append(connection)
        scheduleTurn()
    }

    func atEndOfTurn(_ work: @escaping () -> Void) {
        endOfTurn.append(work)
        scheduleTurn()
    }

    private func scheduleTurn() {
        guard !isTurnScheduled else { return }
        isTurnScheduled = true
        eventLoop.execute { self.turn() }
    }

    private func turn() {
        isTurnScheduled = false
        var work: [() -> Void] = []
        swap(&work, &endOfTurn)
        for item in work { item() }
        var flushing: [WebSocketConnection] = []
        swap(&flushing, &dirty)
        for connection in flushing { connection.flush() }
    }

    // MARK: Time

    /// Each connection is looked at once a second, a quarter of them at a time.
    private static let phases = 4

    func add(_ connection: WebSocketConnection) {
        connection.loopIndex = connections.count
        connections.append(connection)
        statistics.opened()
        guard ticker == nil else { return }
        ticker = eventLoop.scheduleRepeatedTask(initialDelay: .milliseconds(250), delay: .milliseconds(250)) { [self] _ in tick() }
    }

    func remove(_ connection: WebSocketConnection) {
        let index = connection.loopIndex
        guard connections.indices.contains(index), connections[index] === connection, let last = connections.popLast() else { return }
        if last !== connection {
            connections[index] = last
            last.loopIndex = index
        }
        statistics.closed()
        guard connections.isEmpty else { return }
        ticker?.cancel()
        ticker = nil
        statistics.publish()
        forgetIfUnused()
    }

    private func tick() {
        let now = MonotonicTime(nanoseconds: eventLoop.now.uptimeNanoseconds)
        // A connection that dies here is replaced by the last one, which is then looked at a second later.
        var index = phase
        while index < connections.count {
            connections[index].advance(to: now)
            index += Self.phases
        }
        phase = (phase + 1) % Self.phases
        if phase == 0 { statistics.publish() }
    }

    // MARK: Shutdown

    /// Sockets that are told to go leave in batches, so that their clients do not all come back at once: so many at a time, or fewer, if they
    /// have a ``WebSocketConfiguration/shutdownWindow``.
    static let leavingBatch = 500
    static let smallestLeavingBatch = 50
    static let leavingPause = TimeAmount.milliseconds(100)

    func leave(_ connection: WebSocketConnection) {
        leaving.append(connection)
        guard !isLeavingScheduled else { return }
        isLeavingScheduled = true
        leavingDeadline = connection.settings.configuration.shutdownWindow.map { eventLoop.now + TimeAmount($0) }
        eventLoop.execute { self.closeLeaving() }
    }

    private var leavingCount: Int {
        guard let leavingDeadline else { return Self.leavingBatch }
        let pauses = max(1, (leavingDeadline - eventLoop.now).nanoseconds / Self.leavingPause.nanoseconds)
        return max(Self.smallestLeavingBatch, (leaving.count + Int(pauses) - 1) / Int(pauses))
    }

    private func closeLeaving() {
        let batch = leaving.prefix(leavingCount)
        for connection in batch { connection.closeForShutdown() }
        leaving.removeFirst(batch.count)
        isLeavingScheduled = !leaving.isEmpty
        if isLeavingScheduled { eventLoop.scheduleTask(in: Self.leavingPause) { self.closeLeaving() } }
    }
}
