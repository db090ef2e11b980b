public import NIOCore

extension Wire {
    /// What was published in a channel.
    public struct Publication: WireMessage, Hashable, Sendable {
        /// What it says.
        public var data: ByteBuffer = ByteBuffer()
        /// Who published it, if a client did.
        public var info: ClientInfo?
        /// Its place in the stream of the channel, from 1; 0 without history.
        public var offset: UInt64 = 0
        /// What filters look at.
        public var tags: [String: String] = [:]
        /// Whether `data` is a patch to the publication before it.
        public var delta: Bool = false
        /// When, in ms since 1970.
        public var time: Int64 = 0
        /// Its channel, in a subscription to several.
        public var channel: String = ""
        /// Its key, in a map.
        public var key: String = ""
        /// Whether the key was removed.
        public var removed: Bool = false
        /// The place of the key in the order of a map.
        public var score: Int64 = 0
        /// Of its stream, on the first of it.
        public var epoch: String = ""
        /// Between brokers: what the patch starts from.
        public var prevData: ByteBuffer = ByteBuffer()
        /// Of the data, if the publisher counts.
        public var version: UInt64 = 0

        /// With the values given, and zero for the others.
        public init(
            data: ByteBuffer = ByteBuffer(), info: ClientInfo? = nil, offset: UInt64 = 0, tags: [String: String] = [:],
            delta: Bool = false, time: Int64 = 0, channel: String = "", key: String = "", removed: Bool = false, score: Int64 = 0,
            epoch: String = "", prevData: ByteBuffer = ByteBuffer(), version: UInt64 = 0
        ) {
            self.data = data
            self.info = info
            self.offset = offset
            self.tags = tags
            self.delta = delta
            self.time = time
            self.channel = channel
            self.key = key
            self.removed = removed
            self.score = score
            self.epoch = epoch
            self.prevData = prevData
            self.version = version
        }

        init() {}

        @inline(__always)
        mutating func visit<Visitor: FieldVisitor>(_ visitor: inout Visitor) throws(Visitor.Failure) {
            try visitor.field(4, "data", &data)
            try visitor.field(5, "info", &info)
            try visitor.field(6, "offset", &offset)
            try visitor.field(7, "tags", &tags)
            try visitor.field(8, "delta", &delta)
            try visitor.field(9, "time", &time)
            try visitor.field(10, "channel", &channel)
            try visitor.field(11, "key", &key)
            try visitor.field(12, "removed", &removed)
            try visitor.zigzag(13, "score", &score)
            try visitor.field(14, "epoch", &epoch)
            try visitor.field(15, "prev_data", &prevData)
            try visitor.field(16, "version", &version)
        }
    }
}

extension Wire {
    /// A connection in a channel.
    public struct ClientInfo: WireMessage, Hashable, Sendable {
        /// Whose it is; empty if nobody in particular.
        public var user: String = ""
        /// Its id.
        public var client: String = ""
        /// What the application says of the connection.
        public var connectionInfo: ByteBuffer = ByteBuffer()
        /// What the application says of it in this channel.
        public var channelInfo: ByteBuffer = ByteBuffer()

        /// With the values given, and zero for the others.
        public init(
            user: String = "", client: String = "", connectionInfo: ByteBuffer = ByteBuffer(), channelInfo: ByteBuffer = ByteBuffer()
        ) {
            self.user = user
            self.client = client
            self.connectionInfo = connectionInfo
            self.channelInfo = channelInfo
        }

        init() {}

        @inline(__always)
        mutating func visit<Visitor: FieldVisitor>(_ visitor: inout Visitor) throws(Visitor.Failure) {
            try visitor.field(1, "user", &user, writesZero: true)
            try visitor.field(2, "client", &client, writesZero: true)
            try visitor.field(3, "conn_info", &connectionInfo)
            try visitor.field(4, "chan_info", &channelInfo)
        }
    }
}

extension Wire {
    /// A place in the stream of a channel.
    public struct StreamPosition: WireMessage, Hashable, Sendable {
        /// Of the last publication seen.
        public var offset: UInt64 = 0
        /// Which incarnation of the stream the offset is of.
        public var epoch: String = ""

        /// With the values given, and zero for the others.
        public init(offset: UInt64 = 0, epoch: String = "") {
            self.offset = offset
            self.epoch = epoch
        }

        init() {}

        @inline(__always)
        mutating func visit<Visitor: FieldVisitor>(_ visitor: inout Visitor) throws(Visitor.Failure) {
            try visitor.field(1, "offset", &offset)
            try visitor.field(2, "epoch", &epoch)
        }
    }
}
