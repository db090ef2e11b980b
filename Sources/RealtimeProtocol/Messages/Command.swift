extension Wire {
    /// What a client asks for. One without an ``id`` and a ``body`` is a pong.
    public struct Command: WireMessage, Hashable, Sendable {
        /// Chosen by the client, ascending from 1; the reply carries the same. 0 when no reply is wanted.
        public var id: UInt32 = 0
        /// What is asked for.
        public var body: Body?

        /// With the values given, and zero for the others.
        public init(id: UInt32 = 0, body: Body? = nil) {
            self.id = id
            self.body = body
        }

        init() {}

        @inline(__always)
        mutating func visit<Visitor: FieldVisitor>(_ visitor: inout Visitor) throws(Visitor.Failure) {
            try visitor.field(1, "id", &id)
            try visitor.choice(4, "connect", &body, wrap: Body.connect) { if case .connect(let value) = $0 { value } else { nil } }
            try visitor.choice(5, "subscribe", &body, wrap: Body.subscribe) { if case .subscribe(let value) = $0 { value } else { nil } }
            try visitor.choice(6, "unsubscribe", &body, wrap: Body.unsubscribe) {
                if case .unsubscribe(let value) = $0 { value } else { nil }
            }
            try visitor.choice(7, "publish", &body, wrap: Body.publish) { if case .publish(let value) = $0 { value } else { nil } }
            try visitor.choice(8, "presence", &body, wrap: Body.presence) { if case .presence(let value) = $0 { value } else { nil } }
            try visitor.choice(9, "presence_stats", &body, wrap: Body.presenceStats) {
                if case .presenceStats(let value) = $0 { value } else { nil }
            }
            try visitor.choice(10, "history", &body, wrap: Body.history) { if case .history(let value) = $0 { value } else { nil } }
            try visitor.choice(11, "ping", &body, wrap: Body.ping) { if case .ping(let value) = $0 { value } else { nil } }
            try visitor.choice(12, "send", &body, wrap: Body.send) { if case .send(let value) = $0 { value } else { nil } }
            try visitor.choice(13, "rpc", &body, wrap: Body.rpc) { if case .rpc(let value) = $0 { value } else { nil } }
            try visitor.choice(14, "refresh", &body, wrap: Body.refresh) { if case .refresh(let value) = $0 { value } else { nil } }
            try visitor.choice(15, "sub_refresh", &body, wrap: Body.subRefresh) {
                if case .subRefresh(let value) = $0 { value } else { nil }
            }
        }
    }
}

extension Wire.Command {
    /// What a client can ask for: the closed set of commands.
    public enum Body: Hashable, Sendable {
        /// Who it is; the first command of a connection.
        case connect(Wire.ConnectRequest)
        /// Wants a channel.
        case subscribe(Wire.SubscribeRequest)
        /// No longer wants a channel.
        case unsubscribe(Wire.UnsubscribeRequest)
        /// Publishes into a channel.
        case publish(Wire.PublishRequest)
        /// Who is in a channel?
        case presence(Wire.PresenceRequest)
        /// How many are in a channel?
        case presenceStats(Wire.PresenceStatsRequest)
        /// What was published in a channel?
        case history(Wire.HistoryRequest)
        /// Kept by the protocol for its history; a pong is an empty command.
        case ping(Wire.PingRequest)
        /// A message to the server, without a reply.
        case send(Wire.SendRequest)
        /// A call of a method of the server.
        case rpc(Wire.RPCRequest)
        /// A new token of the connection.
        case refresh(Wire.RefreshRequest)
        /// A new token of a subscription, or keys to track.
        case subRefresh(Wire.SubRefreshRequest)
    }
}
