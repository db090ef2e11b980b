public import NIOCore

/// What carries a view's messages: a WebSocket, a stream of HTTP. The port of the adapters.
///
/// Every call, in both directions, is made on ``eventLoop``.
public protocol LiveTransport: AnyObject {
    var eventLoop: any EventLoop { get }

    /// Whether patches are binary (live protocol §6).
    var isBinary: Bool { get }

    /// Whether the browser can send files, which are binary messages. Default true.
    var carriesFiles: Bool { get }

    /// The bytes that wait for the browser.
    var bufferedBytes: Int { get }

    /// Sends a message.
    func send(_ message: [UInt8], isBinary: Bool)

    /// Sends a message that others get too: its memory can be shared. By default it is copied.
    func send(_ message: ByteBuffer, isBinary: Bool)

    /// Stops or resumes reading what the browser sends.
    func holdReads(_ isHeld: Bool)

    /// Ends the connection after what was sent has left.
    func close(_ code: LiveCloseCode, _ reason: String)
}

extension LiveTransport {
    public var carriesFiles: Bool { true }

    public func send(_ message: ByteBuffer, isBinary: Bool) {
        send(Array(message.readableBytesView), isBinary: isBinary)
    }
}

/// Why the server ends a connection (live protocol §10), as a close code of WebSocket.
public struct LiveCloseCode: RawRepresentable, Hashable, Sendable {
    public let rawValue: UInt16

    public init(rawValue: UInt16) {
        self.rawValue = rawValue
    }

    /// The server can't go on: the view failed.
    public static let failure = LiveCloseCode(rawValue: 1011)
    /// The browser does not read what there is for it.
    public static let slow = LiveCloseCode(rawValue: 1008)
    /// The server goes away: join again.
    public static let restart = LiveCloseCode(rawValue: 1012)
    /// A message that broke the rules.
    public static let badMessage = LiveCloseCode(rawValue: 4400)
    /// Who the user is must be found out anew.
    public static let unauthorized = LiveCloseCode(rawValue: 4401)
    /// There is no such view for this user.
    public static let notFound = LiveCloseCode(rawValue: 4404)
    /// No join in time.
    public static let stale = LiveCloseCode(rawValue: 4408)
    /// Too many events.
    public static let flood = LiveCloseCode(rawValue: 4429)
}

/// Thrown by whoever makes a view for a connection: the connection ends with this code.
public struct LiveRefusal: Error, Hashable, Sendable {
    public let code: LiveCloseCode
    public let reason: String

    public init(_ code: LiveCloseCode, _ reason: String = "") {
        self.code = code
        self.reason = reason
    }
}

/// One browser's view. The adapter calls it on the transport's event loop, ``closed()`` once at the end.
public protocol LiveSession: AnyObject {
    /// A message of the browser.
    func received(_ message: ByteBuffer, isBinary: Bool)

    /// What was sent has left. It must be called after anything has waited beyond the end of the loop's turn in which it was sent.
    func drained()

    /// This process goes away: the browser gets the newest seal, and is told to come back within a time. The connection is the adapter's to close.
    func drain()

    /// The connection is gone; the last call.
    func closed()
}
