public import HTTPTypes
public import HummingbirdCore

/// What a route says to a request that wants to become a socket, after the request was found to be a right one (RFC 6455 §4.2.1) from an
/// origin that is allowed.
public enum UpgradeDecision: Sendable {
    /// Go on.
    ///
    /// - Parameters:
    ///   - headers: to be sent with the answer, such as a cookie. Fields of the handshake itself are ignored.
    ///   - subprotocol: the one to speak; nil takes the first of `WebSocketConfiguration.subprotocols` that the client offers. One that
    ///     the client has not offered is never sent.
    case accepted(headers: HTTPFields, subprotocol: String?)
    /// Stay with HTTP: the answer to send. The connection is closed after it.
    case refused(Response)

    /// Go on, see ``accepted(headers:subprotocol:)``.
    public static func accept(headers: HTTPFields = [:], subprotocol: String? = nil) -> UpgradeDecision {
        .accepted(headers: headers, subprotocol: subprotocol)
    }

    /// Stay with HTTP. Throwing an `HTTPError` does the same.
    public static func refuse(_ response: Response) -> UpgradeDecision {
        .refused(response)
    }
}
