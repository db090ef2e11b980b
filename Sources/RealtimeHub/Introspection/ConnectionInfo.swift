import PubSub
public import RealtimeProtocol

/// A connection of a client to this process, as it was when it was looked at.
public struct ConnectionInfo: Hashable, Sendable, Identifiable {
    /// The id of the connection.
    public var client: String
    /// Empty: anonymous.
    public var user: String
    /// What carries it, such as `websocket`.
    public var transport: String
    public var format: WireFormat
    /// The address of the peer, which may be a proxy; nil if the transport does not know it.
    public var address: String?
    /// What the client says that it is: the name and version of its application or library.
    public var name: String
    public var version: String
    /// When it was accepted, in milliseconds since 1970.
    public var connectedAt: Int64
    /// What it is subscribed to, in the order of the names.
    public var channels: [String]
    /// The bytes that wait for it.
    public var queuedBytes: Int
    /// The commands that came from it, pongs among them.
    public var commandsReceived: Int
    /// The batches of messages that were sent to it: frames of a WebSocket.
    public var batchesSent: Int
    /// Whether so much waits for it that its channels' policies for slow readers apply.
    public var isSlow: Bool

    public var id: String { client }
}

/// A connection in all detail.
public struct ConnectionDetails: Hashable, Sendable {
    public var connection: ConnectionInfo
    /// JSON that others see of it, or other bytes.
    public var info: [UInt8]?
    /// When it must have refreshed its token, in milliseconds since 1970; 0: never.
    public var expiresAt: Int64
    /// In the order of the channels' names.
    public var subscriptions: [SubscriptionDetails]
}

/// One of a connection's subscriptions.
public struct SubscriptionDetails: Hashable, Sendable {
    public var channel: String
    /// The server made it: the client did not ask.
    public var isServerSide: Bool
    /// The channel is a pattern of channels.
    public var isWildcard: Bool
    /// What was missed is noticed.
    public var isPositioned: Bool
    /// What was missed while away is sent.
    public var isRecoverable: Bool
    public var usesDelta: Bool
    public var isFiltered: Bool
    /// The place in the channel's history up to which it got all; 0 if it has no position.
    public var offset: UInt64
    /// Publications that are kept for a slow reader.
    public var kept: Int
    /// When its token must have been refreshed, in milliseconds since 1970; 0: never.
    public var expiresAt: Int64
}

extension ConnectionInfo {
    /// On the session's loop.
    init(_ session: Session) {
        self.init(
            client: session.client, user: session.user, transport: session.transport.name, format: session.transport.format,
            address: session.transport.remoteAddress, name: session.clientName, version: session.clientVersion,
            connectedAt: session.connectedAt, channels: session.subscriptions.keys.sorted(),
            queuedBytes: session.transport.bufferedBytes, commandsReceived: session.commandsReceived, batchesSent: session.batchesSent,
            isSlow: session.isSlow)
    }
}

extension ConnectionDetails {
    /// On the session's loop.
    init(_ session: Session) {
        self.init(
            connection: ConnectionInfo(session), info: session.connectionInfo, expiresAt: session.expiresAt,
            subscriptions: session.subscriptions.values.map { SubscriptionDetails($0) }.sorted { $0.channel < $1.channel })
    }
}

extension SubscriptionDetails {
    init(_ subscription: Subscription) {
        let key = subscription.subscriberClass?.key
        self.init(
            channel: subscription.channel, isServerSide: subscription.isServerSide, isWildcard: subscription.isWildcard,
            isPositioned: subscription.isPositioned, isRecoverable: subscription.isRecoverable, usesDelta: key?.usesDelta ?? false,
            isFiltered: key?.filter != nil, offset: subscription.isPositioned ? subscription.position.offset : 0,
            kept: subscription.backlog.count, expiresAt: subscription.expiresAt)
    }
}
