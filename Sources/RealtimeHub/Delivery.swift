import NIOCore
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

    /// Where it goes: a channel, or a pattern of channels.
    let channel: String
    let event: Event
    /// The channel that it was published to, if it goes to a pattern.
    let origin: String?
    /// When the broker said it.
    let time: NIODeadline
    /// What its way to the subscribers is traced with.
    let span: DeliverySpan?

    init(channel: String, event: Event, origin: String? = nil, time: NIODeadline = .now(), span: DeliverySpan? = nil) {
        self.channel = channel
        self.event = event
        self.origin = origin
        self.time = time
        self.span = span
    }
}
