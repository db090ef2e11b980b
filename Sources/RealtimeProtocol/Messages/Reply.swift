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
            try visitor.choice(4, "push", &body, wrap: Body.push) { if case .push(let value) = $0 { value } else { nil } }
            try visitor.choice(5, "connect", &body, wrap: Body.connect) { if case .connect(let value) = $0 { value } else { nil } }
            try visitor.choice(6, "subscribe", &body, wrap: Body.subscribe) { if case .subscribe(let value) = $0 { value } else { nil } }
            try visitor.choice(7, "unsubscribe", &body, wrap: Body.unsubscribe) {
                if case .unsubscribe(let value) = $0 { value } else { nil }
            }
            try visitor.choice(8, "publish", &body, wrap: Body.publish) { if case .publish(let value) = $0 { value } else { nil } }
            try visitor.choice(9, "presence", &body, wrap: Body.presence) { if case .presence(let value) = $0 { value } else { nil } }
            try visitor.choice(10, "presence_stats", &body, wrap: Body.presenceStats) {
                if case .presenceStats(let value) = $0 { value } else { nil }
            }
            try visitor.choice(11, "history", &body, wrap: Body.history) { if case .history(let value) = $0 { value } else { nil } }
            try visitor.choice(12, "ping", &body, wrap: Body.ping) { if case .ping(let value) = $0 { value } else { nil } }
            try visitor.choice(13, "rpc", &body, wrap: Body.rpc) { if case .rpc(let value) = $0 { value } else { nil } }
            try visitor.choice(14, "refresh", &body, wrap: Body.refresh) { if case .refresh(let value) = $0 { value } else { nil } }
            try visitor.choice(15, "sub_refresh", &body, wrap: Body.subRefresh) {
                if case .subRefresh(let value) = $0 { value } else { nil }
            }
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
