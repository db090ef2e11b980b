public import HTTPTypes

/// Why an opening handshake cannot become a WebSocket connection.
///
/// On the server, `status` and `headers` are the answer to send, after which the TCP connection is to be closed: bytes that follow a refused
/// upgrade may be frames, and must never be read as another HTTP request. On the client, `status` is what the server answered (or would have
/// deserved: 400, for a request that was never sent).
public struct HandshakeError: Error, Hashable, Sendable, CustomStringConvertible {
    /// The rule that was broken, with its clause: `RFC 6455 §4.2.1 item 5: …`. Never contains text of the peer.
    public let rule: String
    /// The HTTP status that says so.
    public let status: HTTPResponse.Status
    /// Fields the answer must have, such as `Sec-WebSocket-Version: 13` with 426.
    public let headers: HTTPFields

    /// An error that says which rule was broken. The status is 400 Bad Request unless given.
    public init(rule: String, status: HTTPResponse.Status = .badRequest, headers: HTTPFields = [:]) {
        self.rule = rule
        self.status = status
        self.headers = headers
    }

    /// The status code and the rule.
    public var description: String { "\(self.status.code): \(self.rule)" }
}
