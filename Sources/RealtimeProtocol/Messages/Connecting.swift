// The connection as a whole: connect, refresh, ping.

public import NIOCore

extension Wire {
    /// The first command of a connection.
    public struct ConnectRequest: WireMessage, Hashable, Sendable {
        /// Who it is, signed.
        public var token: String = ""
        /// What the application says.
        public var data: ByteBuffer = ByteBuffer()
        /// Where to recover the subscriptions that the server makes, by channel.
        public var subs: [String: SubscribeRequest] = [:]
        /// Of the client's library.
        public var name: String = ""
        /// Of the client's library.
        public var version: String = ""
        /// For a browser, which cannot set those of the upgrade.
        public var headers: [String: String] = [:]
        /// Bit 0: it can take compression by a dictionary.
        public var flag: Int64 = 0
        /// The dictionary that it has.
        public var dictionary: String = ""
        /// Groups connections for a dictionary.
        public var profile: String = ""

        /// With the values given, and zero for the others.
        public init(
            token: String = "", data: ByteBuffer = ByteBuffer(), subs: [String: SubscribeRequest] = [:], name: String = "",
            version: String = "", headers: [String: String] = [:], flag: Int64 = 0, dictionary: String = "", profile: String = ""
        ) {
            self.token = token
            self.data = data
            self.subs = subs
            self.name = name
            self.version = version
            self.headers = headers
            self.flag = flag
            self.dictionary = dictionary
            self.profile = profile
        }

        init() {}

        @inline(__always)
        mutating func visit<Visitor: FieldVisitor>(_ visitor: inout Visitor) throws(Visitor.Failure) {
            try visitor.field(1, "token", &token)
            try visitor.field(2, "data", &data)
            try visitor.field(3, "subs", &subs)
            try visitor.field(4, "name", &name)
            try visitor.field(5, "version", &version)
            try visitor.field(6, "headers", &headers)
            try visitor.field(7, "flag", &flag)
            try visitor.field(8, "dict", &dictionary)
            try visitor.field(9, "profile", &profile)
        }
    }
}

extension Wire {
    /// The connection is accepted.
    public struct ConnectResult: WireMessage, Hashable, Sendable {
        /// The id of the connection.
        public var client: String = ""
        /// Of the server.
        public var version: String = ""
        /// Whether the client must refresh it.
        public var expires: Bool = false
        /// For how many seconds it lives.
        public var ttl: UInt32 = 0
        /// What the application says to it.
        public var data: ByteBuffer = ByteBuffer()
        /// The subscriptions that the server made, by channel.
        public var subs: [String: SubscribeResult] = [:]
        /// Seconds between pings.
        public var ping: UInt32 = 0
        /// Whether they are to be answered.
        public var pong: Bool = false
        /// The secret that names the session, for commands that come by another way.
        public var session: String = ""
        /// Where the session is.
        public var node: String = ""
        /// The clock of the server, in ms since 1970.
        public var time: Int64 = 0
        /// Bit 0: frames are compressed by a dictionary.
        public var flag: Int64 = 0
        /// That dictionary.
        public var dictionary: Dictionary?

        /// With the values given, and zero for the others.
        public init(
            client: String = "", version: String = "", expires: Bool = false, ttl: UInt32 = 0, data: ByteBuffer = ByteBuffer(),
            subs: [String: SubscribeResult] = [:], ping: UInt32 = 0, pong: Bool = false, session: String = "", node: String = "",
            time: Int64 = 0, flag: Int64 = 0, dictionary: Dictionary? = nil
        ) {
            self.client = client
            self.version = version
            self.expires = expires
            self.ttl = ttl
            self.data = data
            self.subs = subs
            self.ping = ping
            self.pong = pong
            self.session = session
            self.node = node
            self.time = time
            self.flag = flag
            self.dictionary = dictionary
        }

        init() {}

