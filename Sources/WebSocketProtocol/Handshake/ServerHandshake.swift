public import HTTPTypes

/// A client's opening handshake that obeys every rule of RFC 6455 §4.2.1, or of RFC 8441 §5 over HTTP/2.
///
///     let handshake = try ServerHandshake.validate(request, hasBody: false)
///     try OriginPolicy.sameHost.permits(request)
///     let response = handshake.response(subprotocol: handshake.selectSubprotocol(from: ["chat.v2", "chat.v1"]))
///
/// Whether the request may come from where it comes is another question: see ``OriginPolicy``.
public struct ServerHandshake: Sendable {
    /// `Sec-WebSocket-Key`; nil over HTTP/2, where there is none.
    public let key: String?
    /// The subprotocols the client speaks, the one it likes best first.
    public let subprotocols: [String]
    /// The extensions the client offers, the ones it likes best first.
    public let extensions: [ExtensionOffer]

    /// Whether a request over HTTP/1.1 asks to become a WebSocket: a GET whose `Upgrade` lists `websocket` and whose `Connection` lists
    /// `upgrade`. A cheap look before ``validate(_:hasBody:version:)``, which says whether it asks correctly.
    public static func isUpgrade(_ request: HTTPRequest) -> Bool {
        request.method == .get && request.headerFields.lists("websocket", in: .upgrade)
            && request.headerFields.lists("upgrade", in: .connection)
    }

    /// Whether a request over HTTP/2 asks to become a WebSocket: an extended CONNECT (RFC 8441 §4) to the protocol `websocket`.
    public static func isExtendedConnect(_ request: HTTPRequest) -> Bool {
        guard request.method == .connect, let wanted = request.extendedConnectProtocol else { return false }
        return FieldGrammar.equalIgnoringCase(wanted.utf8, "websocket".utf8)
    }

    /// Validates a request over HTTP/1.1 by RFC 6455 §4.2.1.
    ///
    /// - Parameters:
    ///   - request: The request, its `Host` as authority.
    ///   - hasBody: A body follows the header. An upgrade with a body is refused: its bytes could pass for frames, or for another request.
    ///   - version: The request line's HTTP version.
    /// - Throws: ``HandshakeError`` with the status to answer: 405 for another method, 505 for HTTP/1.0, 426 for another version of
    ///   WebSocket, 431 for an oversized extension list, else 400.
    public static func validate(
        _ request: HTTPRequest,
        hasBody: Bool,
        version: (major: Int, minor: Int) = (1, 1)
    ) throws(HandshakeError) -> ServerHandshake {
        try HandshakeRules.requireGET(request)
        try HandshakeRules.requireHTTP11(version)
        try HandshakeRules.requireHost(request)
        try HandshakeRules.requireUpgradeToWebSocket(request)
        try HandshakeRules.requireConnectionUpgrade(request)
        try HandshakeRules.requireVersion13(request, refusal: .upgradeRequired)
        try HandshakeRules.requireNoBody(request, hasBody: hasBody)
        return ServerHandshake(
            key: try HandshakeRules.requireKey(request),
            subprotocols: try HandshakeRules.requireSubprotocols(request),
            extensions: try ExtensionHeader.parse(request.headerFields[values: .secWebSocketExtensions])
        )
    }

    /// Validates an extended CONNECT over HTTP/2 by RFC 8441 §4 and §5.
    ///
    /// - Throws: ``HandshakeError`` with the status to answer: 405 for another method, 501 for another protocol, 431 for an oversized
    ///   extension list, else 400. The stream ends with the answer; the connection's other streams go on.
    public static func validateExtendedConnect(_ request: HTTPRequest) throws(HandshakeError) -> ServerHandshake {
        try HandshakeRules.requireConnect(request)
        try HandshakeRules.requireProtocolWebSocket(request)
        try HandshakeRules.requireTarget(request)
        try HandshakeRules.requireNoConnectionFields(request)
        try HandshakeRules.requireVersion13(request, refusal: .badRequest)
        return ServerHandshake(
            key: nil,
            subprotocols: try HandshakeRules.requireSubprotocols(request),
            extensions: try ExtensionHeader.parse(request.headerFields[values: .secWebSocketExtensions])
        )
    }

    /// The first of our subprotocols that the client speaks too: the server's preference decides. Nil when there is none.
    ///
    /// The connection then has no subprotocol, as RFC 6455 allows; a browser fails it if it asked for one.
    public func selectSubprotocol(from supported: [String]) -> String? {
        supported.first { self.subprotocols.contains($0) }
    }

    /// The answer that completes the handshake (RFC 6455 §4.2.2 item 5, RFC 8441 §5): 101, or 200 over HTTP/2.
    ///
    /// - Parameters:
    ///   - subprotocol: The one chosen. Left out of the answer unless the client offered it: it would have to fail the connection.
    ///   - extensions: The extensions accepted, with their agreed parameters.
    public func response(subprotocol: String? = nil, extensions: [ExtensionOffer] = []) -> HTTPResponse {
        var fields = HTTPFields()
        fields.reserveCapacity(5)
        if let key {
            fields.append(HTTPField(name: .upgrade, value: "websocket"))
            fields.append(HTTPField(name: .connection, value: "Upgrade"))
            fields.append(HTTPField(name: .secWebSocketAccept, value: WebSocketAccept.value(forKey: key)))
        }
        if let subprotocol, self.subprotocols.contains(subprotocol) {
            fields.append(HTTPField(name: .secWebSocketProtocol, value: subprotocol))
        }
        if !extensions.isEmpty {
            fields.append(HTTPField(name: .secWebSocketExtensions, value: ExtensionHeader.serialize(extensions)))
        }
        return HTTPResponse(status: self.key == nil ? .ok : .switchingProtocols, headerFields: fields)
    }
}
