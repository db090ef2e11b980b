import Metrics
import PubSub
import RealtimeProtocol

/// What happens on one event loop: plain integers on the way of a message, given to swift-metrics when the loop's clock ticks. Their names and
/// what they count are in `Docs/metrics.md`.
///
/// On its loop only.
final class HubStatistics {
    @exclusivity(unchecked) var deliveries = 0
    @exclusivity(unchecked) var batches = 0
    @exclusivity(unchecked) var commands = 0
    @exclusivity(unchecked) var bytesReceived = 0
    @exclusivity(unchecked) var bytesSent = 0
    /// Now.
    @exclusivity(unchecked) private(set) var connections = 0
    @exclusivity(unchecked) private(set) var openSubscriptions = 0
    /// What was counted before the counters above began anew.
    @exclusivity(unchecked) private var told = Totals()

    struct Totals {
        var deliveries = 0
        var batches = 0
        var commands = 0
        var bytesReceived = 0
        var bytesSent = 0
        var dropped = 0
    }

    private let sessions: Meter
    private let subscriptions: Meter
    private let deliveryCounter: Counter
    private let batchCounter: Counter
    private let commandCounter: Counter
    private let receivedBytes: Counter
    private let sentBytes: Counter
    private let lostPositions: Counter
    private let notJSON: Counter
    private let drops: Counter
    let delays: DelayCounts
    private let factory: any MetricsFactory
    @exclusivity(unchecked) private var named: [Name: Counter] = [:]

    /// A counter with a value of its label. All values come from tables of ours, so there is a bounded number of them.
    private struct Name: Hashable {
        let label: String
        let dimension: String
        let value: String
    }

    init(factory: any MetricsFactory = MetricsSystem.factory) {
        self.factory = factory
        sessions = Meter(label: "hub_sessions", dimensions: [], factory: factory)
        subscriptions = Meter(label: "hub_subscriptions", dimensions: [], factory: factory)
        deliveryCounter = Counter(label: "hub_deliveries_total", dimensions: [], factory: factory)
        batchCounter = Counter(label: "hub_batches_sent_total", dimensions: [], factory: factory)
        commandCounter = Counter(label: "hub_commands_total", dimensions: [], factory: factory)
        receivedBytes = Counter(label: "hub_received_bytes_total", dimensions: [], factory: factory)
        sentBytes = Counter(label: "hub_sent_bytes_total", dimensions: [], factory: factory)
        delays = DelayCounts(factory: factory)
        drops = Counter(label: "hub_dropped_publications_total", dimensions: [], factory: factory)
        lostPositions = Counter(label: "hub_lost_positions_total", dimensions: [], factory: factory)
        notJSON = Counter(label: "hub_not_json_total", dimensions: [], factory: factory)
    }

    func connected() {
        connections += 1
        sessions.increment()
    }

    func subscribed() {
        openSubscriptions += 1
        subscriptions.increment()
    }

    func unsubscribed() {
        openSubscriptions -= 1
        subscriptions.decrement()
    }

    /// - Parameter code: nil: the client, or the network, ended it.
    func disconnected(_ code: DisconnectCode?, wasConnected: Bool) {
        if wasConnected {
            connections -= 1
            sessions.decrement()
        }
        count("hub_disconnects_total", "code", code.map { Self.ours.contains($0.number) ? "\($0.number)" : "application" } ?? "client")
    }

    func refused(_ error: Wire.ErrorReply.Code) {
        count("hub_errors_total", "code", (100..<400).contains(error.number) ? "\(error.number)" : "application")
    }

    func limited(_ scope: LimitScope) {
        count("hub_limited_total", "scope", scope.rawValue)
    }

    func recovered(_ isRecovered: Bool) {
        count("hub_recoveries_total", "recovered", isRecovered ? "yes" : "no")
    }

    /// More was published than could be handed out.
    func dropped(_ count: Int) {
        told.dropped &+= count
        if count > 0 { drops.increment(by: count) }
    }

    func lostPosition() { lostPositions.increment() }

    /// A publication was left out for clients who speak JSON.
    func leftOut() { notJSON.increment() }

    private static let ours: ClosedRange<UInt16> = 3_000...3_999

    private func count(_ label: String, _ dimension: String, _ value: String) {
        let name = Name(label: label, dimension: dimension, value: value)
        if let counter = named[name] { return counter.increment() }
        let counter = Counter(label: label, dimensions: [(dimension, value)], factory: factory)
        named[name] = counter
        counter.increment()
    }

    /// All that was counted, from the beginning.
    var totals: Totals {
        Totals(
            deliveries: told.deliveries &+ deliveries, batches: told.batches &+ batches, commands: told.commands &+ commands,
            bytesReceived: told.bytesReceived &+ bytesReceived, bytesSent: told.bytesSent &+ bytesSent, dropped: told.dropped)
    }

    func publish() {
        told = totals
        publish(&deliveries, to: deliveryCounter)
        publish(&batches, to: batchCounter)
        publish(&commands, to: commandCounter)
        publish(&bytesReceived, to: receivedBytes)
        publish(&bytesSent, to: sentBytes)
        delays.publish()
    }

    private func publish(_ value: inout Int, to counter: Counter) {
        guard value > 0 else { return }
        counter.increment(by: value)
        value = 0
    }
}
