public import NIOCore

extension Wire {
    /// Something that happened. Inside a ``Reply``, or bare where the server alone speaks. One without anything is a ping.
    public struct Push: WireMessage, Hashable, Sendable {
        /// In the place of the channel, once the subscription was given a number.
        public var id: Int64 = 0
        /// Where it happened.
        public var channel: String = ""
        /// What happened.
        public var body: Body?

        /// With the values given, and zero for the others.
        public init(id: Int64 = 0, channel: String = "", body: Body? = nil) {
            self.id = id
            self.channel = channel
            self.body = body
        }

        init() {}

        @inline(__always)
        mutating func visit<Visitor: FieldVisitor>(_ visitor: inout Visitor) throws(Visitor.Failure) {
            try visitor.field(1, "id", &id)
            try visitor.field(2, "channel", &channel)
            try visitor.body(&body)
        }
    }
}

extension Wire.Push {
    /// What can happen.
    public enum Body: Hashable, Sendable {
        /// A publication.
        case publication(Wire.Publication)
        /// Somebody came.
        case join(Wire.Join)
        /// Somebody left.
        case leave(Wire.Leave)
        /// The server ended a subscription.
        case unsubscribe(Wire.Unsubscribe)
        /// A message of the server to this client alone.
        case message(Wire.Message)
        /// The server made a subscription.
        case subscribe(Wire.Subscribe)
        /// The connection is accepted; the first push where there are no replies.
        case connect(Wire.Connect)
        /// The connection ends, where no close frame can say so.
        case disconnect(Wire.Disconnect)
        /// The server prolonged the connection.
        case refresh(Wire.Refresh)
    }
}

extension Wire.Push.Body: WireBody {
    private enum Names {
        static var publication: FieldName { FieldName(4, "pub") }
        static var join: FieldName { FieldName(5, "join") }
        static var leave: FieldName { FieldName(6, "leave") }
        static var unsubscribe: FieldName { FieldName(7, "unsubscribe") }
        static var message: FieldName { FieldName(8, "message") }
        static var subscribe: FieldName { FieldName(9, "subscribe") }
        static var connect: FieldName { FieldName(10, "connect") }
        static var disconnect: FieldName { FieldName(11, "disconnect") }
        static var refresh: FieldName { FieldName(12, "refresh") }
    }

    @inline(__always)
    static func read<Reader: BodyReader>(_ body: inout Self?, _ reader: inout Reader) throws(DecodingFault) {
        try reader.choice(Names.publication, &body, Self.publication)
        try reader.choice(Names.join, &body, Self.join)
        try reader.choice(Names.leave, &body, Self.leave)
        try reader.choice(Names.unsubscribe, &body, Self.unsubscribe)
        try reader.choice(Names.message, &body, Self.message)
        try reader.choice(Names.subscribe, &body, Self.subscribe)
        try reader.choice(Names.connect, &body, Self.connect)
        try reader.choice(Names.disconnect, &body, Self.disconnect)
        try reader.choice(Names.refresh, &body, Self.refresh)
    }

    @inline(__always)
    static func write<Writer: BodyWriter>(_ body: Self?, _ writer: inout Writer) {
        switch body {
        case .publication(let message): writer.chosen(Names.publication, message)
        case .join(let message): writer.chosen(Names.join, message)
        case .leave(let message): writer.chosen(Names.leave, message)
        case .unsubscribe(let message): writer.chosen(Names.unsubscribe, message)
        case .message(let message): writer.chosen(Names.message, message)
        case .subscribe(let message): writer.chosen(Names.subscribe, message)
        case .connect(let message): writer.chosen(Names.connect, message)
        case .disconnect(let message): writer.chosen(Names.disconnect, message)
        case .refresh(let message): writer.chosen(Names.refresh, message)
        case nil: break
        }
    }
}

extension Wire {
    /// Somebody came to a channel.
    public struct Join: WireMessage, Hashable, Sendable {
        /// Who.
        public var info: ClientInfo?

        /// With the values given, and zero for the others.
        public init(info: ClientInfo? = nil) {
            self.info = info
        }

        init() {}

        @inline(__always)
        mutating func visit<Visitor: FieldVisitor>(_ visitor: inout Visitor) throws(Visitor.Failure) {
            try visitor.field(1, "info", &info)
        }
    }
}

extension Wire {
    /// Somebody left a channel.
    public struct Leave: WireMessage, Hashable, Sendable {
        /// Who.
        public var info: ClientInfo?

        /// With the values given, and zero for the others.
        public init(info: ClientInfo? = nil) {
            self.info = info
        }

        init() {}

        @inline(__always)
        mutating func visit<Visitor: FieldVisitor>(_ visitor: inout Visitor) throws(Visitor.Failure) {
            try visitor.field(1, "info", &info)
        }
    }
}

extension Wire {
    /// The server ended a subscription.
    public struct Unsubscribe: WireMessage, Hashable, Sendable {
        /// Why, and whether to subscribe again: see ``UnsubscribeCode``.
        public var code: UInt32 = 0
        /// The same in words.
        public var reason: String = ""

        /// With the values given, and zero for the others.
        public init(code: UInt32 = 0, reason: String = "") {
            self.code = code
            self.reason = reason
        }

        init() {}

