import HTTPTypes

/// What a client's opening handshake must be: one rule, one function.
enum HandshakeRules {
    /// How many subprotocols a client may offer.
    static let maxSubprotocols = 64

    // MARK: RFC 6455 §4.2.1

    /// Item 1: "including an HTTP GET request".
    static func requireGET(_ request: HTTPRequest) throws(HandshakeError) {
        guard request.method == .get else {
            throw HandshakeError(
                rule: "RFC 6455 §4.2.1 item 1: the method must be GET",
                status: .methodNotAllowed,
                headers: [.allow: "GET"]
            )
        }
    }

    /// Item 1: "An HTTP/1.1 or higher".
    static func requireHTTP11(_ version: (major: Int, minor: Int)) throws(HandshakeError) {
        guard version.major == 1, version.minor >= 1 else {
            throw HandshakeError(rule: "RFC 6455 §4.2.1 item 1: the request must be HTTP/1.1", status: .httpVersionNotSupported)
        }
    }

    /// Item 2: "A |Host| header field containing the server's authority". One, so that nobody reads another (RFC 9112 §3.2). HTTPTypes moves
    /// the first to `authority`; a second stays among the fields.
    static func requireHost(_ request: HTTPRequest) throws(HandshakeError) {
        guard request.authority?.isEmpty == false, !request.headerFields.contains(where: { $0.name.canonicalName == "host" }) else {
            throw HandshakeError(rule: "RFC 6455 §4.2.1 item 2: there must be one Host")
        }
    }

    /// Item 3: "An |Upgrade| header field containing the value "websocket", treated as an ASCII case-insensitive value."
    static func requireUpgradeToWebSocket(_ request: HTTPRequest) throws(HandshakeError) {
        guard request.headerFields.lists("websocket", in: .upgrade) else {
            throw HandshakeError(rule: "RFC 6455 §4.2.1 item 3: Upgrade must list websocket")
        }
    }

    /// Item 4: "A |Connection| header field that includes the token "Upgrade", treated as an ASCII case-insensitive value."
    static func requireConnectionUpgrade(_ request: HTTPRequest) throws(HandshakeError) {
        guard request.headerFields.lists("upgrade", in: .connection) else {
            throw HandshakeError(rule: "RFC 6455 §4.2.1 item 4: Connection must list Upgrade")
        }
    }

    /// Item 5: "A |Sec-WebSocket-Key| header field with a base64-encoded value that, when decoded, is 16 bytes in length." Canonical base64:
    /// a second spelling of the same key helps nobody but who looks for disagreeing parsers.
    static func requireKey(_ request: HTTPRequest) throws(HandshakeError) -> String {
        guard case .once(let key) = request.headerFields.single(.secWebSocketKey), WebSocketKey.isValid(key) else {
            throw HandshakeError(rule: "RFC 6455 §4.2.1 item 5: there must be one Sec-WebSocket-Key, 16 bytes in base64")
        }
        return key
    }

    /// Item 6: "A |Sec-WebSocket-Version| header field, with a value of 13." §4.4: another is answered with the version we speak.
    static func requireVersion13(_ request: HTTPRequest, refusal: HTTPResponse.Status) throws(HandshakeError) {
        let rule = "RFC 6455 §4.2.1 item 6: Sec-WebSocket-Version must be 13"
        switch request.headerFields.single(.secWebSocketVersion) {
        case .once("13"): return
        case .once: throw HandshakeError(rule: rule, status: refusal, headers: self.versionFields(for: refusal))
        case .absent, .repeated: throw HandshakeError(rule: rule)
        }
    }

    /// RFC 9110 §15.5.22: an answer 426 "MUST send an Upgrade header field", and §7.8: with it `Connection` lists it.
    private static func versionFields(for refusal: HTTPResponse.Status) -> HTTPFields {
        guard refusal == .upgradeRequired else { return [.secWebSocketVersion: "13"] }
        return [.secWebSocketVersion: "13", .upgrade: "websocket", .connection: "close, upgrade"]
    }

