// Commands about a channel, and calls of the server.

public import NIOCore

extension Wire {
    /// Publishes into a channel.
    public struct PublishRequest: WireMessage, Hashable, Sendable {
        /// Which.
        public var channel: String = ""
        /// What it says.
        public var data: ByteBuffer = ByteBuffer()
        /// A ``SubscriptionType``: a stream or a map.
        public var type: Int32 = 0
        /// Of a map.
        public var key: String = ""
        /// Whether the key is to be removed.
        public var removed: Bool = false

        /// With the values given, and zero for the others.
        public init(channel: String = "", data: ByteBuffer = ByteBuffer(), type: Int32 = 0, key: String = "", removed: Bool = false) {
            self.channel = channel
            self.data = data
            self.type = type
            self.key = key
            self.removed = removed
        }

        init() {}

        @inline(__always)
        mutating func visit<Visitor: FieldVisitor>(_ visitor: inout Visitor) throws(Visitor.Failure) {
            try visitor.field(1, "channel", &channel)
            try visitor.field(2, "data", &data)
            try visitor.field(3, "type", &type)
            try visitor.field(4, "key", &key)
            try visitor.field(5, "removed", &removed)
        }
    }
}

extension Wire {
    /// Nothing: the broker has it.
    public struct PublishResult: WireMessage, Hashable, Sendable {

        /// It has no fields.
        public init() {}

        func visit<Visitor: FieldVisitor>(_ visitor: inout Visitor) throws(Visitor.Failure) {}
    }
}

extension Wire {
    /// Who is in a channel?
    public struct PresenceRequest: WireMessage, Hashable, Sendable {
        /// Which.
        public var channel: String = ""

        /// With the values given, and zero for the others.
        public init(channel: String = "") {
            self.channel = channel
        }

        init() {}

        @inline(__always)
        mutating func visit<Visitor: FieldVisitor>(_ visitor: inout Visitor) throws(Visitor.Failure) {
            try visitor.field(1, "channel", &channel)
        }
    }
}

extension Wire {
    /// Who is in a channel.
    public struct PresenceResult: WireMessage, Hashable, Sendable {
        /// By the id of the connection.
        public var presence: [String: ClientInfo] = [:]

        /// With the values given, and zero for the others.
        public init(presence: [String: ClientInfo] = [:]) {
            self.presence = presence
        }

        init() {}

        @inline(__always)
        mutating func visit<Visitor: FieldVisitor>(_ visitor: inout Visitor) throws(Visitor.Failure) {
            try visitor.field(1, "presence", &presence)
        }
    }
}

extension Wire {
    /// How many are in a channel?
    public struct PresenceStatsRequest: WireMessage, Hashable, Sendable {
        /// Which.
        public var channel: String = ""

        /// With the values given, and zero for the others.
        public init(channel: String = "") {
            self.channel = channel
        }

        init() {}

        @inline(__always)
        mutating func visit<Visitor: FieldVisitor>(_ visitor: inout Visitor) throws(Visitor.Failure) {
            try visitor.field(1, "channel", &channel)
        }
    }
}

extension Wire {
    /// How many are in a channel.
    public struct PresenceStatsResult: WireMessage, Hashable, Sendable {
        /// Connections.
        public var numClients: UInt32 = 0
        /// Users, each once.
        public var numUsers: UInt32 = 0

        /// With the values given, and zero for the others.
        public init(numClients: UInt32 = 0, numUsers: UInt32 = 0) {
            self.numClients = numClients
            self.numUsers = numUsers
        }

        init() {}

        @inline(__always)
        mutating func visit<Visitor: FieldVisitor>(_ visitor: inout Visitor) throws(Visitor.Failure) {
            try visitor.field(1, "num_clients", &numClients, writesZero: true)
            try visitor.field(2, "num_users", &numUsers, writesZero: true)
        }
    }
}

extension Wire {
    /// What was published in a channel?
    public struct HistoryRequest: WireMessage, Hashable, Sendable {
        /// Which.
        public var channel: String = ""
        /// How many; 0 for the position alone, -1 for as many as allowed.
        public var limit: Int32 = 0
        /// After (or with `reverse`, before) this.
        public var since: StreamPosition?
        /// The newest first.
        public var reverse: Bool = false

        /// With the values given, and zero for the others.
        public init(channel: String = "", limit: Int32 = 0, since: StreamPosition? = nil, reverse: Bool = false) {
            self.channel = channel
            self.limit = limit
            self.since = since
            self.reverse = reverse
        }

        init() {}

        @inline(__always)
        mutating func visit<Visitor: FieldVisitor>(_ visitor: inout Visitor) throws(Visitor.Failure) {
            try visitor.field(1, "channel", &channel)
            try visitor.field(7, "limit", &limit)
            try visitor.field(8, "since", &since)
            try visitor.field(9, "reverse", &reverse)
        }
    }
}

extension Wire {
    /// What was published in a channel.
    public struct HistoryResult: WireMessage, Hashable, Sendable {
        /// In the order asked for.
        public var publications: [Publication] = []
        /// Of the top of the stream.
        public var epoch: String = ""
        /// Of the top of the stream.
        public var offset: UInt64 = 0

        /// With the values given, and zero for the others.
        public init(publications: [Publication] = [], epoch: String = "", offset: UInt64 = 0) {
            self.publications = publications
            self.epoch = epoch
            self.offset = offset
        }

        init() {}

        @inline(__always)
        mutating func visit<Visitor: FieldVisitor>(_ visitor: inout Visitor) throws(Visitor.Failure) {
            try visitor.field(1, "publications", &publications, writesZero: true)
            try visitor.field(2, "epoch", &epoch, writesZero: true)
            try visitor.field(3, "offset", &offset, writesZero: true)
        }
    }
}

extension Wire {
    /// A call of a method of the server.
    public struct RPCRequest: WireMessage, Hashable, Sendable {
        /// Its argument.
        public var data: ByteBuffer = ByteBuffer()
        /// Its name.
        public var method: String = ""

        /// With the values given, and zero for the others.
        public init(data: ByteBuffer = ByteBuffer(), method: String = "") {
            self.data = data
            self.method = method
        }

        init() {}

        @inline(__always)
        mutating func visit<Visitor: FieldVisitor>(_ visitor: inout Visitor) throws(Visitor.Failure) {
            try visitor.field(1, "data", &data)
            try visitor.field(2, "method", &method)
        }
    }
}

extension Wire {
    /// What the method returned.
    public struct RPCResult: WireMessage, Hashable, Sendable {
        /// Its value.
        public var data: ByteBuffer = ByteBuffer()

        /// With the values given, and zero for the others.
        public init(data: ByteBuffer = ByteBuffer()) {
            self.data = data
        }

        init() {}

        @inline(__always)
        mutating func visit<Visitor: FieldVisitor>(_ visitor: inout Visitor) throws(Visitor.Failure) {
            try visitor.field(1, "data", &data)
        }
    }
}

extension Wire {
    /// A message to the server, without a reply.
    public struct SendRequest: WireMessage, Hashable, Sendable {
        /// What it says.
        public var data: ByteBuffer = ByteBuffer()

        /// With the values given, and zero for the others.
        public init(data: ByteBuffer = ByteBuffer()) {
            self.data = data
        }

        init() {}

        @inline(__always)
        mutating func visit<Visitor: FieldVisitor>(_ visitor: inout Visitor) throws(Visitor.Failure) {
            try visitor.field(1, "data", &data)
        }
    }
}
