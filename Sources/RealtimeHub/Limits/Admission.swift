import Metrics
import NIOCore
import PubSub
import Synchronization

/// Why a connection is refused before it is one.
public struct ConnectionRefusal: Error, Hashable, Sendable {
    /// Whose limit it is.
    public enum Reason: String, CaseIterable, Sendable {
        /// The process has as many connections as it may.
        case connections
        /// The process gets too many new ones.
        case rate
        /// Too many connects wait to be decided on.
        case busy
        /// Memory is short.
        case memory
        /// The address has as many connections as it may.
        case addressConnections = "address_connections"
        /// The address makes too many new ones.
        case addressRate = "address_rate"
    }

    public var reason: Reason
    /// When it is worth trying again: at random, so that those who were refused together do not come back together.
    public var retryAfter: Duration

    /// Whether it is about the one who asks; else about the whole process.
    public var isAboutAddress: Bool { reason == .addressConnections || reason == .addressRate }
}

/// How short memory is.
public enum MemoryPressure: UInt8, CaseIterable, Comparable, Sendable {
    case none
    /// No new connections, and histories do not grow.
    case soft
    /// Nor publications that would be kept; who reads slowest is disconnected.
    case hard

    public static func < (one: MemoryPressure, other: MemoryPressure) -> Bool { one.rawValue < other.rawValue }
}

/// Decides whether there may be another connection, and counts what there is.
final class Admission: Sendable {
    private let current: Mutex<LimitRules>
    private let sessions = Atomic<Int>(0)
    private let waiting = Atomic<Int>(0)
    private let subscriptions = Atomic<Int>(0)
    private let level = Atomic<UInt8>(0)
    private let bucket = Mutex(TokenBucket())
    private let refusals: [ConnectionRefusal.Reason: Counter]
    private let waitingMeter: Meter

    init(_ limits: HubLimits, factory: any MetricsFactory = MetricsSystem.factory) {
        current = Mutex(LimitRules(limits))
        waitingMeter = Meter(label: "hub_waiting_connects", dimensions: [], factory: factory)
        refusals = Dictionary(
            uniqueKeysWithValues: ConnectionRefusal.Reason.allCases.map {
                ($0, Counter(label: "hub_refused_connections_total", dimensions: [("reason", $0.rawValue)], factory: factory))
            })
    }

    /// Loops have their own reference.
    var rules: LimitRules { current.withLock { $0 } }

    func replace(by new: LimitRules) {
        current.withLock { $0 = new }
        // Its time was that of another rate.
        bucket.withLock { $0 = TokenBucket() }
    }

    // MARK: New connections

    /// - Parameter address: nil: it is not known.
    func check(_ address: () -> String?, at now: Int64) -> ConnectionRefusal? {
        guard let reason = reason(against: address, rules, at: now) else { return nil }
        refusals[reason]?.increment()
        // Twice as long at most, at random.
        let shortest = reason == .connections || reason == .memory ? 10_000 : 1_000
        return ConnectionRefusal(reason: reason, retryAfter: .milliseconds(Int.random(in: shortest...2 * shortest)))
    }

    private func reason(against address: () -> String?, _ rules: LimitRules, at now: Int64) -> ConnectionRefusal.Reason? {
        let limits = rules.limits
        if pressure >= .soft { return .memory }
        if let most = limits.connections, sessions.load(ordering: .relaxed) >= most { return .connections }
        if waiting.load(ordering: .relaxed) >= limits.waitingConnects { return .busy }
        if let addresses = rules.addresses, let address = address() {
            let (party, connections) = addresses.party(network(of: address))
            if let most = limits.connectionsPerAddress, connections >= most { return .addressConnections }
            if let rate = limits.connectionRatePerAddress, party.connect(rate, at: now) > 0 { return .addressRate }
        }
        if let rate = limits.connectionRate, !bucket.withLock({ $0.tryTaking(1, rate, at: now) }) { return .rate }
        return nil
    }

    var openSessions: Int { sessions.load(ordering: .relaxed) }
    func sessionOpened() { sessions.wrappingAdd(1, ordering: .relaxed) }
    func sessionClosed() { sessions.wrappingSubtract(1, ordering: .relaxed) }

    var waitingConnects: Int { waiting.load(ordering: .relaxed) }
    func connectWaits(_ change: Int) {
        waiting.wrappingAdd(change, ordering: .relaxed)
        waitingMeter.increment(by: Double(change))
    }

    // MARK: Memory

    var pressure: MemoryPressure {
        get { MemoryPressure(rawValue: level.load(ordering: .relaxed)) ?? .hard }
        set { level.store(newValue.rawValue, ordering: .relaxed) }
    }

    // MARK: Subscriptions

    /// Takes a place for a subscription that a client asks for. They are counted without a limit too: there may be one later.
    ///
    /// - Parameter isNewChannel: asked if it matters.
    func subscribe(_ user: Party?, _ limits: HubLimits, channels: () -> Int, isNewChannel: () -> Bool) -> Bool {
        if let most = limits.channels, channels() >= most, isNewChannel() { return false }
        guard subscriptions.wrappingAdd(1, ordering: .relaxed).newValue <= limits.subscriptions ?? .max,
            user?.subscribe(limit: limits.subscriptionsPerUser ?? .max) ?? true
        else {
            subscriptions.wrappingSubtract(1, ordering: .relaxed)
            return false
        }
        return true
    }

    /// Gives a place back.
    func unsubscribe(_ user: Party?) {
        subscriptions.wrappingSubtract(1, ordering: .relaxed)
        user?.unsubscribe()
    }
}

extension Hub {
    /// Whether there may be another connection, to be asked before a client's request is answered with an upgrade or a stream: what is refused here has
    /// cost next to nothing. A token of the address' and the process' rates is taken.
    ///
    /// - Parameter address: the client's, as the transport will have it (`SessionTransport.remoteAddress`); nil: it is not known, and its limits don't hold.
    /// - Returns: nil: it may come. Else why not, for an answer of 429 or 503 with `Retry-After`.
    public func refusal(ofConnectionFrom address: @autoclosure () -> String?) -> ConnectionRefusal? {
        core.admission.check(address, at: Int64(clamping: NIODeadline.now().uptimeNanoseconds))
    }

    /// How short memory is, as whoever watches it says. See ``MemoryPressure`` for what comes of it. Default: none.
    public var memoryPressure: MemoryPressure {
        get { core.admission.pressure }
        set { relieve(newValue) }
    }

    private func relieve(_ pressure: MemoryPressure) {
        if (pressure >= .soft) != (core.admission.pressure >= .soft) { core.broker.holdGrowth(pressure >= .soft) }
        core.admission.pressure = pressure
        guard pressure == .hard else { return }
        for loop in allLoops { loop.perform { loop.disconnectSlowest() } }
    }

    /// Connects that wait for their turn.
    public var waitingConnects: Int { core.admission.waitingConnects }
}