    /// Item 8: "Optionally, a |Sec-WebSocket-Protocol| header field, with a list of values". §4.1 item 10: tokens, all unique.
    static func requireSubprotocols(_ request: HTTPRequest) throws(HandshakeError) -> [String] {
        var subprotocols: [String] = []
        for field in request.headerFields where field.name == .secWebSocketProtocol {
            let before = subprotocols.count
            for element in ListElements(field.value) {
                try self.appendSubprotocol(element, to: &subprotocols)
            }
            guard subprotocols.count > before else { throw .subprotocols("the list must not be empty") }
        }
        return subprotocols
    }

    private static func appendSubprotocol(_ element: Substring.UTF8View, to list: inout [String]) throws(HandshakeError) {
        guard FieldGrammar.isToken(element) else { throw .subprotocols("names must be tokens") }
        guard list.count < self.maxSubprotocols else { throw .subprotocols("at most \(self.maxSubprotocols) names are read") }
        let name = String(Substring(element))
        guard !list.contains(name) else { throw .subprotocols("names must be unique") }
        list.append(name)
    }

    /// RFC 9110 §7.8 lets a request with a body be upgraded; we refuse it: what follows the header must be frames and nothing else.
    static func requireNoBody(_ request: HTTPRequest, hasBody: Bool) throws(HandshakeError) {
        let announced = request.headerFields.contains { $0.name == .transferEncoding || ($0.name == .contentLength && $0.value != "0") }
        guard !hasBody, !announced else {
            throw HandshakeError(rule: "RFC 6455 §4.2.1: a handshake must have no body")
        }
    }

    // MARK: RFC 8441

    /// §4: "the :protocol pseudo-header field" belongs to CONNECT.
    static func requireConnect(_ request: HTTPRequest) throws(HandshakeError) {
        guard request.method == .connect else {
            throw HandshakeError(rule: "RFC 8441 §4: the method must be CONNECT", status: .methodNotAllowed, headers: [.allow: "CONNECT"])
        }
    }

    /// §5: "The :protocol pseudo-header field MUST be included in the CONNECT request, and it MUST have a value of "websocket"". RFC 9220 §3
    /// gives the answer for a protocol that is unknown: 501.
    static func requireProtocolWebSocket(_ request: HTTPRequest) throws(HandshakeError) {
        let rule = "RFC 8441 §5: :protocol must be websocket"
        guard request.extendedConnectProtocol != nil else { throw HandshakeError(rule: rule) }
        guard ServerHandshake.isExtendedConnect(request) else { throw HandshakeError(rule: rule, status: .notImplemented) }
    }

    /// §4: "On requests bearing the :protocol pseudo-header field, the :scheme and :path pseudo-header fields of the target URI MUST also
    /// be included." §5: the scheme is https or http.
    static func requireTarget(_ request: HTTPRequest) throws(HandshakeError) {
        guard request.scheme == "https" || request.scheme == "http" else {
            throw HandshakeError(rule: "RFC 8441 §5: :scheme must be https or http")
        }
        guard let path = request.path, path.utf8.first == UInt8(ascii: "/") else {
            throw HandshakeError(rule: "RFC 8441 §4: there must be a :path")
        }
        guard let authority = request.authority, !authority.isEmpty else {
            throw HandshakeError(rule: "RFC 8441 §4: there must be an :authority")
        }
    }

    /// §5: "Implementations using this extended CONNECT to bootstrap WebSockets do not do the processing of the Upgrade and Connection header
    /// fields"; RFC 9113 §8.2.2: a request that has them is malformed.
    static func requireNoConnectionFields(_ request: HTTPRequest) throws(HandshakeError) {
        let hasOne = request.headerFields.contains { $0.name == .connection || $0.name == .upgrade || $0.name == .transferEncoding }
        guard !hasOne else { throw HandshakeError(rule: "RFC 9113 §8.2.2: HTTP/2 has no Connection, Upgrade or Transfer-Encoding") }
    }
}

extension HandshakeError {
    fileprivate static func subprotocols(_ rule: String) -> HandshakeError {
        HandshakeError(rule: "RFC 6455 §4.1 item 10: in Sec-WebSocket-Protocol, \(rule)")
    }
}
