public import NIOCore

extension Wire {
    /// Wants a channel.
    public struct SubscribeRequest: WireMessage, Hashable, Sendable {
        /// Which.
        public var channel: String = ""
        /// The right to it, signed.
        public var token: String = ""
        /// Whether missed publications are wanted.
        public var recover: Bool = false
        /// Of the position after which they were missed.
        public var epoch: String = ""
        /// Of the position after which they were missed.
        public var offset: UInt64 = 0
        /// What the application says.
        public var data: ByteBuffer = ByteBuffer()
        /// Asks the server to watch for gaps.
        public var positioned: Bool = false
        /// Asks for the means to recover.
        public var recoverable: Bool = false
        /// Asks who comes and leaves.
        public var joinLeave: Bool = false
        /// The kind of patches that it takes: `fossil`.
        public var delta: String = ""
        /// Which publications it wants.
        public var tagsFilter: FilterNode?
        /// Bits of ``Flag``.
        public var flag: Int64 = 0
        /// A ``SubscriptionType``.
        public var type: Int32 = 0
        /// Of a map: 2 state, 1 stream, 0 live.
        public var phase: Int32 = 0
        /// The next page of a map.
        public var cursor: String = ""
        /// How many of a page.
        public var limit: Int32 = 0
        /// Whether a map is paged in ascending order.
        public var ascending: Bool = false

        /// With the values given, and zero for the others.
        public init(
            channel: String = "", token: String = "", recover: Bool = false, epoch: String = "", offset: UInt64 = 0,
            data: ByteBuffer = ByteBuffer(), positioned: Bool = false, recoverable: Bool = false, joinLeave: Bool = false,
            delta: String = "", tagsFilter: FilterNode? = nil, flag: Int64 = 0, type: Int32 = 0, phase: Int32 = 0, cursor: String = "",
            limit: Int32 = 0, ascending: Bool = false
        ) {
            self.channel = channel
            self.token = token
            self.recover = recover
            self.epoch = epoch
            self.offset = offset
            self.data = data
            self.positioned = positioned
            self.recoverable = recoverable
            self.joinLeave = joinLeave
            self.delta = delta
            self.tagsFilter = tagsFilter
            self.flag = flag
            self.type = type
            self.phase = phase
            self.cursor = cursor
            self.limit = limit
            self.ascending = ascending
        }

        init() {}

        @inline(__always)
        mutating func visit<Visitor: FieldVisitor>(_ visitor: inout Visitor) throws(Visitor.Failure) {
            try visitor.field(1, "channel", &channel)
            try visitor.field(2, "token", &token)
            try visitor.field(3, "recover", &recover)
            try visitor.field(6, "epoch", &epoch)
            try visitor.field(7, "offset", &offset)
            try visitor.field(8, "data", &data)
            try visitor.field(9, "positioned", &positioned)
            try visitor.field(10, "recoverable", &recoverable)
            try visitor.field(11, "join_leave", &joinLeave)
            try visitor.field(12, "delta", &delta)
            try visitor.field(13, "tf", &tagsFilter)
            try visitor.field(14, "flag", &flag)
            try visitor.field(15, "type", &type)
            try visitor.field(16, "phase", &phase)
            try visitor.field(17, "cursor", &cursor)
            try visitor.field(18, "limit", &limit)
            try visitor.field(19, "asc", &ascending)
        }
    }
}

