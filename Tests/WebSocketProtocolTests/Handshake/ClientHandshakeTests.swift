import HTTPTypes
import Testing

@testable import WebSocketProtocol

/// RFC 6455 §4.1: what a client sends, and what it takes for an answer.
@Suite struct ClientHandshakeTests {
    func handshake(subprotocols: [String] = [], extensions: [ExtensionOffer] = []) throws(HandshakeError) -> ClientHandshake {
        try ClientHandshake(
            authority: "server.example.com", path: "/chat", subprotocols: subprotocols, extensions: extensions, key: exampleKey)
    }

    static let answer = HTTPResponse(
        status: .switchingProtocols,
        headerFields: [.upgrade: "websocket", .connection: "Upgrade", .secWebSocketAccept: exampleAccept]
    )

    func answer(_ name: HTTPField.Name, _ values: String...) -> HTTPResponse {
        HTTPResponse(status: .switchingProtocols, headerFields: Self.answer.headerFields.with(name, values))
    }

    // MARK: The request

    @Test("§1.2: the RFC's example")
    func example() throws {
        let handshake = try ClientHandshake(
            authority: "server.example.com", path: "/chat", subprotocols: ["chat", "superchat"], headers: [.origin: "http://example.com"],
            key: exampleKey)
        #expect(handshake.request.method == .get)
        #expect(handshake.request.authority == "server.example.com")
        #expect(handshake.request.path == "/chat")
        #expect(handshake.request.headerFields == HTTPRequest.upgrade.headerFields)
        #expect(try handshake.validate(Self.answer) == AcceptedHandshake())
        #expect(try handshake.validate(self.answer(.secWebSocketProtocol, "chat")) == AcceptedHandshake(subprotocol: "chat"))
    }

    @Test("Item 7: every connection has a key of its own, 16 random bytes")
    func randomKeys() throws {
        let keys = try (0..<100).map { _ in
            try #require(ClientHandshake(authority: "a", path: "/").request.headerFields[.secWebSocketKey])
        }
        #expect(Set(keys).count == 100)
        #expect(keys.allSatisfy(WebSocketKey.isValid))
    }

    @Test("Our server takes what our client sends, and our client what our server answers")
    func bothOurs() throws {
        let offer = ExtensionOffer(name: "x", parameters: [.init(name: "a"), .init(name: "b", value: "1")])
        for _ in 0..<50 {
            let client = try ClientHandshake(authority: "a:1", path: "/?q", subprotocols: ["p", "q"], extensions: [offer])
            let server = try ServerHandshake.validate(client.request, hasBody: false)
            #expect(server.extensions == [offer])
            let accepted = try client.validate(server.response(subprotocol: "q", extensions: [offer]))
            #expect(accepted == AcceptedHandshake(subprotocol: "q", extensions: [offer]))
        }
    }

    @Test(
        "Item 4: Host is a host and optionally a port",
        arguments: ["example.com", "example.com:8080", "127.0.0.1:1", "[::1]", "[::1]:80", "a_b"])
    func authority(_ text: String) throws {
        #expect(try ClientHandshake(authority: text, path: "/").request.authority == text)
    }

    @Test(
        "Item 4: nothing else is",
        arguments: [
            "", ":80", "example.com:", "example.com:0", "example.com:65536", "example.com:x", "user@example.com", "a b", "a/b", "a\r\nX: y",
            "::1",
            "[::1", "[]", "[::1]x", "[::1]:", "é.example",
        ])
    func badAuthority(_ text: String) {
        #expect(throws: HandshakeError.self) { try ClientHandshake(authority: text, path: "/") }
    }

    @Test(
        "Item 2: the path is a resource name",
        arguments: ["", "chat", "*", "/a b", "/a#b", "/\r\nX: y", "/é", "http://example.com/", "/\u{7F}"])
    func badPath(_ path: String) {
        #expect(throws: HandshakeError.self) { try ClientHandshake(authority: "a", path: path) }
    }

    @Test("Item 10: subprotocols are tokens, and unique", arguments: [[""], ["a b"], ["a,b"], ["a", "a"], ["a\r\nX: y"]])
    func badSubprotocols(_ names: [String]) {
        #expect(throws: HandshakeError.self) { try self.handshake(subprotocols: names) }
    }

    @Test(
        "Item 11: extensions are tokens",
        arguments: [
            ExtensionOffer(name: ""), .init(name: "a, b"), .init(name: "a", parameters: [.init(name: "")]),
            .init(name: "a", parameters: [.init(name: "b", value: "")]), .init(name: "a", parameters: [.init(name: "b", value: "1; c")]),
            .init(name: String(repeating: "a", count: 1_025)),
        ])
    func badExtensions(_ offer: ExtensionOffer) {
        #expect(throws: HandshakeError.self) { try self.handshake(extensions: [offer]) }
    }

