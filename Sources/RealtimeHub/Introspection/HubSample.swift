import NIOCore
import RealtimeProtocol

/// What a hub has done until a moment, and how it is then. Two of them give rates.
///
/// ```swift
/// let before = await hub.sample()
/// try await Task.sleep(for: .seconds(1))
/// let rates = await hub.sample().rates(since: before)
/// print(rates.all.deliveries, rates.loops.map(\.busy))
/// ```
public struct HubSample: Sendable {
    /// What an event loop has done since the hub has used it. Its counts only grow.
    public struct Loop: Sendable, Identifiable {
        /// The loops in the order in which the hub met them, from 0.
        public var id: Int
        public var connections = 0
        public var subscriptions = 0
        /// Publications that wait to be handed out.
        public var waiting = 0
        public var commandsReceived = 0
        public var bytesReceived = 0
        /// Publications handed to subscribers: one publication to 1,000 counts 1,000.
        public var deliveries = 0
        public var batchesSent = 0
        public var bytesSent = 0
        /// Publications that were not taken, as too many waited.
        public var dropped = 0
        /// The time of a processor that the loop's thread has used, whatever for.
        public var processorTime = Duration.zero
        /// How long this question waited for its turn: how late the loop is for whatever comes.
        public var lag = Duration.zero
    }

    public var time: ContinuousClock.Instant
    public var loops: [Loop]
    /// Connections that have connected, and their users.
    public var connections: Int
    public var users: Int
    /// Channels with subscribers.
    public var channels: Int

    public var subscriptions: Int { loops.reduce(0) { $0 + $1.subscriptions } }
}

/// How much a hub does in a second.
public struct HubRates: Sendable {
    public struct Loop: Sendable {
        /// The share of a processor that the loop's thread uses, 0 to 1, whatever for.
        public var busy = 0.0
        public var lag = Duration.zero
        public var commandsReceived = 0.0
        public var bytesReceived = 0.0
        public var deliveries = 0.0
        public var batchesSent = 0.0
        public var bytesSent = 0.0
        public var dropped = 0.0
    }

    /// In the order of ``HubSample/loops``.
    public var loops: [Loop]
    /// All loops together; `busy` is their mean, and `lag` the longest.
    public var all: Loop
}

extension HubSample {
    /// What happened between two samples, for each second.
    public func rates(since earlier: HubSample) -> HubRates {
        let passed = earlier.time.duration(to: time).seconds
        let before = Dictionary(earlier.loops.map { ($0.id, $0) }) { first, _ in first }
        let rates = loops.map { HubRates.Loop($0, since: before[$0.id] ?? Loop(id: $0.id), seconds: max(passed, 0.001)) }
        var all = rates.reduce(into: HubRates.Loop()) { $0.add($1) }
        if !rates.isEmpty { all.busy /= Double(rates.count) }
        return HubRates(loops: rates, all: all)
    }
}

extension HubRates.Loop {
    fileprivate init(_ now: HubSample.Loop, since before: HubSample.Loop, seconds: Double) {
        func rate(_ path: KeyPath<HubSample.Loop, Int>) -> Double { max(0, Double(now[keyPath: path] - before[keyPath: path])) / seconds }
        // Of a loop that was not there before, nobody knows for how long it has been used.
        let isKnown = before.processorTime > .zero
        busy = isKnown ? min(max(0, (now.processorTime - before.processorTime).seconds / seconds), 1) : 0
        lag = now.lag
        commandsReceived = rate(\.commandsReceived)
        bytesReceived = rate(\.bytesReceived)
        deliveries = rate(\.deliveries)
        batchesSent = rate(\.batchesSent)
        bytesSent = rate(\.bytesSent)
        dropped = rate(\.dropped)
    }

    fileprivate mutating func add(_ other: HubRates.Loop) {
        busy += other.busy
        lag = max(lag, other.lag)
        commandsReceived += other.commandsReceived
        bytesReceived += other.bytesReceived
        deliveries += other.deliveries
        batchesSent += other.batchesSent
        bytesSent += other.bytesSent
        dropped += other.dropped
    }
}

extension Duration {
    fileprivate var seconds: Double { Double(components.seconds) + Double(components.attoseconds) * 1e-18 }
}

extension Hub {
    /// How the hub is now. Each event loop is asked once.
    public func sample() async -> HubSample {
        let loops = await withTaskGroup { group in
            for loop in allLoops {
                group.addTask {
                    let asked = NIODeadline.now()
                    return await loop.ask { $0.sample(asked: asked) }
                }
            }
            return await group.reduce(into: [HubSample.Loop]()) { $0.append($1) }
        }
        let (connections, users) = counts
        return HubSample(
            time: .now, loops: loops.sorted { $0.id < $1.id }, connections: connections, users: users, channels: core.directory.count)
    }
}

extension HubLoop {
    fileprivate func sample(asked: NIODeadline) -> HubSample.Loop {
        var sample = HubSample.Loop(id: number)
        let done = statistics.totals
        sample.connections = statistics.connections
        sample.subscriptions = statistics.openSubscriptions
        sample.waiting = waitingDeliveries
        sample.commandsReceived = done.commands
        sample.bytesReceived = done.bytesReceived
        sample.deliveries = done.deliveries
        sample.batchesSent = done.batches
        sample.bytesSent = done.bytesSent
        sample.dropped = done.dropped
        sample.processorTime = threadProcessorTime()
        sample.lag = .nanoseconds(max(0, (NIODeadline.now() - asked).nanoseconds))
        return sample
    }
}
