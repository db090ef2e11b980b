// The tables of codes (protocol §1.16). Each set is open: an application has codes of its own.

extension Wire.ErrorReply {
    /// Why a command failed, as a number: 100–399 belong to the protocol, 400–1999 to the application.
    public struct Code: Hashable, Sendable {
        /// The number.
        public let number: UInt32
        /// A few words for a developer.
        public let message: String
        /// Whether the same command may succeed later: clients try again by themselves.
        public let isTemporary: Bool

        /// A code of the application's own.
        public init(_ number: UInt32, message: String, isTemporary: Bool = false) {
            self.number = number
            self.message = message
            self.isTemporary = isTemporary
        }

        /// Something went wrong in the server.
        public static var `internal`: Code { Code(100, message: "internal server error", isTemporary: true) }
        /// It is not known who asks.
        public static var unauthorized: Code { Code(101, message: "unauthorized") }
        /// No such channel, or no such namespace.
        public static var unknownChannel: Code { Code(102, message: "unknown channel") }
        /// Not for this client.
        public static var permissionDenied: Code { Code(103, message: "permission denied") }
        /// No such method.
        public static var methodNotFound: Code { Code(104, message: "method not found") }
        /// The client is subscribed to the channel, or about to be.
        public static var alreadySubscribed: Code { Code(105, message: "already subscribed") }
        /// One more than is allowed.
        public static var limitExceeded: Code { Code(106, message: "limit exceeded") }
        /// The command makes no sense.
        public static var badRequest: Code { Code(107, message: "bad request") }
        /// The server, or the channel, does not do this.
        public static var notAvailable: Code { Code(108, message: "not available") }
        /// The token is too old: clients ask for a new one and try again.
        public static var tokenExpired: Code { Code(109, message: "token expired") }
        /// The connection or the subscription is too old.
        public static var expired: Code { Code(110, message: "expired") }
        /// Too much in too little time.
        public static var tooManyRequests: Code { Code(111, message: "too many requests", isTemporary: true) }
        /// What was missed is not kept any more.
        public static var unrecoverablePosition: Code { Code(112, message: "unrecoverable position") }
        /// Another paging of the same map is under way.
        public static var concurrentPagination: Code { Code(113, message: "concurrent pagination", isTemporary: true) }
    }

    /// An error with the code's number and text.
    public init(_ code: Code) {
        self.init(code: code.number, message: code.message, temporary: code.isTemporary)
    }
}

/// Why a subscription ended, as a number: below 2500 for good, from there on to be subscribed again.
public struct UnsubscribeCode: Hashable, Sendable {
    /// The number.
    public let number: UInt32
    /// The same in words.
    public let reason: String

    /// A code of the application's own.
    public init(_ number: UInt32, reason: String) {
        self.number = number
        self.reason = reason
    }

    /// Whether the client does not subscribe again by itself.
    public var isTerminal: Bool { number < 2_500 }

    /// The client asked for it. Never sent.
    public static var client: UnsubscribeCode { UnsubscribeCode(0, reason: "unsubscribe called") }
    /// The connection ended. Never sent.
    public static var disconnect: UnsubscribeCode { UnsubscribeCode(1, reason: "disconnected") }
    /// The server ended it.
    public static var server: UnsubscribeCode { UnsubscribeCode(2_000, reason: "server unsubscribe") }
    /// Publications are missing: the client recovers.
    public static var insufficientState: UnsubscribeCode { UnsubscribeCode(2_500, reason: "insufficient state") }
    /// Its token was not refreshed in time.
    public static var expired: UnsubscribeCode { UnsubscribeCode(2_501, reason: "subscription expired") }
    /// What the client knows is no longer true: it drops its state and its token.
    public static var stateInvalidated: UnsubscribeCode { UnsubscribeCode(2_502, reason: "state invalidated") }
}

extension Wire.Unsubscribe {
    /// A push with the code's number and reason.
    public init(_ code: UnsubscribeCode) {
        self.init(code: code.number, reason: code.reason)
    }
}

/// Why a connection ended, as a number that is also the code of the WebSocket's Close frame.
///
/// 3000–3499 and 4000–4499: the client connects again; 3500–3999 and 4500–4999: it does not. An application has the codes from 4000.
public struct DisconnectCode: Hashable, Sendable {
    /// The number.
    public let number: UInt16
    /// The same in words.
    public let reason: String

    /// A code of the application's own.
    public init(_ number: UInt16, reason: String) {
        self.number = number
        self.reason = reason
    }

    /// Whether the client does not connect again by itself.
    public var isTerminal: Bool {
        switch number {
        case 1_009, 3_500...3_999, 4_500...4_999: true
        default: false
        }
    }