        @inline(__always)
        mutating func visit<Visitor: FieldVisitor>(_ visitor: inout Visitor) throws(Visitor.Failure) {
            try visitor.field(2, "code", &code)
            try visitor.field(3, "reason", &reason)
        }
    }
}

extension Wire {
    /// The server made a subscription.
    public struct Subscribe: WireMessage, Hashable, Sendable {
        /// Whether missed publications can be asked for.
        public var recoverable: Bool = false
        /// Of the position where it begins.
        public var epoch: String = ""
        /// Of the position where it begins.
        public var offset: UInt64 = 0
        /// Whether the server watches for gaps.
        public var positioned: Bool = false
        /// What the application says to it.
        public var data: ByteBuffer = ByteBuffer()

        /// With the values given, and zero for the others.
        public init(
            recoverable: Bool = false, epoch: String = "", offset: UInt64 = 0, positioned: Bool = false, data: ByteBuffer = ByteBuffer()
        ) {
            self.recoverable = recoverable
            self.epoch = epoch
            self.offset = offset
            self.positioned = positioned
            self.data = data
        }

        init() {}

        @inline(__always)
        mutating func visit<Visitor: FieldVisitor>(_ visitor: inout Visitor) throws(Visitor.Failure) {
            try visitor.field(1, "recoverable", &recoverable)
            try visitor.field(4, "epoch", &epoch)
            try visitor.field(5, "offset", &offset)
            try visitor.field(6, "positioned", &positioned)
            try visitor.field(7, "data", &data)
        }
    }
}

extension Wire {
    /// A message of the server to one client.
    public struct Message: WireMessage, Hashable, Sendable {
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

extension Wire {
    /// The connection is accepted: the first push of a connection on which the server alone speaks.
    public struct Connect: WireMessage, Hashable, Sendable {
        /// The id of the connection.
        public var client: String = ""
        /// Of the server.
        public var version: String = ""
        /// What the application says to it.
        public var data: ByteBuffer = ByteBuffer()
        /// The subscriptions that the server made, by channel.
        public var subs: [String: SubscribeResult] = [:]
        /// Whether the connection must be refreshed.
        public var expires: Bool = false
        /// For how many seconds it lives.
        public var ttl: UInt32 = 0
        /// Seconds between pings.
        public var ping: UInt32 = 0
        /// Whether they are to be answered.
        public var pong: Bool = false
        /// The secret that names the session.
        public var session: String = ""
        /// Where the session is.
        public var node: String = ""
        /// The clock of the server, in ms since 1970.
        public var time: Int64 = 0

        /// With the values given, and zero for the others.
        public init(
            client: String = "", version: String = "", data: ByteBuffer = ByteBuffer(), subs: [String: SubscribeResult] = [:],
            expires: Bool = false, ttl: UInt32 = 0, ping: UInt32 = 0, pong: Bool = false, session: String = "", node: String = "",
            time: Int64 = 0
        ) {
            self.client = client
            self.version = version
            self.data = data
            self.subs = subs
            self.expires = expires
            self.ttl = ttl
            self.ping = ping
            self.pong = pong
            self.session = session
            self.node = node
            self.time = time
        }

        init() {}

        @inline(__always)
        mutating func visit<Visitor: FieldVisitor>(_ visitor: inout Visitor) throws(Visitor.Failure) {
            try visitor.field(1, "client", &client)
            try visitor.field(2, "version", &version)
            try visitor.field(3, "data", &data)
            try visitor.field(4, "subs", &subs)
            try visitor.field(5, "expires", &expires)
            try visitor.field(6, "ttl", &ttl)
            try visitor.field(7, "ping", &ping)
            try visitor.field(8, "pong", &pong)
            try visitor.field(9, "session", &session)
            try visitor.field(10, "node", &node)
            try visitor.field(11, "time", &time)
        }
    }
}

extension Wire {
    /// The connection ends.
    public struct Disconnect: WireMessage, Hashable, Sendable {
        /// Why: see ``DisconnectCode``.
        public var code: UInt32 = 0
        /// The same in words.
        public var reason: String = ""
        /// Whether to connect again.
        public var reconnect: Bool = false

        /// With the values given, and zero for the others.
        public init(code: UInt32 = 0, reason: String = "", reconnect: Bool = false) {
            self.code = code
            self.reason = reason
            self.reconnect = reconnect
        }

        init() {}

        @inline(__always)
        mutating func visit<Visitor: FieldVisitor>(_ visitor: inout Visitor) throws(Visitor.Failure) {
            try visitor.field(1, "code", &code)
            try visitor.field(2, "reason", &reason)
            try visitor.field(3, "reconnect", &reconnect)
        }
    }
}

extension Wire {
    /// The server prolonged the connection.
    public struct Refresh: WireMessage, Hashable, Sendable {
        /// Whether the connection still expires.
        public var expires: Bool = false
        /// For how many seconds it lives.
        public var ttl: UInt32 = 0

        /// With the values given, and zero for the others.
        public init(expires: Bool = false, ttl: UInt32 = 0) {
            self.expires = expires
            self.ttl = ttl
        }

        init() {}

        @inline(__always)
        mutating func visit<Visitor: FieldVisitor>(_ visitor: inout Visitor) throws(Visitor.Failure) {
            try visitor.field(1, "expires", &expires)
            try visitor.field(2, "ttl", &ttl)
        }
    }
}
