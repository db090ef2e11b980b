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
            try visitor.body(&body)
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

extension Wire.Command.Body: WireBody {
    private enum Names {
        static var connect: FieldName { FieldName(4, "connect") }
        static var subscribe: FieldName { FieldName(5, "subscribe") }
        static var unsubscribe: FieldName { FieldName(6, "unsubscribe") }
        static var publish: FieldName { FieldName(7, "publish") }
        static var presence: FieldName { FieldName(8, "presence") }
        static var presenceStats: FieldName { FieldName(9, "presence_stats") }
        static var history: FieldName { FieldName(10, "history") }
        static var ping: FieldName { FieldName(11, "ping") }
        static var send: FieldName { FieldName(12, "send") }
        static var rpc: FieldName { FieldName(13, "rpc") }
        static var refresh: FieldName { FieldName(14, "refresh") }
        static var subRefresh: FieldName { FieldName(15, "sub_refresh") }
    }

    @inline(__always)
    static func read<Reader: BodyReader>(_ body: inout Self?, _ reader: inout Reader) throws(DecodingFault) {
        try reader.choice(Names.connect, &body, Self.connect)
        try reader.choice(Names.subscribe, &body, Self.subscribe)
        try reader.choice(Names.unsubscribe, &body, Self.unsubscribe)
        try reader.choice(Names.publish, &body, Self.publish)
        try reader.choice(Names.presence, &body, Self.presence)
        try reader.choice(Names.presenceStats, &body, Self.presenceStats)
        try reader.choice(Names.history, &body, Self.history)
        try reader.choice(Names.ping, &body, Self.ping)
        try reader.choice(Names.send, &body, Self.send)
        try reader.choice(Names.rpc, &body, Self.rpc)
        try reader.choice(Names.refresh, &body, Self.refresh)
        try reader.choice(Names.subRefresh, &body, Self.subRefresh)
    }

    @inline(__always)
    static func write<Writer: BodyWriter>(_ body: Self?, _ writer: inout Writer) {
        switch body {
        case .connect(let message): writer.chosen(Names.connect, message)
        case .subscribe(let message): writer.chosen(Names.subscribe, message)
        case .unsubscribe(let message): writer.chosen(Names.unsubscribe, message)
        case .publish(let message): writer.chosen(Names.publish, message)
        case .presence(let message): writer.chosen(Names.presence, message)
        case .presenceStats(let message): writer.chosen(Names.presenceStats, message)
        case .history(let message): writer.chosen(Names.history, message)
        case .ping(let message): writer.chosen(Names.ping, message)
        case .send(let message): writer.chosen(Names.send, message)
        case .rpc(let message): writer.chosen(Names.rpc, message)
        case .refresh(let message): writer.chosen(Names.refresh, message)
        case .subRefresh(let message): writer.chosen(Names.subRefresh, message)
        case nil: break
        }
    }
}
