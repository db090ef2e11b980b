// Strategy: all that concerns a session happens on its event loop. A publication comes to a loop once, by its mailbox; in the same turn the
// loop gathers what came for each channel, and hands each channel's batch to its subscribers. Nothing on that way takes a lock or makes a
// task for a subscriber.

import NIOCore
import Synchronization

/// The hub's part on one event loop.
///
/// `@unchecked Sendable`: all but `mailbox` and `revocationScan`, which have their locks, and the two atomics is only touched on the loop.
final class HubLoop: DeliverySink, @unchecked Sendable {
    let eventLoop: any EventLoop
    let core: HubCore
    /// Its place among the hub's loops.
    let number: Int
    @exclusivity(unchecked) var namespaces: Namespaces
    @exclusivity(unchecked) var handlers: HubHandlers
    @exclusivity(unchecked) var rules: LimitRules

    private let mailbox = Mutex<[Delivery]>([])
    /// What is in the mailbox, or with a channel that has yet to hand it out.
    private let waiting = Atomic<Int>(0)
    private let dropped = Atomic<Int>(0)

    @exclusivity(unchecked) private(set) var channels: [String: ChannelShard] = [:]
    @exclusivity(unchecked) private var touched: [ChannelShard] = []
    @exclusivity(unchecked) private var willHandOut = false
    @exclusivity(unchecked) private(set) var sessions: [Session] = []
    @exclusivity(unchecked) private var sessionsByClient: [String: Session] = [:]
    @exclusivity(unchecked) private var ticker: RepeatedTask?
    @exclusivity(unchecked) private var phase = 0
    let statistics = HubStatistics()
    /// Connects that are decided on.
    let connects: WorkGate
    /// Subscriptions that read what was missed.
    let recoveries: WorkGate
    /// While somebody asks who talks.
    @exclusivity(unchecked) var talkers: TalkerCounts?
    @exclusivity(unchecked) var tracers: [Tracer] = []
    /// Whose connections and subscriptions have yet to end.
    let revocationScan = Mutex(RevocationScan())
    let leaving = LeavingSessions()

    init(eventLoop: any EventLoop, core: HubCore, number: Int) {
        self.eventLoop = eventLoop
        self.core = core
        self.number = number
        rules = core.admission.rules
        let limits = rules.limits
        connects = WorkGate(
            eventLoop: eventLoop, atOnce: limits.connectsAtOnce, maxWaiting: limits.waitingConnects,
            patience: TimeAmount(limits.connectWait))
        recoveries = WorkGate(
            eventLoop: eventLoop, atOnce: limits.recoveriesAtOnce, perTurn: limits.recoveriesAtOnce)
        namespaces = core.namespaces
        handlers = core.handlers
        tracers = core.tracers.current
    }

    var waitingDeliveries: Int { waiting.load(ordering: .relaxed) }

    /// Runs something on the loop: at once, if it runs already.
    func perform(_ work: @escaping @Sendable () -> Void) {
        if eventLoop.inEventLoop { work() } else { eventLoop.execute(work) }
    }

    // MARK: Deliveries

    /// From any thread.
    func post(_ delivery: Delivery) {
        guard waiting.load(ordering: .relaxed) < core.configuration.maxWaitingDeliveries else {
            // A gap: positioned subscribers see it in the next publication, or when their position is checked.
            dropped.wrappingAdd(1, ordering: .relaxed)
            delivery.span?.handedOut(to: 0)
            return
        }
        waiting.wrappingAdd(1, ordering: .relaxed)
        let isFirst = mailbox.withLock { mailbox in
            mailbox.append(delivery)
            return mailbox.count == 1
        }
        if isFirst { eventLoop.execute { self.deliver() } }
    }

    private func deliver() {
        var deliveries: [Delivery] = []
        mailbox.withLock { swap(&$0, &deliveries) }
        var unwanted = 0
        for delivery in deliveries {
            if let shard = channels[delivery.channel] {
                if shard.add(delivery) { touched.append(shard) }
            } else {
                unwanted += 1
                delivery.span?.handedOut(to: 0)
            }
        }
        waiting.wrappingSubtract(unwanted, ordering: .relaxed)
        handOut()
    }

    /// Each channel with something to say has its turn; who has more to say has another in the next turn of the loop.
    private func handOut() {
        var shards: [ChannelShard] = []
        swap(&touched, &shards)
        for shard in shards {
            let oldest = shard.oldest
            let (publications, deliveries) = shard.flush()
            if deliveries > 0, let oldest { statistics.delays.add(nanoseconds: (NIODeadline.now() - oldest).nanoseconds) }
            statistics.deliveries &+= deliveries
            talkers?.handedOut(shard.channel, deliveries: deliveries)
            waiting.wrappingSubtract(publications, ordering: .relaxed)
            if shard.hasPending { touched.append(shard) }
        }
        guard !touched.isEmpty, !willHandOut else { return }
        willHandOut = true
        eventLoop.execute {
            self.willHandOut = false
            self.handOut()
        }
    }

    /// All that was published before this call has been given to its subscribers' transports after it, however much it is: for who is about to close one. In a task
    /// of the loop's own.
    func handOutAll() {
        deliver()
        while !touched.isEmpty { handOut() }
    }

    // MARK: Channels

    func shard(of channel: String) -> ChannelShard {
        if let shard = channels[channel] { return shard }
        let shard = ChannelShard(channel: channel, configuration: core.configuration)
        channels[channel] = shard
        return shard
    }

    func removeIfEmpty(_ shard: ChannelShard) {
        if shard.isEmpty, channels[shard.channel] === shard { channels[shard.channel] = nil }
    }

    // MARK: Sessions

    func add(_ session: Session) {
        session.loopIndex = sessions.count
        sessions.append(session)
        sessionsByClient[session.client] = session
        guard ticker == nil else { return }
        ticker = eventLoop.scheduleRepeatedTask(initialDelay: .milliseconds(250), delay: .milliseconds(250)) { [self] _ in tick() }
    }

    func remove(_ session: Session) {
        let index = session.loopIndex
        guard sessions.indices.contains(index), sessions[index] === session, let last = sessions.popLast() else { return }
        if last !== session {
            sessions[index] = last
            last.loopIndex = index
        }
        sessionsByClient[session.client] = nil
        guard sessions.isEmpty else { return }
        ticker?.cancel()
        ticker = nil
        publishStatistics()
    }

    func session(of client: String) -> Session? {
        sessionsByClient[client]
    }

    private func publishStatistics() {
        statistics.dropped(dropped.exchange(0, ordering: .relaxed))
        statistics.publish()
    }

    /// Each session is looked at once a second, a quarter of them at a time.
    private static let phases = 4

    private func tick() {
        let now = eventLoop.now
        publishStatistics()
        connects.expire(at: now)
        if talkers?.isForgotten(now) == true { talkers = nil }
        // A session that ends here is replaced by the last one, which is then looked at a second later.
        var index = phase
        while index < sessions.count {
            sessions[index].advance(to: now)
            index += Self.phases
        }
        phase = (phase + 1) % Self.phases
    }
}
