import HTTPTypes
public import WebSocketProtocol

/// When a lost connection is made anew, and how long that waits.
///
/// Attempt n waits a random time between 0 and `baseDelay` · 2ⁿ, at most `maxDelay` ("full jitter"): the clients of a server that has restarted come
/// back spread over the whole of that time, not in waves. RFC 6455 §7.2.3 asks for this.
public struct ReconnectPolicy: Sendable {
    /// The longest wait before the first attempt; 0.5 s.
    public var baseDelay: Duration
    /// The longest wait of all; 30 s.
    public var maxDelay: Duration
    /// A connection that held for so long is followed by ``baseDelay`` again; 10 s. Until then delays go on growing, so that a server which accepts
    /// and drops at once is not hammered.
    public var stableAfter: Duration
    /// After so many attempts in a row without a stable connection, it is over; nil (default) for no end.
    public var maxAttempts: Int?
    /// Whether to go on after a disconnection; by default ``Disconnection/isTemporary``.
    public var shouldReconnect: @Sendable (Disconnection) -> Bool

    /// A policy; everything has a default.
    public init(
        baseDelay: Duration = .milliseconds(500),
        maxDelay: Duration = .seconds(30),
        stableAfter: Duration = .seconds(10),
        maxAttempts: Int? = nil,
        shouldReconnect: @escaping @Sendable (Disconnection) -> Bool = { $0.isTemporary }
    ) {
        self.baseDelay = baseDelay
        self.maxDelay = maxDelay
        self.stableAfter = stableAfter
        self.maxAttempts = maxAttempts
        self.shouldReconnect = shouldReconnect
    }
}

/// Why there is no connection at the moment.
public enum Disconnection: Sendable {
    /// There was a connection, and it ended.
    case closed(CloseReason)
    /// There is none: usually a ``WebSocketClientError``.
    case failed(any Error)

    /// Whether trying again is likely to help.
    ///
    /// It is not when we closed the connection ourselves, when the peer says that all is done (1000) or that we are at fault (1002, 1003, 1007–1010),
    /// when the server refuses for good (4xx other than 408, 425 and 429), is no WebSocket server, or the configuration is at fault.
    public var isTemporary: Bool {
        switch self {
        case .closed(let reason): Self.isTemporary(reason)
        case .failed(let error as WebSocketClientError): Self.isTemporary(error)
        case .failed(let error): !(error is CancellationError)
        }
    }

    private static func isTemporary(_ reason: CloseReason) -> Bool {
        if reason.origin == .lost { return true }
        if reason.origin == .us { return false }
        switch reason.code {
        case .normalClosure, .protocolError, .unsupportedData, .invalidPayload, .policyViolation, .messageTooBig, .mandatoryExtension:
            return false
        default: return true
        }
    }

    private static func isTemporary(_ error: WebSocketClientError) -> Bool {
        switch error {
        case .connectionFailed, .brokenResponse, .timeout: true
        case .refused(let refusal), .proxyRefused(let refusal): Self.isTemporary(status: refusal.response.status.code)
        case .invalidURL, .invalidConfiguration, .handshake, .tooManyRedirects, .badRedirect: false
        }
    }

    private static func isTemporary(status: Int) -> Bool {
        (500...599).contains(status) || [408, 425, 429].contains(status)
    }

    /// RFC 9110 §10.2.3: how long the server asks to wait, if it says so in seconds.
    var retryAfter: Duration? {
        guard case .failed(let error as WebSocketClientError) = self, case .refused(let refusal) = error,
            let text = refusal.response.headerFields[.retryAfter], let seconds = Int64(text), seconds >= 0
        else { return nil }
        return .seconds(seconds)
    }
}
