import HTTPTypes

/// What our own handshake must be, and what the server's answer to it must be: one rule, one function.
enum ClientRules {
    // MARK: RFC 6455 §4.1, the request

    /// Item 4: "The request MUST contain a |Host| header field whose value contains /host/ plus optionally ":" followed by /port/".
    static func requireAuthority(_ authority: String) throws(HandshakeError) {
        guard WebOrigin.splitAuthority(authority) != nil else {
            throw HandshakeError(rule: "RFC 6455 §4.1 item 4: Host must be a host and optionally a port")
        }
    }

    /// Item 2: "The "Request-URI" part of the request MUST match the /resource name/ defined in Section 3", which has no fragment.
    static func requirePath(_ path: String) throws(HandshakeError) {
        let isSound = path.utf8.first == UInt8(ascii: "/") && path.utf8.allSatisfy { (0x21...0x7E).contains($0) && $0 != UInt8(ascii: "#") }
        guard isSound else {
            throw HandshakeError(rule: "RFC 6455 §3: the resource name must begin with / and be percent-encoded, without a fragment")
        }
    }

    /// Item 7: "a nonce consisting of a randomly selected 16-byte value that has been base64-encoded".
    static func requireKey(_ key: String) throws(HandshakeError) {
        guard WebSocketKey.isValid(key) else {
            throw HandshakeError(rule: "RFC 6455 §4.1 item 7: Sec-WebSocket-Key must be 16 bytes in base64")
        }
    }

    /// Item 10: "The elements that comprise this value MUST be non-empty strings [of token characters] and MUST all be unique strings."
    static func requireSubprotocols(_ subprotocols: [String]) throws(HandshakeError) {
        guard subprotocols.allSatisfy({ FieldGrammar.isToken($0.utf8) }), Set(subprotocols).count == subprotocols.count else {
            throw HandshakeError(rule: "RFC 6455 §4.1 item 10: subprotocols must be tokens, all unique")
        }
    }

    /// Item 11 and §9.1: the list must be readable, by our own reader at least.
    static func requireExtensions(_ extensions: [ExtensionOffer]) throws(HandshakeError) {
        guard !extensions.isEmpty else { return }
        guard try ExtensionHeader.parse([ExtensionHeader.serialize(extensions)]) == extensions else {
            throw HandshakeError(rule: "RFC 6455 §9.1: names and values of extensions must be tokens")
        }
    }

    /// Item 12: "The request MAY include any other header fields", which excludes those above, and those of a body.
    static func requireOrdinaryFields(_ fields: HTTPFields) throws(HandshakeError) {
        let reserved: [HTTPField.Name] = [
            .upgrade, .connection, .contentLength, .transferEncoding, .secWebSocketKey, .secWebSocketVersion, .secWebSocketProtocol,
            .secWebSocketExtensions, .secWebSocketAccept,
        ]
        guard !fields.contains(where: { reserved.contains($0.name) || $0.name.canonicalName == "host" }) else {
            throw HandshakeError(rule: "RFC 6455 §4.1 item 12: the handshake's own fields cannot be set")
        }
    }

    // MARK: RFC 6455 §4.1, the response

    /// Item 1: "If the status code received from the server is not 101".
    static func requireSwitchingProtocols(_ response: HTTPResponse) throws(HandshakeError) {
        guard response.status == .switchingProtocols else {
            throw .answer(response, "RFC 6455 §4.1: the status must be 101")
        }
    }

    /// Item 2: "lacks an |Upgrade| header field or [it] contains a value that is not an ASCII case-insensitive match for "websocket"".
    static func requireUpgradeToWebSocket(_ response: HTTPResponse) throws(HandshakeError) {
        guard case .once(let value) = response.headerFields.single(.upgrade), FieldGrammar.equalIgnoringCase(value.utf8, "websocket".utf8)
        else { throw .answer(response, "RFC 6455 §4.1: Upgrade must be websocket") }
    }

    /// Item 3: "lacks a |Connection| header field or [it] doesn't contain a token that is an ASCII case-insensitive match for "Upgrade"".
    static func requireConnectionUpgrade(_ response: HTTPResponse) throws(HandshakeError) {
        guard response.headerFields.lists("upgrade", in: .connection) else {
            throw .answer(response, "RFC 6455 §4.1: Connection must list Upgrade")
        }
    }

    /// Item 4: "lacks a |Sec-WebSocket-Accept| header field or [it] contains a value other than the base64-encoded SHA-1 of [our key]".
    static func requireAccept(_ response: HTTPResponse, of key: String) throws(HandshakeError) {
        guard case .once(WebSocketAccept.value(forKey: key)) = response.headerFields.single(.secWebSocketAccept) else {
            throw .answer(response, "RFC 6455 §4.1: Sec-WebSocket-Accept must prove that the key was understood")
        }
    }

    /// Item 5: "this header field indicates the use of an extension that was not present in the client's handshake". Each at most once: two
    /// answers to alternatives of one offer could not both hold.
    static func requireOffered(_ response: HTTPResponse, extensions: [ExtensionOffer]) throws(HandshakeError) -> [ExtensionOffer] {
        let accepted: [ExtensionOffer]
        do {
            accepted = try ExtensionHeader.parse(response.headerFields[values: .secWebSocketExtensions])
        } catch {
            throw .answer(response, error.rule)
        }
        let names = accepted.map(\.name)
        guard names.allSatisfy({ name in extensions.contains { $0.name == name } }), Set(names).count == names.count else {
            throw .answer(response, "RFC 6455 §4.1: Sec-WebSocket-Extensions may hold only what was offered, once")
        }
        return accepted
    }

    /// Item 6: "this header field indicates the use of a subprotocol that was not present in the client's handshake". §4.2.2: one at most.
    static func requireOffered(_ response: HTTPResponse, subprotocols: [String]) throws(HandshakeError) -> String? {
        switch response.headerFields.single(.secWebSocketProtocol) {
        case .absent: return nil
        case .once(let value) where subprotocols.contains(value): return value
        default: throw .answer(response, "RFC 6455 §4.1: Sec-WebSocket-Protocol must be one of those offered")
        }
    }
}

extension HandshakeError {
    fileprivate static func answer(_ response: HTTPResponse, _ rule: String) -> HandshakeError {
        HandshakeError(rule: rule, status: response.status)
    }
}