extension Wire {
    /// A channel is subscribed to.
    public struct SubscribeResult: WireMessage, Hashable, Sendable {
        /// Whether the client must refresh it.
        public var expires: Bool = false
        /// For how many seconds it lives.
        public var ttl: UInt32 = 0
        /// Whether missed publications can be asked for.
        public var recoverable: Bool = false
        /// Of the position where it begins.
        public var epoch: String = ""
        /// Those that were missed.
        public var publications: [Publication] = []
        /// Whether none is missing.
        public var recovered: Bool = false
        /// Of the position where it begins.
        public var offset: UInt64 = 0
        /// Whether the server watches for gaps.
        public var positioned: Bool = false
        /// What the application says to it.
        public var data: ByteBuffer = ByteBuffer()
        /// Whether it asked for what it missed.
        public var wasRecovering: Bool = false
        /// Whether publications can be patches.
        public var delta: Bool = false
        /// Stands for the channel in pushes from now on, unless 0.
        public var id: Int64 = 0
        /// A ``SubscriptionType``.
        public var type: Int32 = 0
        /// Of a map: 2 state, 1 stream, 0 live.
        public var phase: Int32 = 0
        /// The next page of a map, if there is one.
        public var cursor: String = ""
        /// The entries of a map.
        public var state: [Publication] = []
        /// For how many ms a client may hold back what it publishes.
        public var publishDebounce: UInt32 = 0

        /// With the values given, and zero for the others.
        public init(
            expires: Bool = false, ttl: UInt32 = 0, recoverable: Bool = false, epoch: String = "", publications: [Publication] = [],
            recovered: Bool = false, offset: UInt64 = 0, positioned: Bool = false, data: ByteBuffer = ByteBuffer(),
            wasRecovering: Bool = false, delta: Bool = false, id: Int64 = 0, type: Int32 = 0, phase: Int32 = 0, cursor: String = "",
            state: [Publication] = [], publishDebounce: UInt32 = 0
        ) {
            self.expires = expires
            self.ttl = ttl
            self.recoverable = recoverable
            self.epoch = epoch
            self.publications = publications
            self.recovered = recovered
            self.offset = offset
            self.positioned = positioned
            self.data = data
            self.wasRecovering = wasRecovering
            self.delta = delta
            self.id = id
            self.type = type
            self.phase = phase
            self.cursor = cursor
            self.state = state
            self.publishDebounce = publishDebounce
        }

        init() {}

        @inline(__always)
        mutating func visit<Visitor: FieldVisitor>(_ visitor: inout Visitor) throws(Visitor.Failure) {
            try visitor.field(1, "expires", &expires)
            try visitor.field(2, "ttl", &ttl)
            try visitor.field(3, "recoverable", &recoverable)
            try visitor.field(6, "epoch", &epoch)
            try visitor.field(7, "publications", &publications)
            try visitor.field(8, "recovered", &recovered)
            try visitor.field(9, "offset", &offset)
            try visitor.field(10, "positioned", &positioned)
            try visitor.field(11, "data", &data)
            try visitor.field(12, "was_recovering", &wasRecovering)
            try visitor.field(13, "delta", &delta)
            try visitor.field(14, "id", &id)
            try visitor.field(15, "type", &type)
            try visitor.field(16, "phase", &phase)
            try visitor.field(17, "cursor", &cursor)
            try visitor.field(18, "state", &state)
            try visitor.field(19, "publish_debounce", &publishDebounce)
        }
    }
}

extension Wire {
    /// No longer wants a channel.
    public struct UnsubscribeRequest: WireMessage, Hashable, Sendable {
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
    /// Nothing: the subscription is ended.
    public struct UnsubscribeResult: WireMessage, Hashable, Sendable {

        /// It has no fields.
        public init() {}

        func visit<Visitor: FieldVisitor>(_ visitor: inout Visitor) throws(Visitor.Failure) {}
    }
}

extension Wire {
    /// A new token of a subscription, or keys to track.
    public struct SubRefreshRequest: WireMessage, Hashable, Sendable {
        /// Which.
        public var channel: String = ""
        /// The right to it, signed.
        public var token: String = ""
        /// 0 a token, 1 track, 2 untrack.
        public var type: Int32 = 0
        /// Keys to track, signed.
        public var track: [TrackBatch] = []
        /// Keys not to track any more.
        public var untrack: [String] = []

        /// With the values given, and zero for the others.
        public init(channel: String = "", token: String = "", type: Int32 = 0, track: [TrackBatch] = [], untrack: [String] = []) {
            self.channel = channel
            self.token = token
            self.type = type
            self.track = track
            self.untrack = untrack
        }

        init() {}

