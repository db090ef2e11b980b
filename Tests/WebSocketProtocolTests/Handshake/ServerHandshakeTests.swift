import HTTPTypes
import Testing

@testable import WebSocketProtocol

/// RFC 6455 §4.2.1, item by item: the right request is accepted, and each wrong one answered with its exact status.
@Suite struct ServerHandshakeTests {
    func refusal(_ request: HTTPRequest, hasBody: Bool = false, version: (Int, Int) = (1, 1)) -> HandshakeError? {
        handshakeError { () throws(HandshakeError) in
            _ = try ServerHandshake.validate(request, hasBody: hasBody, version: version)
        }
    }

    @Test("§1.2: the RFC's example")
    func example() throws {
        let handshake = try ServerHandshake.validate(.upgrade, hasBody: false)
        #expect(handshake.key == exampleKey)
        #expect(handshake.subprotocols == ["chat", "superchat"])
        #expect(handshake.extensions == [])
        let response = handshake.response(subprotocol: "chat")
        #expect(response.status == .switchingProtocols)
        #expect(
            response.headerFields == [
                .upgrade: "websocket", .connection: "Upgrade", .secWebSocketAccept: exampleAccept, .secWebSocketProtocol: "chat",
            ])
    }

    // MARK: Items 1 and 2

    @Test("Item 1: the method must be GET", arguments: ["POST", "HEAD", "PUT", "OPTIONS", "CONNECT", "get", "PRI"])
    func method(_ name: String) throws {
        let error = self.refusal(.upgrade.with(\.method, try #require(HTTPRequest.Method(name))))
        #expect(error?.status == .methodNotAllowed)
        #expect(error?.headers == [.allow: "GET"])
    }

    @Test("Item 1: the request must be HTTP/1.1 or a later 1.x", arguments: [(0, 9), (1, 0), (2, 0), (3, 0)])
    func httpVersion(_ major: Int, _ minor: Int) {
        #expect(self.refusal(.upgrade, version: (major, minor))?.status == .httpVersionNotSupported)
        #expect(self.refusal(.upgrade, version: (1, 2)) == nil)
    }

    @Test("Item 2: there must be one Host")
    func host() {
        #expect(self.refusal(.upgrade.with(\.authority, nil))?.status == .badRequest)
        #expect(self.refusal(.upgrade.with(\.authority, ""))?.status == .badRequest)
        let twice = HTTPFields(lines: [("Host", "other.example.com")]) + HTTPRequest.upgrade.headerFields
        #expect(self.refusal(.upgrade.with(\.headerFields, twice))?.status == .badRequest)
    }

    // MARK: Items 3 and 4

    @Test(
        "Item 3: Upgrade lists websocket, in any case",
        arguments: [
            ["websocket"], ["WebSocket"], ["WEBSOCKET"], ["h2c, websocket"], ["websocket,h2c"], ["h2c", "websocket"], [" , websocket\t,"],
        ])
    func upgrade(_ lines: [String]) {
        #expect(self.refusal(.upgrade.with(\.headerFields, HTTPRequest.upgrade.headerFields.with(.upgrade, lines))) == nil)
    }

    @Test(
        "Item 3: nothing else is websocket",
        arguments: [
            [], [""], ["websockets"], ["web socket"], ["websocket/13"], ["\"websocket\""], ["h2c"], ["webſocket"], ["websocket;q=1"],
        ])
    func notUpgrade(_ lines: [String]) {
        #expect(
            self.refusal(.upgrade.with(\.headerFields, HTTPRequest.upgrade.headerFields.with(.upgrade, lines)))?.status == .badRequest)
    }

    @Test(
        "Item 4: Connection lists Upgrade, in any case",
        arguments: [["Upgrade"], ["upgrade"], ["keep-alive, Upgrade"], ["Upgrade,keep-alive"], ["keep-alive", "UPGRADE"]])
    func connection(_ lines: [String]) {
        #expect(self.refusal(.upgrade.with(\.headerFields, HTTPRequest.upgrade.headerFields.with(.connection, lines))) == nil)
    }

    @Test("Item 4: nothing else is Upgrade", arguments: [[], [""], ["keep-alive"], ["upgraded"], ["up grade"], ["close"]])
    func notConnection(_ lines: [String]) {
        #expect(
            self.refusal(.upgrade.with(\.headerFields, HTTPRequest.upgrade.headerFields.with(.connection, lines)))?.status
                == .badRequest)
    }

    // MARK: Item 5

    @Test(
        "Item 5: one key, 16 bytes in canonical base64",
        arguments: [
            [],
            [""],
            ["dGhlIHNhbXBsZSBub25jZQ"],
            ["dGhlIHNhbXBsZSBub25jZQ="],
            ["dGhlIHNhbXBsZSBub25jZQ==="],
            ["dGhlIHNhbXBsZSBub25jZR=="],
            ["dGhlIHNhbXBsZSBub25j"],
            ["dGhlIHNhbXBsZSBub25jZXM="],
            ["dGhlIHNhbXBsZSBub25jZWVl"],
            ["dGhlIHNhbXBsZSBub25j-Q=="],
            ["dGhlIHNhbXBsZSBub25j Q=="],
            ["dGhl=HNhbXBsZSBub25jZQ=="],
            ["ZGhlIHNhbXBsZSBub25jéQ=="],
            ["dGhlIHNhbXBsZSBub25jZQ==, dGhlIHNhbXBsZSBub25jZQ=="],
            [exampleKey, exampleKey],
            [String(repeating: "A", count: 16_384)],
        ])
    func key(_ lines: [String]) {
        let request = HTTPRequest.upgrade.with(\.headerFields, HTTPRequest.upgrade.headerFields.with(.secWebSocketKey, lines))
        #expect(self.refusal(request)?.status == .badRequest)
        #expect(self.refusal(request)?.rule.hasPrefix("RFC 6455 §4.2.1 item 5") == true)
    }

    @Test("Item 5: any sixteen bytes are a key")
    func anyKey() {
        for _ in 0..<1_000 {
            #expect(self.refusal(.upgrade.with(.secWebSocketKey, WebSocketKey.random())) == nil)
        }
    }

    // MARK: Item 6

    @Test(
        "Item 6 and §4.4: another version is answered with ours",
        arguments: ["0", "7", "8", "12", "14", "255", "013", "13.0", "13, 8", "x"])
    func otherVersion(_ version: String) {
        let error = self.refusal(.upgrade.with(.secWebSocketVersion, version))
        #expect(error?.status == .upgradeRequired)
        #expect(error?.headers == [.secWebSocketVersion: "13", .upgrade: "websocket", .connection: "close, upgrade"])
    }

    @Test("§4.4: a version is looked at before the key, which other versions may not have")
    func oldVersionWithoutKey() {
        #expect(self.refusal(.upgrade.with(.secWebSocketVersion, "8").with(.secWebSocketKey))?.status == .upgradeRequired)
    }

    @Test("Item 6: no version, or two, are no version")
    func noVersion() {
        #expect(self.refusal(.upgrade.with(.secWebSocketVersion))?.status == .badRequest)
        #expect(self.refusal(.upgrade.with(.secWebSocketVersion, "13", "13"))?.status == .badRequest)
    }

    // MARK: Items 8 and 9

    @Test("Item 8: subprotocols are read in their order, from all lines")
    func subprotocols() throws {
        let request = HTTPRequest.upgrade.with(.secWebSocketProtocol, "v2.chat,, v1.chat ,", "mqtt")
        #expect(try ServerHandshake.validate(request, hasBody: false).subprotocols == ["v2.chat", "v1.chat", "mqtt"])
        #expect(try ServerHandshake.validate(.upgrade.with(.secWebSocketProtocol), hasBody: false).subprotocols == [])
    }

    @Test(
        "§4.1 item 10: subprotocols are tokens, and unique",
        arguments: ["", " ", ",", "a b", "a\u{1}b", "chat, chat", "a/b", "a@b", "\"chat\"", "caf\u{E9}", "a%0d%0aX: y", "{}", "a;b=c"])
    func badSubprotocols(_ value: String) {
        #expect(self.refusal(.upgrade.with(.secWebSocketProtocol, value))?.status == .badRequest)
    }

    @Test("§4.1 item 10: names that differ in case are different")
    func subprotocolCase() throws {
        #expect(try ServerHandshake.validate(.upgrade.with(.secWebSocketProtocol, "chat, Chat"), hasBody: false).subprotocols.count == 2)
    }

    @Test("More than 64 subprotocols are too many")
    func manySubprotocols() {
        let names = (0..<64).map { "p\($0)" }.joined(separator: ",")
        #expect(self.refusal(.upgrade.with(.secWebSocketProtocol, names)) == nil)
        #expect(self.refusal(.upgrade.with(.secWebSocketProtocol, names + ",p64"))?.status == .badRequest)
    }

    @Test("Item 9: extensions are read from all lines, and a broken list is refused")
    func extensions() throws {
        let request = HTTPRequest.upgrade.with(.secWebSocketExtensions, "a; b=1", "c")
        #expect(try ServerHandshake.validate(request, hasBody: false).extensions.map(\.name) == ["a", "c"])
        #expect(self.refusal(.upgrade.with(.secWebSocketExtensions, "a;"))?.status == .badRequest)
        #expect(
            self.refusal(.upgrade.with(.secWebSocketExtensions, String(repeating: "a", count: 1_025)))?.status
                == .requestHeaderFieldsTooLarge)
    }

    // MARK: Body

    @Test("A handshake must have no body")
    func body() {
        #expect(self.refusal(.upgrade, hasBody: true)?.status == .badRequest)
        #expect(self.refusal(.upgrade.with(.contentLength, "5"))?.status == .badRequest)
        #expect(self.refusal(.upgrade.with(.contentLength, "0", "5"))?.status == .badRequest)
        #expect(self.refusal(.upgrade.with(.transferEncoding, "chunked"))?.status == .badRequest)
        #expect(self.refusal(.upgrade.with(.transferEncoding, "identity"))?.status == .badRequest)
        #expect(self.refusal(.upgrade.with(.contentLength, "0")) == nil)
    }

    // MARK: The answer

    @Test("§4.2.2: the server's preference decides among the subprotocols that both know")
    func selection() throws {
        let handshake = try ServerHandshake.validate(.upgrade, hasBody: false)
        #expect(handshake.selectSubprotocol(from: ["superchat", "chat"]) == "superchat")
        #expect(handshake.selectSubprotocol(from: ["other", "chat"]) == "chat")
        #expect(handshake.selectSubprotocol(from: ["Chat"]) == nil)
        #expect(handshake.selectSubprotocol(from: []) == nil)
    }

    @Test("§4.2.2: a subprotocol that was not offered is not answered with")
    func unofferedSubprotocol() throws {
        let handshake = try ServerHandshake.validate(.upgrade, hasBody: false)
        #expect(handshake.response(subprotocol: "other").headerFields[.secWebSocketProtocol] == nil)
        #expect(handshake.response().headerFields[.secWebSocketProtocol] == nil)
    }

    @Test("§4.2.2: accepted extensions are answered with")
    func acceptedExtensions() throws {
        let handshake = try ServerHandshake.validate(.upgrade.with(.secWebSocketExtensions, "a; b, c"), hasBody: false)
        let response = handshake.response(extensions: [ExtensionOffer(name: "a", parameters: [.init(name: "b", value: "2")])])
        #expect(response.headerFields[.secWebSocketExtensions] == "a; b=2")
    }

    // MARK: The look before

    @Test("A request that does not ask for an upgrade is none")
    func isUpgrade() {
        #expect(ServerHandshake.isUpgrade(.upgrade))
        #expect(ServerHandshake.isUpgrade(.upgrade.with(.secWebSocketKey)), "asked for, even if wrongly")
        #expect(!ServerHandshake.isUpgrade(.upgrade.with(\.method, .post)))
        #expect(!ServerHandshake.isUpgrade(.upgrade.with(.upgrade)))
        #expect(!ServerHandshake.isUpgrade(.upgrade.with(.upgrade, "h2c")))
        #expect(!ServerHandshake.isUpgrade(.upgrade.with(.connection, "keep-alive")))
    }

    @Test("An error says its status and its rule, and nothing of what the peer wrote")
    func description() {
        let error = self.refusal(.upgrade.with(.secWebSocketKey, "<secret>"))
        #expect(error?.description == "400: RFC 6455 §4.2.1 item 5: there must be one Sec-WebSocket-Key, 16 bytes in base64")
    }
}
