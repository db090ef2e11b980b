// Strategy: zlib's memory is lent. A borrower gets an idle context of its settings, or a new one if there is room for it, for which idle ones of
// other settings make way. Contexts are made and freed outside of the lock.

import Synchronization

/// What compression may cost a process in memory, and the contexts that wait for their next message.
///
/// A connection without context takeover borrows a context for the length of one message, so thousands of connections share a few. One with
/// context takeover keeps what it borrowed until it ends. When nothing is left, messages are sent uncompressed, compressed ones that come
/// in end their connection with 1013 (try again later), and new connections are not offered compression.
public final class DeflateBudget: Sendable {
    fileprivate struct State {
        var used = 0
        var lent = 0
        var idle: [ZlibContext.Settings: [ZlibContext]] = [:]
        var idleBytes = 0
    }

    /// The budget of every configuration that names no other: 128 MiB.
    public static let shared = DeflateBudget(bytes: 128 * 1_024 * 1_024)

    /// The most bytes that zlib may hold.
    public let bytes: Int
    /// The most bytes of them that wait in idle contexts: a sixteenth.
    private let maxIdleBytes: Int
    private let state = Mutex(State())

    /// A budget of its own, for some of the connections.
    public init(bytes: Int) {
        self.bytes = max(0, bytes)
        self.maxIdleBytes = self.bytes / 16
    }

    /// The bytes that zlib holds now, idle contexts included.
    public var used: Int {
        self.state.withLock { $0.used }
    }

    /// How often a context was lent so far: once for each message, but for connections with context takeover.
    package var lent: Int {
        self.state.withLock { $0.lent }
    }

    /// Whether so many bytes could be had now, by freeing idle contexts if need be.
    func hasRoom(for cost: Int) -> Bool {
        self.state.withLock { $0.used - $0.idleBytes <= self.bytes - cost }
    }

    /// Lends a context that knows no data. Nil when there is no room.
    func borrow(_ settings: ZlibContext.Settings) -> ZlibContext? {
        var freed: [ZlibContext] = []
        let (idle, isReserved) = self.state.withLock { state -> (ZlibContext?, Bool) in
            if let idle = state.takeIdle(settings) { return (idle, true) }
            freed = state.freeIdle(for: settings.cost, of: self.bytes)
            return (nil, state.reserve(settings.cost, of: self.bytes))
        }
        freed.removeAll()
        guard isReserved, idle == nil else { return idle }
        guard let context = ZlibContext(settings) else {
            self.release(settings.cost)
            return nil
        }
        return context
    }

    /// Takes a context back; what it knew is forgotten before anybody else gets it.
    func giveBack(_ context: consuming ZlibContext) {
        let isSound = context.reset()
        let isKept = self.state.withLock { state in
            isSound && state.keepIdle(context, upTo: self.maxIdleBytes)
        }
        if !isKept { self.release(context.settings.cost) }
    }

    /// Gives back the memory of a context that failed and is freed by its owner.
    func discard(_ context: ZlibContext) {
        self.release(context.settings.cost)
    }

    private func release(_ cost: Int) {
        self.state.withLock { $0.used -= cost }
    }
}

extension DeflateBudget.State {
    fileprivate mutating func reserve(_ cost: Int, of limit: Int) -> Bool {
        guard self.used <= limit - cost else { return false }
        self.used += cost
        self.lent &+= 1
        return true
    }

    fileprivate mutating func takeIdle(_ settings: ZlibContext.Settings) -> ZlibContext? {
        guard let context = self.idle[settings]?.popLast() else { return nil }
        self.idleBytes -= settings.cost
        self.lent &+= 1
        return context
    }

    fileprivate mutating func keepIdle(_ context: ZlibContext, upTo limit: Int) -> Bool {
        let cost = context.settings.cost
        guard self.idleBytes <= limit - cost else { return false }
        self.idle[context.settings, default: []].append(context)
        self.idleBytes += cost
        return true
    }

    /// Makes room by giving up every idle context, if it is needed at all.
    fileprivate mutating func freeIdle(for cost: Int, of limit: Int) -> [ZlibContext] {
        guard self.used > limit - cost, self.idleBytes > 0 else { return [] }
        let freed = self.idle.values.flatMap { $0 }
        self.used -= self.idleBytes
        self.idle = [:]
        self.idleBytes = 0
        return freed
    }
}