    /// The client went away, or the connection was closed in the ordinary way.
    public static var connectionClosed: DisconnectCode { DisconnectCode(3_000, reason: "connection closed") }
    /// The server goes down.
    public static var shutdown: DisconnectCode { DisconnectCode(3_001, reason: "shutdown") }
    /// Something went wrong in the server.
    public static var serverError: DisconnectCode { DisconnectCode(3_004, reason: "internal server error") }
    /// The token of the connection was not refreshed in time.
    public static var connectionExpired: DisconnectCode { DisconnectCode(3_005, reason: "connection expired") }
    /// The token of a subscription that the server made was not refreshed in time.
    public static var subscriptionExpired: DisconnectCode { DisconnectCode(3_006, reason: "subscription expired") }
    /// The client does not read what it is sent.
    public static var slow: DisconnectCode { DisconnectCode(3_008, reason: "slow") }
    /// A write failed.
    public static var writeError: DisconnectCode { DisconnectCode(3_009, reason: "write error") }
    /// Publications of a subscription that the server made are missing: the client recovers.
    public static var insufficientState: DisconnectCode { DisconnectCode(3_010, reason: "insufficient state") }
    /// The application wants the client to connect again.
    public static var forceReconnect: DisconnectCode { DisconnectCode(3_011, reason: "force reconnect") }
    /// A ping was not answered.
    public static var noPong: DisconnectCode { DisconnectCode(3_012, reason: "no pong") }
    /// Too much in too little time.
    public static var tooManyRequests: DisconnectCode { DisconnectCode(3_013, reason: "too many requests") }
    /// What the client knows is no longer true: it drops its token and the state of all subscriptions.
    public static var stateInvalidated: DisconnectCode { DisconnectCode(3_014, reason: "state invalidated") }
    /// The token is not valid.
    public static var invalidToken: DisconnectCode { DisconnectCode(3_500, reason: "invalid token") }
    /// The client broke a rule of the protocol.
    public static var badRequest: DisconnectCode { DisconnectCode(3_501, reason: "bad request") }
    /// The client sent no connect command in time.
    public static var stale: DisconnectCode { DisconnectCode(3_502, reason: "stale") }
    /// The application ended the connection.
    public static var forceDisconnect: DisconnectCode { DisconnectCode(3_503, reason: "force disconnect") }
    /// One connection more than is allowed.
    public static var connectionLimit: DisconnectCode { DisconnectCode(3_504, reason: "connection limit") }
    /// One channel more than is allowed.
    public static var channelLimit: DisconnectCode { DisconnectCode(3_505, reason: "channel limit") }
    /// A payload that is not JSON, for a connection that speaks JSON.
    public static var inappropriateProtocol: DisconnectCode { DisconnectCode(3_506, reason: "inappropriate protocol") }
    /// Not for this client.
    public static var permissionDenied: DisconnectCode { DisconnectCode(3_507, reason: "permission denied") }
    /// The server does not do this.
    public static var notAvailable: DisconnectCode { DisconnectCode(3_508, reason: "not available") }
    /// Too many commands failed.
    public static var tooManyErrors: DisconnectCode { DisconnectCode(3_509, reason: "too many errors") }
}

extension Wire.Disconnect {
    /// A push with the code's number and reason.
    public init(_ code: DisconnectCode) {
        self.init(code: UInt32(code.number), reason: code.reason, reconnect: !code.isTerminal)
    }
}

extension Wire {
    /// What a subscription is of.
    public struct SubscriptionType: RawRepresentable, Hashable, Sendable {
        /// The number.
        public let rawValue: Int32
        /// Any number.
        public init(rawValue: Int32) { self.rawValue = rawValue }

        /// Publications, one after another.
        public static let stream = SubscriptionType(rawValue: 0)
        /// Keys with values.
        public static let map = SubscriptionType(rawValue: 1)
        /// The connections in a channel, as a map.
        public static let mapOfClients = SubscriptionType(rawValue: 2)
        /// The users in a channel, as a map.
        public static let mapOfUsers = SubscriptionType(rawValue: 3)
        /// Keys that the server polls for all.
        public static let sharedPoll = SubscriptionType(rawValue: 4)
    }
}

extension Wire.SubscribeRequest {
    /// What the bits of ``flag`` say.
    public struct Flag: OptionSet, Hashable, Sendable {
        /// The bits.
        public let rawValue: Int64
        /// Any bits.
        public init(rawValue: Int64) { self.rawValue = rawValue }

        /// Pushes may carry a number in the place of the channel.
        public static let channelCompaction = Flag(rawValue: 1)
        /// An error (112) is wanted if not everything can be recovered.
        public static let rejectUnrecovered = Flag(rawValue: 2)
    }
}
