public import NIOCore
import RealtimeProtocol

extension Client {
    /// Whether there is a connection.
    public enum State: Hashable, Sendable {
        /// None, and none is being made: nobody has called ``Client/connect()``, or it is over.
        case disconnected
        /// One is being made, or will be after a while.
        case connecting
        /// There is one, and the server has accepted the client.
        case connected
    }

    /// Whether a channel is followed.
    public enum SubscriptionState: Hashable, Sendable {
        /// No, and it is not asked for.
        case unsubscribed
        /// Not yet, or not for the moment: the connection, the server's answer or the next attempt is waited for.
        case subscribing
        /// Yes.
        case subscribed
    }

    /// Why a state was entered.
    ///
    /// Codes below 100 are the client's own. Connecting: 0 called, 1 transport closed, 2 no ping, 3 subscribe timeout, 4 unsubscribe error,
    /// 5 slow reader. Disconnected: 0 called, 1 unauthorized, 2 bad protocol, 3 message size limit, 4 bad configuration. All others are the server's.
    public struct Reason: Hashable, Sendable {
        /// The number.
        public var code: UInt32
        /// The same in words.
        public var reason: String

        /// A reason.
        public init(code: UInt32, reason: String) {
            self.code = code
            self.reason = reason
        }
    }

    /// A place in the stream of a channel. An epoch is one life of the stream; offsets count its publications from 1.
    public struct StreamPosition: Hashable, Sendable, Codable {
        /// The life of the stream; empty for any.
        public var epoch: String
        /// Of the last publication seen.
        public var offset: UInt64

        /// The place behind the publication with that offset.
        public init(epoch: String, offset: UInt64) {
            self.epoch = epoch
            self.offset = offset
        }
    }

    /// A connection in a channel.
    public struct ClientInfo: Hashable, Sendable {
        /// Whose it is; empty if nobody in particular.
        public var user: String
        /// The id of the connection.
        public var client: String
        /// What the application says of the connection; JSON as a rule.
        public var connectionInfo: ByteBuffer
        /// What the application says of it in this channel.
        public var channelInfo: ByteBuffer

        init(_ info: Wire.ClientInfo) {
            user = info.user
            client = info.client
            connectionInfo = info.connectionInfo.detached
            channelInfo = info.channelInfo.detached
        }
    }

    /// What was published in a channel.
    public struct Publication: Hashable, Sendable {
        /// Where.
        public var channel: String
        /// What it says; JSON as a rule.
        public var data: ByteBuffer
        /// Its place in the stream, from 1; 0 in a channel without history.
        public var offset: UInt64
        /// Where one is after it; nil in a channel without positions. Kept, and given as ``SubscriptionOptions/since``, one goes on from there.
        public var position: StreamPosition?
        /// What filters look at.
        public var tags: [String: String]
        /// Milliseconds since 1970; 0 if the server does not say.
        public var time: Int64
        /// Who published it, if a client did.
        public var info: ClientInfo?

        init(_ wire: Wire.Publication, channel: String, data: ByteBuffer, position: StreamPosition?) {
            self.channel = wire.channel.isEmpty ? channel : wire.channel
            self.data = data.detached
            self.offset = wire.offset
            self.position = position
            self.tags = wire.tags
            self.time = wire.time
            self.info = wire.info.map(ClientInfo.init)
        }

        /// The memory that it is counted for while it waits for a reader: a tag has at least some.
        var cost: Int {
            data.readableBytes + (info.map { $0.connectionInfo.readableBytes + $0.channelInfo.readableBytes } ?? 0)
                + tags.reduce(0) { $0 + $1.key.utf8.count + $1.value.utf8.count + 64 }
        }
    }

    /// A channel is followed from now on.
    public struct Subscribed: Hashable, Sendable {
        /// Which.
        public var channel: String
        /// Whether what is missed can be asked for later.
        public var isRecoverable: Bool
        /// Whether the server watches for gaps.
        public var isPositioned: Bool
        /// Where it begins; nil without positions.
        public var position: StreamPosition?
        /// Whether what was missed was asked for.
        public var wasRecovering: Bool
        /// And whether all of it follows, as publications.
        public var recovered: Bool
        /// What the application says to it.
        public var data: ByteBuffer
    }

    /// The server has accepted the client.
    public struct Connected: Hashable, Sendable {
        /// The id of the connection.
        public var client: String
        /// Of the server.
        public var version: String
        /// What the application says to it.
        public var data: ByteBuffer
    }

    /// Some of a channel's history.
    public struct History: Hashable, Sendable {
        /// In the order asked for.
        public var publications: [Publication]
        /// The top of the stream.
        public var position: StreamPosition
    }

    /// How many are in a channel.
    public struct PresenceStats: Hashable, Sendable {
        /// Connections.
        public var numClients: Int
        /// Users, each once.
        public var numUsers: Int
    }
}

extension Client.Reason {
    static var connectCalled: Self { Self(code: 0, reason: "connect called") }
    static var disconnectCalled: Self { Self(code: 0, reason: "disconnect called") }
    static var subscribeCalled: Self { Self(code: 0, reason: "subscribe called") }
    static var unsubscribeCalled: Self { Self(code: 0, reason: "unsubscribe called") }
    static var transportClosed: Self { Self(code: 1, reason: "transport closed") }
    static var noPing: Self { Self(code: 2, reason: "no ping") }
    static var subscribeTimeout: Self { Self(code: 3, reason: "subscribe timeout") }
    static var unsubscribeError: Self { Self(code: 4, reason: "unsubscribe error") }
    static var slowReader: Self { Self(code: 5, reason: "slow reader") }
    static var unauthorized: Self { Self(code: 1, reason: "unauthorized") }
    static var badProtocol: Self { Self(code: 2, reason: "bad protocol") }
    static var messageSizeLimit: Self { Self(code: 3, reason: "message size limit") }
    static func badConfiguration(_ text: String) -> Self { Self(code: 4, reason: text) }

    init(_ code: UnsubscribeCode) {
        self.init(code: code.number, reason: code.reason)
    }

    init(_ error: RealtimeError) {
        self.init(code: error.code, reason: error.message)
    }

    /// Whether the application asked for it.
    var isCalled: Bool { code == 0 }
}

extension ByteBuffer {
    /// The same bytes; a copy, if they are a small part of a frame that they would keep alive.
    var detached: ByteBuffer {
        if readableBytes == 0 { return ByteBuffer() }
        return readableBytes * 2 < storageCapacity ? ByteBuffer(bytes: readableBytesView) : self
    }
}
