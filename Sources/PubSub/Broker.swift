/// Who is told what happens in the channels: the hub.
///
/// Calls come on any thread. For one channel the publications come one after the other, in the order of their offsets; joins and leaves come
/// in the order in which one caller said them, and may come at the same time as publications. A receiver hands on what it is told and
/// returns; it must not publish from within ``published(_:on:delta:excluding:)``.
public protocol BrokerReceiver: AnyObject, Sendable {
    /// A publication.
    ///
    /// - Parameters:
    ///   - publication: what was published.
    ///   - channel: where.
    ///   - base: the publication before it, if the publisher wanted a delta and the stream still has that one.
    ///   - client: a client that must not get it.
    func published(_ publication: Publication, on channel: String, delta base: Publication?, excluding client: String?)

    /// A client has subscribed somewhere.
    func joined(_ info: ClientInfo, on channel: String)

    /// A client has unsubscribed somewhere, or is gone.
    func left(_ info: ClientInfo, on channel: String)
}

/// What carries publications between those who publish and the nodes where they are wanted, and keeps the streams.
///
/// A port in completion style: a broker in memory calls the completion before it returns, without a task and without a hop; one that asks
/// another machine calls it later, on any thread. A completion is called exactly once.
///
/// What holds for every broker; `BrokerContract` in `PubSubTesting` checks it:
/// - Offsets of a stream begin with 1 and have no gaps. A stream that was forgotten begins anew with another epoch.
/// - What was published with a retention is in the history when the completion is called.
/// - The receiver is told every publication of the channels that it wants, of one channel in the order of the offsets and never two at
///   once. It may be told of channels that it does not want.
/// - A publication whose idempotency key was used in this channel within its window, or whose version is not newer than the channel's,
///   is told nobody and takes no offset.
/// - The base of a delta is the publication with the offset before.
public protocol Broker: AnyObject, Sendable {
    /// Says who is to be told. Before anything else; the broker keeps the receiver until ``stop()``.
    func start(_ receiver: any BrokerReceiver)

    /// The receiver is told nothing more, and no call of it is going on when this returns. Not from within such a call. A broker whose streams end with the process takes no more
    /// publications then (``BrokerError/stopped``): whoever publishes must know that they are for nobody.
    func stop()

    /// This node wants the channel's publications, joins and leaves. When it completes, it gets all that come after.
    func subscribe(_ channel: String, _ completion: @escaping @Sendable (Result<Void, BrokerError>) -> Void)

    /// This node no longer wants them.
    func unsubscribe(_ channel: String)

    /// This node wants the publications of all channels whose names match. Patterns are `ChannelPattern`s of the hub: `*` is one or more
    /// characters but `:`, `.` and `/`, `**` any. A broker may tell more; the hub looks at each name itself.
    ///
    /// Default: fails with ``BrokerError/unsupported(_:)``.
    func subscribe(matching pattern: String, _ completion: @escaping @Sendable (Result<Void, BrokerError>) -> Void)

    /// This node no longer wants them.
    func unsubscribe(matching pattern: String)

    /// Publishes, and says when the broker has it; not when clients have.
    func publish(
        _ data: [UInt8], to channel: String, _ options: PublishOptions,
        _ completion: @escaping @Sendable (Result<PublishResult, BrokerError>) -> Void)

    /// Tells all nodes that want the channel that a client has come.
    func publishJoin(_ info: ClientInfo, on channel: String)

    /// Tells all nodes that want the channel that a client has gone.
    func publishLeave(_ info: ClientInfo, on channel: String)

    /// What the channel's stream holds.
    ///
    /// With a retention that keeps history the channel has a stream from now on, so that the position means something to whoever comes
    /// back with it. Without one, a channel that has no stream answers with offset 0 and an empty epoch.
    func history(
        of channel: String, _ query: HistoryQuery, retention: Retention?,
        _ completion: @escaping @Sendable (Result<History, BrokerError>) -> Void)

    /// Forgets the channel's publications, but not its position: offsets go on.
    func removeHistory(of channel: String, _ completion: @escaping @Sendable (Result<Void, BrokerError>) -> Void)

    /// Lets go of what is over. Nobody sees that anyway; this gives its memory back. The hub calls it every ten seconds or so; a broker
    /// whose memory is elsewhere has nothing to do.
    func sweep()

    /// Memory is short, or no longer is: what is kept is not to grow, the oldest goes for what is new. Default: does nothing.
    func holdGrowth(_ isHeld: Bool)
}

/// A broker that has what is published before it returns, so that whoever publishes waits for nothing and needs no task.
public protocol ImmediateBroker: Broker {
    /// As ``Broker/publish(_:to:_:_:)``, whose completion would be called with the same.
    func publishAtOnce(_ data: [UInt8], to channel: String, _ options: PublishOptions) throws(BrokerError) -> PublishResult
}

extension Broker {
    public func subscribe(matching pattern: String, _ completion: @escaping @Sendable (Result<Void, BrokerError>) -> Void) {
        completion(.failure(.unsupported("patterns")))
    }

    public func unsubscribe(matching pattern: String) {}

    public func holdGrowth(_ isHeld: Bool) {}

    public func sweep() {}
}
