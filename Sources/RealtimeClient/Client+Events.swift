public import NIOCore

extension Client {
    /// What happens to a subscription, in the order in which it happens.
    public enum SubscriptionEvent: Hashable, Sendable {
        /// The connection, the server or a next attempt is waited for.
        case subscribing(Reason)
        /// The channel is followed from now on. What was missed follows, if it could be recovered.
        case subscribed(Subscribed)
        /// For good, unless ``Subscription/subscribe()`` is called: by us (code 0), for want of a token (1), or by the server.
        case unsubscribed(Reason)
        /// Something was published.
        case publication(Publication)
        /// Somebody came. Needs ``SubscriptionOptions/joinLeave``.
        case join(ClientInfo)
        /// Somebody left.
        case leave(ClientInfo)
        /// Publications between the last one and the next are lost and can't be recovered: load what you show anew.
        case missed
        /// Something went wrong that will be tried again.
        case error(RealtimeError)
    }

    /// What happens to the connection, and to the subscriptions that the server made, in the order in which it happens.
    public enum Event: Hashable, Sendable {
        /// A connection is being made, or will be.
        case connecting(Reason)
        /// There is one.
        case connected(Connected)
        /// For good, unless ``Client/connect()`` is called.
        case disconnected(Reason)
        /// A message of the server to this client alone.
        case message(ByteBuffer)
        /// Something went wrong that will be tried again.
        case error(RealtimeError)

        /// The server has subscribed this client to a channel.
        case subscribed(Subscribed)
        /// The connection to such a channel is interrupted.
        case subscribing(channel: String, Reason)
        /// The server has ended such a subscription.
        case unsubscribed(channel: String, Reason)
        /// Something was published in such a channel.
        case publication(Publication)
        /// Somebody came to such a channel.
        case join(channel: String, ClientInfo)
        /// Somebody left such a channel.
        case leave(channel: String, ClientInfo)
        /// Publications of such a channel are lost and can't be recovered; without a channel, messages and publications of any of them.
        case missed(channel: String?)
    }
}

extension Client.SubscriptionEvent {
    /// The memory that it is counted for while it waits for a reader.
    var cost: Int {
        switch self {
        case .publication(let publication): publication.cost
        case .join(let info), .leave(let info): info.connectionInfo.readableBytes + info.channelInfo.readableBytes
        case .subscribed(let subscribed): subscribed.data.readableBytes
        case .subscribing, .unsubscribed, .missed, .error: 0
        }
    }
}

extension Client.Event {
    var cost: Int {
        switch self {
        case .publication(let publication): publication.cost
        case .join(_, let info), .leave(_, let info): info.connectionInfo.readableBytes + info.channelInfo.readableBytes
        case .subscribed(let subscribed): subscribed.data.readableBytes
        case .connected(let connected): connected.data.readableBytes
        case .message(let data): data.readableBytes
        case .connecting, .disconnected, .error, .subscribing, .unsubscribed, .missed: 0
        }
    }
}
