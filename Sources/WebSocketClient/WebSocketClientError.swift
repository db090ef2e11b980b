public import HTTPTypes
public import NIOCore
public import WebSocketProtocol

/// Why there is no connection.
public enum WebSocketClientError: Error, Sendable, CustomStringConvertible {
    /// The URL is not one that can be connected to. Nothing was sent.
    case invalidURL(WebSocketURLError)
    /// The configuration cannot be used: a field or a subprotocol that HTTP does not allow, a TLS setting. Nothing was sent.
    case invalidConfiguration(String)
    /// There is no TCP or TLS connection: name not found, refused, unreachable, certificate not trusted.
    case connectionFailed(any Error)
    /// The server closed the connection, or sent what is not HTTP, before it answered the handshake.
    case brokenResponse(String)
    /// The server answered, but with another status than 101.
    case refused(Refusal)
    /// The server answered 101 without keeping the rules of RFC 6455 §4.1.
    case handshake(HandshakeError)
    /// The proxy answered CONNECT with a failure, such as 407. Its body is not read.
    case proxyRefused(Refusal)
    /// One of the timeouts passed.
    case timeout(Phase)
    /// More redirects in a row than ``RedirectPolicy/follow(max:)`` allows.
    case tooManyRedirects
    /// A redirect that must not be followed: no or a broken `Location`, or one that leads from `wss` to `ws`.
    case badRedirect(WebSocketURLError)

    /// An HTTP answer instead of a connection.
    public struct Refusal: Sendable {
        /// How much of a body is kept: 64 KiB.
        public static let maxBodyBytes = 65_536

        /// Status and fields.
        public let response: HTTPResponse
        /// The body, or as much of it as came within ``maxBodyBytes`` and the handshake timeout.
        public let body: ByteBuffer
        /// Whether there was more body than ``body`` has.
        public let isTruncated: Bool
    }

    /// What took too long.
    public enum Phase: String, Hashable, Sendable {
        /// Resolving the name and connecting.
        case connect
        /// Proxy, TLS and the HTTP exchange.
        case handshake
        /// Everything together.
        case total
    }

    /// The cause in one line, safe to log: no credentials, nothing of a body.
    public var description: String {
        switch self {
        case .invalidURL(let error): "\(error)"
        case .invalidConfiguration(let reason): "the configuration cannot be used: \(reason)"
        case .connectionFailed(let error): "could not connect: \(ConnectionFailureText.describe(error))"
        case .brokenResponse(let reason): "no valid HTTP response: \(reason)"
        case .refused(let refusal): "the server refused with status \(refusal.response.status)"
        case .handshake(let error): "the server's handshake breaks a rule: \(error.rule)"
        case .proxyRefused(let refusal): "the proxy refused with status \(refusal.response.status)"
        case .timeout(let phase): "timeout (\(phase.rawValue))"
        case .tooManyRedirects: "too many redirects"
        case .badRedirect(let error): "the redirect is not followed: \(error.reason)"
        }
    }
}
