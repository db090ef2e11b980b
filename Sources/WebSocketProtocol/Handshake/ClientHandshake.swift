public import HTTPTypes

/// Our opening handshake as a client (RFC 6455 §4.1): the request to send, and the rules for what comes back.
///
///     let handshake = try ClientHandshake(authority: "example.com", path: "/chat", subprotocols: ["chat.v2"])
///     send(handshake.request)
///     let accepted = try handshake.validate(response)
public struct ClientHandshake: Sendable {
    /// The request to send over HTTP/1.1, as first bytes of its connection or after a proxy's CONNECT.
    public let request: HTTPRequest

    private let key: String
    private let subprotocols: [String]
    private let extensions: [ExtensionOffer]

    /// Makes the request.
    ///
    /// - Parameters:
    ///   - authority: Host and, unless it is the scheme's default, port: `example.com:8080`, `[::1]:8080`.
    ///   - path: The path with its query, beginning with `/`, percent-encoded.
    ///   - subprotocols: What we speak, the best first.
    ///   - extensions: What we offer, the best first.
    ///   - headers: More fields, such as `Origin`, `Authorization` or `Cookie`; none that belong to the handshake itself.
    ///   - key: `Sec-WebSocket-Key`; sixteen bytes of the system's random numbers unless given (by a test).
    /// - Throws: ``HandshakeError`` when one of them could not be sent as it is.
    public init(
        authority: String,
        path: String,
        subprotocols: [String] = [],
        extensions: [ExtensionOffer] = [],
        headers: HTTPFields = [:],
        key: String? = nil
    ) throws(HandshakeError) {
        let key = key ?? WebSocketKey.random()
        try ClientRules.requireAuthority(authority)
        try ClientRules.requirePath(path)
        try ClientRules.requireSubprotocols(subprotocols)
        try ClientRules.requireExtensions(extensions)
        try ClientRules.requireOrdinaryFields(headers)
        try ClientRules.requireKey(key)

        var fields: HTTPFields = [
            .upgrade: "websocket", .connection: "Upgrade", .secWebSocketKey: key, .secWebSocketVersion: "13",
        ]
        if !subprotocols.isEmpty { fields[.secWebSocketProtocol] = subprotocols.joined(separator: ", ") }
        if !extensions.isEmpty { fields[.secWebSocketExtensions] = ExtensionHeader.serialize(extensions) }
        fields.append(contentsOf: headers)
        self.request = HTTPRequest(method: .get, scheme: "http", authority: authority, path: path, headerFields: fields)
        self.key = key
        self.subprotocols = subprotocols
        self.extensions = extensions
    }

    /// Validates the server's answer (RFC 6455 §4.1, "the client MUST validate the server's response as follows").
    ///
    /// What an accepted extension's parameters mean is for the extension to say; here it is only made sure that it was offered.
    ///
    /// - Throws: ``HandshakeError``, its status that of the response: the client must fail the connection.
    public func validate(_ response: HTTPResponse) throws(HandshakeError) -> AcceptedHandshake {
        try ClientRules.requireSwitchingProtocols(response)
        try ClientRules.requireUpgradeToWebSocket(response)
        try ClientRules.requireConnectionUpgrade(response)
        try ClientRules.requireAccept(response, of: self.key)
        return AcceptedHandshake(
            subprotocol: try ClientRules.requireOffered(response, subprotocols: self.subprotocols),
            extensions: try ClientRules.requireOffered(response, extensions: self.extensions)
        )
    }
}

/// What a server agreed to.
public struct AcceptedHandshake: Hashable, Sendable {
    /// The subprotocol in use, one of those offered; nil for none.
    public var subprotocol: String?
    /// The extensions in use, each of them offered.
    public var extensions: [ExtensionOffer]

    /// An agreement, made by hand.
    public init(subprotocol: String? = nil, extensions: [ExtensionOffer] = []) {
        self.subprotocol = subprotocol
        self.extensions = extensions
    }
}
