public import PubSub
public import RealtimeProtocol

/// Something that happened to a client or a channel on this process.
public enum LifecycleEvent: Hashable, Sendable {
    /// A client has connected.
    case connected(ClientIdentity, Connection)
    /// Its connection is over. The code is nil if the client or the network ended it.
    case disconnected(ClientIdentity, DisconnectCode?, after: Duration)
    /// A client is subscribed to a channel, or to a pattern of channels.
    case subscribed(ClientIdentity, channel: String)
    /// The subscription is over: ``/RealtimeProtocol/UnsubscribeCode/client`` if the client wanted that, and
    /// ``/RealtimeProtocol/UnsubscribeCode/disconnect`` if its connection is.
    case unsubscribed(ClientIdentity, channel: String, UnsubscribeCode)
    /// The subscribers of a channel with ``ChannelSettings/joinLeave`` are told that a client has come.
    case joined(ClientInfo, channel: String)
    /// They are told that it has gone.
    case left(ClientInfo, channel: String)
    /// Somebody subscribed to a channel of ``RecoveryMode/cache`` that has no latest publication.
    case cacheEmpty(channel: String)

    /// What is known of a connection from its beginning.
    public struct Connection: Hashable, Sendable {
        public var transport: String
        public var format: WireFormat
        /// What the client says that it is.
        public var name: String
        public var version: String
    }
}

extension Session {
    func tellConnected() {
        guard let tell = loop.handlers.lifecycle else { return }
        tell(
            .connected(
                identity,
                LifecycleEvent.Connection(
                    transport: transport.name, format: transport.format, name: clientName, version: clientVersion)))
    }

    func tellDisconnected(_ code: DisconnectCode?) {
        guard let tell = loop.handlers.lifecycle else { return }
        tell(.disconnected(identity, code, after: .milliseconds(max(0, configuration.now() &- connectedAt))))
    }

    func tellSubscribed(_ subscription: Subscription) {
        guard let tell = loop.handlers.lifecycle, subscription.options.tellsLifecycle else { return }
        subscription.isTold = true
        tell(.subscribed(identity, channel: subscription.channel))
    }

    /// Who was not told of the beginning is not told of the end.
    func tellUnsubscribed(_ subscription: Subscription, _ code: UnsubscribeCode) {
        guard subscription.isTold, let tell = loop.handlers.lifecycle else { return }
        tell(.unsubscribed(identity, channel: subscription.channel, code))
    }

    /// Joins and leaves: the broker tells the subscribers, wherever they are, and the application is told here.
    func announceJoin(_ subscription: Subscription) {
        core.broker.publishJoin(subscription.info, on: subscription.channel)
        guard subscription.options.tellsLifecycle else { return }
        loop.handlers.lifecycle?(.joined(subscription.info, channel: subscription.channel))
    }

    func announceLeave(_ subscription: Subscription) {
        core.broker.publishLeave(subscription.info, on: subscription.channel)
        guard subscription.options.tellsLifecycle else { return }
        loop.handlers.lifecycle?(.left(subscription.info, channel: subscription.channel))
    }

    func tellCacheEmpty(_ subscription: Subscription) {
        guard subscription.options.tellsLifecycle else { return }
        loop.handlers.lifecycle?(.cacheEmpty(channel: subscription.channel))
    }
}
