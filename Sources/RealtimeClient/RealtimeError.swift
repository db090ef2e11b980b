import RealtimeProtocol

/// Why something failed: a request, a subscription, a token.
///
/// The codes are an open set: those from 100 are the server's (100–399 the protocol's, beyond them the application's), those below are this
/// client's own and are listed here.
public struct RealtimeError: Error, Hashable, Sendable {
    /// The number.
    public var code: UInt32
    /// A few words for a developer.
    public var message: String
    /// Whether the same may succeed later.
    public var isTemporary: Bool

    /// An error with a code of the server's or of one's own.
    public init(code: UInt32, message: String, isTemporary: Bool = false) {
        self.code = code
        self.message = message
        self.isTemporary = isTemporary
    }

    /// 1: no answer in time.
    public static var timeout: Self { Self(code: 1, message: "timeout", isTemporary: true) }
    /// 2: the connection was lost before the answer came. What was asked for may have been done.
    public static var transportClosed: Self { Self(code: 2, message: "transport closed", isTemporary: true) }
    /// 3: the client is disconnected and nobody has called ``Client/connect()`` since; nothing was sent.
    public static var disconnected: Self { Self(code: 3, message: "disconnected") }
    /// 3: the subscription is over; nothing was sent.
    public static var unsubscribed: Self { Self(code: 3, message: "unsubscribed") }
    /// 4: data that is not what it must be: not JSON on a connection that speaks JSON, not the value that a channel has, longer than the server takes.
    public static func badData(_ message: String) -> Self { Self(code: 4, message: message) }
    /// 5: no token could be had, for the moment.
    public static func noToken(_ message: String) -> Self { Self(code: 5, message: message, isTemporary: true) }
    /// 6: the task that asked was cancelled. What was asked for may have been done.
    public static var cancelled: Self { Self(code: 6, message: "cancelled") }
    /// 7: one more than the client's configuration allows.
    public static func overLimit(_ message: String) -> Self { Self(code: 7, message: message) }
    /// 8: publications were missed and can't be had any more.
    public static var missed: Self { Self(code: 8, message: "publications were missed") }
    /// 9: the server could not be reached, or did not accept a WebSocket.
    public static func connectFailed(_ message: String) -> Self { Self(code: 9, message: message, isTemporary: true) }

    init(_ error: Wire.ErrorReply) {
        // Below 100 are errors of clients, which are worth another try (protocol §1.16).
        self.init(code: error.code, message: error.message, isTemporary: error.temporary || error.code < 100)
    }

    init(_ reason: Client.Reason) {
        self.init(code: reason.code, message: reason.reason)
    }
}

extension RealtimeError: CustomStringConvertible {
    /// Message and code.
    public var description: String { "\(message) (\(code))" }
}
