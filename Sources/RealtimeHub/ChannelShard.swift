import NIOCore
import PubSub

/// A channel's subscribers on one loop.
final class ChannelShard {
    let channel: String
    private let maxMessagesInBatch: Int
    private let maxPublicationsPerTurn: Int
    private var classes: [SubscriberClass] = []
    private var pending: [Delivery] = []

    init(channel: String, configuration: HubConfiguration) {
        self.channel = channel
        self.maxMessagesInBatch = configuration.maxMessagesInBatch
        self.maxPublicationsPerTurn = max(1, configuration.maxPublicationsPerTurn)
    }

    var isEmpty: Bool { classes.isEmpty }

    // MARK: Members

    func add(_ subscription: Subscription, _ key: SubscriberClassKey) {
        if let existing = classes.first(where: { $0.key == key }) { return existing.add(subscription) }
        let new = SubscriberClass(key: key, channel: channel, maxMessagesInBatch: maxMessagesInBatch)
        new.add(subscription)
        classes.append(new)
    }

    func remove(_ subscription: Subscription) {
        guard let itsClass = subscription.subscriberClass else { return }
        itsClass.remove(subscription)
        if itsClass.isEmpty { classes.removeAll { $0 === itsClass } }
    }

    // MARK: Deliveries

    /// Returns whether this is the first since the last ``flush()``.
    func add(_ delivery: Delivery) -> Bool {
        pending.append(delivery)
        return pending.count == 1
    }

    /// Whether something is yet to be handed out.
    var hasPending: Bool { !pending.isEmpty }

    /// When the first of it was said.
    var oldest: NIODeadline? { pending.first?.time }

    /// Hands what has come to the subscribers, in its order, as much as may be in one turn. Returns how much it was, and how many publications
    /// the subscribers got, together.
    func flush() -> (publications: Int, deliveries: Int) {
        var count = 0
        var deliveries: [Delivery] = []
        swap(&pending, &deliveries)
        var rest = deliveries.prefix(maxPublicationsPerTurn)
        let handled = rest.count
        while let first = rest.first {
            let run = rest.prefix { $0.event.isPublication == first.event.isPublication }
            rest = rest.dropFirst(run.count)
            let before = count
            // A class may vanish meanwhile, with its last member.
            for itsClass in classes {
                if first.event.isPublication {
                    count &+= itsClass.deliver(run)
                } else {
                    for delivery in run { itsClass.announce(delivery.event) }
                }
            }
            for delivery in run { delivery.span?.handedOut(to: (count &- before) / run.count) }
        }
        // The array is used again.
        if deliveries.count <= maxPublicationsPerTurn {
            deliveries.removeAll(keepingCapacity: true)
        } else {
            deliveries.removeFirst(maxPublicationsPerTurn)
        }
        swap(&pending, &deliveries)
        // What came meanwhile.
        pending.append(contentsOf: deliveries)
        return (handled, count)
    }
}

extension Delivery.Event {
    var isPublication: Bool {
        if case .publication = self { true } else { false }
    }
}