        @inline(__always)
        mutating func visit<Visitor: FieldVisitor>(_ visitor: inout Visitor) throws(Visitor.Failure) {
            try visitor.field(1, "channel", &channel)
            try visitor.field(2, "token", &token)
            try visitor.field(3, "type", &type)
            try visitor.field(4, "track", &track)
            try visitor.field(5, "untrack", &untrack)
        }
    }
}

extension Wire {
    /// The new life of a subscription.
    public struct SubRefreshResult: WireMessage, Hashable, Sendable {
        /// Whether it still expires.
        public var expires: Bool = false
        /// For how many seconds it lives.
        public var ttl: UInt32 = 0
        /// What the tracked keys hold now.
        public var items: [Publication] = []

        /// With the values given, and zero for the others.
        public init(expires: Bool = false, ttl: UInt32 = 0, items: [Publication] = []) {
            self.expires = expires
            self.ttl = ttl
            self.items = items
        }

        init() {}

        @inline(__always)
        mutating func visit<Visitor: FieldVisitor>(_ visitor: inout Visitor) throws(Visitor.Failure) {
            try visitor.field(1, "expires", &expires)
            try visitor.field(2, "ttl", &ttl)
            try visitor.field(3, "items", &items)
        }
    }
}

extension Wire {
    /// Keys that somebody may track.
    public struct TrackBatch: WireMessage, Hashable, Sendable {
        /// The right to them.
        public var signature: String = ""
        /// The keys.
        public var items: [KeyedItem] = []

        /// With the values given, and zero for the others.
        public init(signature: String = "", items: [KeyedItem] = []) {
            self.signature = signature
            self.items = items
        }

        init() {}

        @inline(__always)
        mutating func visit<Visitor: FieldVisitor>(_ visitor: inout Visitor) throws(Visitor.Failure) {
            try visitor.field(1, "signature", &signature)
            try visitor.field(2, "items", &items)
        }
    }
}

extension Wire {
    /// A key to track.
    public struct KeyedItem: WireMessage, Hashable, Sendable {
        /// Which.
        public var key: String = ""
        /// The version that the client has.
        public var version: UInt64 = 0

        /// With the values given, and zero for the others.
        public init(key: String = "", version: UInt64 = 0) {
            self.key = key
            self.version = version
        }

        init() {}

        @inline(__always)
        mutating func visit<Visitor: FieldVisitor>(_ visitor: inout Visitor) throws(Visitor.Failure) {
            try visitor.field(1, "key", &key)
            try visitor.field(2, "version", &version)
        }
    }
}

extension Wire {
    /// Which publications are wanted, by their tags: a comparison, or other nodes joined by an operator. ``TagsFilter`` applies it.
    public struct FilterNode: WireMessage, Hashable, Sendable {
        /// `and`, `or`, `not`; empty for a comparison.
        public var op: String = ""
        /// The tag to compare.
        public var key: String = ""
        /// How: `eq`, `neq`, `in`, `nin`, `ex`, `nex`, `sw`, `ew`, `ct`, `lt`, `lte`, `gt`, `gte`.
        public var comparison: String = ""
        /// What with.
        public var value: String = ""
        /// What with, for `in` and `nin`.
        public var values: [String] = []
        /// What an operator joins.
        public var nodes: [FilterNode] = []

        /// With the values given, and zero for the others.
        public init(
            op: String = "", key: String = "", comparison: String = "", value: String = "", values: [String] = [],
            nodes: [FilterNode] = []
        ) {
            self.op = op
            self.key = key
            self.comparison = comparison
            self.value = value
            self.values = values
            self.nodes = nodes
        }

        init() {}

        @inline(__always)
        mutating func visit<Visitor: FieldVisitor>(_ visitor: inout Visitor) throws(Visitor.Failure) {
            try visitor.field(1, "op", &op)
            try visitor.field(2, "key", &key)
            try visitor.field(3, "cmp", &comparison)
            try visitor.field(4, "val", &value)
            try visitor.field(5, "vals", &values)
            try visitor.field(6, "nodes", &nodes)
        }
    }
}
