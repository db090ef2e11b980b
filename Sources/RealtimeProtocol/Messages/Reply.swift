extension Wire {
    /// An answer of the server, or a push. One without anything is a ping.
    public struct Reply: WireMessage, Hashable, Sendable {
        /// That of the command; 0 for a push or a ping.
        public var id: UInt32 = 0
        /// Why the command failed.
        public var error: ErrorReply?
        /// The result of the command, or a push.
        public var body: Body?

        /// With the values given, and zero for the others.
        public init(id: UInt32 = 0, error: ErrorReply? = nil, body: Body? = nil) {
            self.id = id
            self.error = error
            self.body = body
        }

        init() {}

        @inline(__always)
        mutating func visit<Visitor: FieldVisitor>(_ visitor: inout Visitor) throws(Visitor.Failure) {
            try visitor.field(1, "id", &id)
            try visitor.field(2, "error", &error)
            try visitor.body(&body)
        }
    }
}

extension Wire.Reply {
    /// What a server can say.
    public enum Body: Hashable, Sendable {
        /// Not an answer: something that happened, on a connection that has both directions.
        case push(Wire.Push)
        /// The connection is accepted.
        case connect(Wire.ConnectResult)
        /// The subscription is.
        case subscribe(Wire.SubscribeResult)
        /// It is ended.
        case unsubscribe(Wire.UnsubscribeResult)
        /// It was published.
        case publish(Wire.PublishResult)
        /// Who is in the channel.
        case presence(Wire.PresenceResult)
        /// How many are in the channel.
        case presenceStats(Wire.PresenceStatsResult)
        /// What was published.
        case history(Wire.HistoryResult)
        /// The answer to a `ping` command.
        case ping(Wire.PingResult)
        /// What the method returned.
        case rpc(Wire.RPCResult)
        /// The new life of the connection.
        case refresh(Wire.RefreshResult)
        /// The new life of the subscription.
        case subRefresh(Wire.SubRefreshResult)
    }
}

extension Wire.Reply.Body: WireBody {
    private enum Names {
        static var push: FieldName { FieldName(4, "push") }
        static var connect: FieldName { FieldName(5, "connect") }
        static var subscribe: FieldName { FieldName(6, "subscribe") }
        static var unsubscribe: FieldName { FieldName(7, "unsubscribe") }
        static var publish: FieldName { FieldName(8, "publish") }
        static var presence: FieldName { FieldName(9, "presence") }
        static var presenceStats: FieldName { FieldName(10, "presence_stats") }
        static var history: FieldName { FieldName(11, "history") }
        static var ping: FieldName { FieldName(12, "ping") }
        static var rpc: FieldName { FieldName(13, "rpc") }
        static var refresh: FieldName { FieldName(14, "refresh") }
        static var subRefresh: FieldName { FieldName(15, "sub_refresh") }
    }

    @inline(__always)
    static func read<Reader: BodyReader>(_ body: inout Self?, _ reader: inout Reader) throws(DecodingFault) {
        try reader.choice(Names.push, &body, Self.push)
        try reader.choice(Names.connect, &body, Self.connect)
        try reader.choice(Names.subscribe, &body, Self.subscribe)
        try reader.choice(Names.unsubscribe, &body, Self.unsubscribe)
        try reader.choice(Names.publish, &body, Self.publish)
        try reader.choice(Names.presence, &body, Self.presence)
        try reader.choice(Names.presenceStats, &body, Self.presenceStats)
        try reader.choice(Names.history, &body, Self.history)
        try reader.choice(Names.ping, &body, Self.ping)
        try reader.choice(Names.rpc, &body, Self.rpc)
        try reader.choice(Names.refresh, &body, Self.refresh)
        try reader.choice(Names.subRefresh, &body, Self.subRefresh)
    }

    @inline(__always)
    static func write<Writer: BodyWriter>(_ body: Self?, _ writer: inout Writer) {
        switch body {
        case .push(let message): writer.chosen(Names.push, message)
        case .connect(let message): writer.chosen(Names.connect, message)
        case .subscribe(let message): writer.chosen(Names.subscribe, message)
        case .unsubscribe(let message): writer.chosen(Names.unsubscribe, message)
        case .publish(let message): writer.chosen(Names.publish, message)
        case .presence(let message): writer.chosen(Names.presence, message)
        case .presenceStats(let message): writer.chosen(Names.presenceStats, message)
        case .history(let message): writer.chosen(Names.history, message)
        case .ping(let message): writer.chosen(Names.ping, message)
        case .rpc(let message): writer.chosen(Names.rpc, message)
        case .refresh(let message): writer.chosen(Names.refresh, message)
        case .subRefresh(let message): writer.chosen(Names.subRefresh, message)
        case nil: break
        }
    }
}

extension Wire {
    /// Why a command failed.
    public struct ErrorReply: WireMessage, Hashable, Sendable {
        /// The number; see ``Code``.
        public var code: UInt32 = 0
        /// A few words for a developer.
        public var message: String = ""
        /// Whether the same command may succeed later.
        public var temporary: Bool = false

        /// With the values given, and zero for the others.
        public init(code: UInt32 = 0, message: String = "", temporary: Bool = false) {
            self.code = code
            self.message = message
            self.temporary = temporary
        }

        init() {}

        @inline(__always)
        mutating func visit<Visitor: FieldVisitor>(_ visitor: inout Visitor) throws(Visitor.Failure) {
            try visitor.field(1, "code", &code)
            try visitor.field(2, "message", &message)
            try visitor.field(3, "temporary", &temporary)
        }
    }
}
