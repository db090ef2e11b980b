import PubSub

/// What the broker said of a channel, on its way to the loops that have subscribers.
final class Delivery: Sendable {
    enum Event: Sendable {
        /// - Parameters:
        ///   - usesDelta: whether the publisher wants it sent as a difference to the one before, to those who asked for that.
        ///   - excluded: the client that does not get it.
        case publication(Publication, usesDelta: Bool, excluded: String?)
        case joined(ClientInfo)
        case left(ClientInfo)
    }

    let channel: String
    let event: Event

    init(channel: String, event: Event) {
        self.channel = channel
        self.event = event
    }
}