    @Test(
        "Item 12: the handshake's own fields cannot be set",
        arguments: [
            "Upgrade", "connection", "Sec-WebSocket-Key", "sec-websocket-version", "Sec-WebSocket-Protocol", "Sec-WebSocket-Extensions",
            "Sec-WebSocket-Accept", "Host", "Content-Length", "Transfer-Encoding",
        ])
    func ownFields(_ name: String) {
        #expect(throws: HandshakeError.self) { try ClientHandshake(authority: "a", path: "/", headers: HTTPFields(lines: [(name, "x")])) }
    }

    @Test("Item 7: a key given by hand must be one")
    func badKey() {
        #expect(throws: HandshakeError.self) { try ClientHandshake(authority: "a", path: "/", key: "key") }
    }

    // MARK: The answer

    func refusal(_ response: HTTPResponse, subprotocols: [String] = [], extensions: [ExtensionOffer] = []) throws -> HandshakeError? {
        let handshake = try self.handshake(subprotocols: subprotocols, extensions: extensions)
        return handshakeError { () throws(HandshakeError) in _ = try handshake.validate(response) }
    }

    @Test("Item 1: the status must be 101", arguments: [100, 200, 204, 301, 400, 401, 403, 426, 500])
    func status(_ code: Int) throws {
        let response = HTTPResponse(status: .init(code: code), headerFields: Self.answer.headerFields)
        #expect(try self.refusal(response)?.status.code == code)
    }

    @Test("Item 2: Upgrade is websocket, in any case, and nothing else")
    func upgrade() throws {
        #expect(try self.refusal(self.answer(.upgrade, "WebSocket")) == nil)
        for lines in [[], ["h2c"], ["websocket, h2c"], ["websocket", "websocket"], [""]] {
            let response = HTTPResponse(status: .switchingProtocols, headerFields: Self.answer.headerFields.with(.upgrade, lines))
            #expect(try self.refusal(response) != nil)
        }
    }

    @Test("Item 3: Connection lists Upgrade, in any case")
    func connection() throws {
        #expect(try self.refusal(self.answer(.connection, "keep-alive, UPGRADE")) == nil)
        #expect(try self.refusal(self.answer(.connection, "keep-alive", "upgrade")) == nil)
        #expect(try self.refusal(self.answer(.connection, "keep-alive")) != nil)
        #expect(try self.refusal(self.answer(.connection)) != nil)
    }

    @Test("Item 4: the accept value proves that our key was understood")
    func accept() throws {
        #expect(try self.refusal(self.answer(.secWebSocketAccept)) != nil)
        #expect(try self.refusal(self.answer(.secWebSocketAccept, "")) != nil)
        #expect(try self.refusal(self.answer(.secWebSocketAccept, exampleKey)) != nil)
        #expect(try self.refusal(self.answer(.secWebSocketAccept, exampleAccept.lowercased())) != nil)
        #expect(try self.refusal(self.answer(.secWebSocketAccept, exampleAccept, exampleAccept)) != nil)
    }

    @Test("Item 5: only extensions that were offered, each once")
    func extensions() throws {
        let offers = [ExtensionOffer(name: "a"), .init(name: "b", parameters: [.init(name: "c")])]
        #expect(try self.refusal(self.answer(.secWebSocketExtensions, "b; d=1, a"), extensions: offers) == nil)
        for value in ["c", "a, c", "a, a", "A", "a;", "a b"] {
            #expect(try self.refusal(self.answer(.secWebSocketExtensions, value), extensions: offers)?.status == .switchingProtocols)
        }
        #expect(try self.refusal(self.answer(.secWebSocketExtensions, "a")) != nil, "nothing was offered")
    }

    @Test("Item 6: only a subprotocol that was offered")
    func subprotocol() throws {
        let offers = ["chat", "superchat"]
        #expect(
            try self.handshake(subprotocols: offers).validate(self.answer(.secWebSocketProtocol, "superchat")).subprotocol == "superchat")
        #expect(try self.handshake(subprotocols: offers).validate(Self.answer).subprotocol == nil)
        for lines in [["other"], ["Chat"], [""], ["chat, superchat"], ["chat", "chat"]] {
            let response = HTTPResponse(
                status: .switchingProtocols, headerFields: Self.answer.headerFields.with(.secWebSocketProtocol, lines))
            #expect(try self.refusal(response, subprotocols: offers) != nil)
        }
        #expect(try self.refusal(self.answer(.secWebSocketProtocol, "chat")) != nil, "nothing was offered")
    }
}