        @inline(__always)
        mutating func visit<Visitor: FieldVisitor>(_ visitor: inout Visitor) throws(Visitor.Failure) {
            try visitor.field(1, "client", &client)
            try visitor.field(2, "version", &version)
            try visitor.field(3, "expires", &expires)
            try visitor.field(4, "ttl", &ttl)
            try visitor.field(5, "data", &data)
            try visitor.field(6, "subs", &subs)
            try visitor.field(7, "ping", &ping)
            try visitor.field(8, "pong", &pong)
            try visitor.field(9, "session", &session)
            try visitor.field(10, "node", &node)
            try visitor.field(11, "time", &time)
            try visitor.field(12, "flag", &flag)
            try visitor.field(13, "dict", &dictionary)
        }
    }
}

extension Wire {
    /// What both sides compress with.
    public struct Dictionary: WireMessage, Hashable, Sendable {
        /// The first 12 bytes of its SHA-256, in base64url.
        public var id: String = ""
        /// The dictionary, deflated.
        public var data: ByteBuffer = ByteBuffer()
        /// The same in base64, for JSON.
        public var base64: String = ""

        /// With the values given, and zero for the others.
        public init(id: String = "", data: ByteBuffer = ByteBuffer(), base64: String = "") {
            self.id = id
            self.data = data
            self.base64 = base64
        }

        init() {}

        @inline(__always)
        mutating func visit<Visitor: FieldVisitor>(_ visitor: inout Visitor) throws(Visitor.Failure) {
            try visitor.field(1, "id", &id)
            try visitor.field(2, "data", &data)
            try visitor.field(3, "data_b64", &base64)
        }
    }
}

extension Wire {
    /// A new token of the connection.
    public struct RefreshRequest: WireMessage, Hashable, Sendable {
        /// Who it is, signed.
        public var token: String = ""

        /// With the values given, and zero for the others.
        public init(token: String = "") {
            self.token = token
        }

        init() {}

        @inline(__always)
        mutating func visit<Visitor: FieldVisitor>(_ visitor: inout Visitor) throws(Visitor.Failure) {
            try visitor.field(1, "token", &token)
        }
    }
}

extension Wire {
    /// The new life of the connection.
    public struct RefreshResult: WireMessage, Hashable, Sendable {
        /// The id of the connection.
        public var client: String = ""
        /// Of the server.
        public var version: String = ""
        /// Whether the connection still expires.
        public var expires: Bool = false
        /// For how many seconds it lives.
        public var ttl: UInt32 = 0

        /// With the values given, and zero for the others.
        public init(client: String = "", version: String = "", expires: Bool = false, ttl: UInt32 = 0) {
            self.client = client
            self.version = version
            self.expires = expires
            self.ttl = ttl
        }

        init() {}

        @inline(__always)
        mutating func visit<Visitor: FieldVisitor>(_ visitor: inout Visitor) throws(Visitor.Failure) {
            try visitor.field(1, "client", &client)
            try visitor.field(2, "version", &version)
            try visitor.field(3, "expires", &expires)
            try visitor.field(4, "ttl", &ttl)
        }
    }
}

extension Wire {
    /// Nothing; kept by the protocol for its history.
    public struct PingRequest: WireMessage, Hashable, Sendable {

        /// It has no fields.
        public init() {}

        func visit<Visitor: FieldVisitor>(_ visitor: inout Visitor) throws(Visitor.Failure) {}
    }
}

extension Wire {
    /// Nothing.
    public struct PingResult: WireMessage, Hashable, Sendable {

        /// It has no fields.
        public init() {}

        func visit<Visitor: FieldVisitor>(_ visitor: inout Visitor) throws(Visitor.Failure) {}
    }
}

extension Wire {
    /// Commands of a session whose replies go another way.
    public struct EmulationRequest: WireMessage, Hashable, Sendable {
        /// Where the session is.
        public var node: String = ""
        /// The secret that names it.
        public var session: String = ""
        /// The commands, framed as in a batch. In JSON a string holds them.
        public var data: ByteBuffer = ByteBuffer()

        /// With the values given, and zero for the others.
        public init(node: String = "", session: String = "", data: ByteBuffer = ByteBuffer()) {
            self.node = node
            self.session = session
            self.data = data
        }

        init() {}

        @inline(__always)
        mutating func visit<Visitor: FieldVisitor>(_ visitor: inout Visitor) throws(Visitor.Failure) {
            try visitor.field(1, "node", &node)
            try visitor.field(2, "session", &session)
            try visitor.text(3, "data", &data)
        }
    }
}
