import HTTPTypes
import Testing

@testable import WebSocketProtocol

/// RFC 8441 §4 and §5: a WebSocket on one stream of an HTTP/2 connection.
@Suite struct ExtendedConnectTests {
    func refusal(_ request: HTTPRequest) -> HandshakeError? {
        handshakeError { () throws(HandshakeError) in _ = try ServerHandshake.validateExtendedConnect(request) }
    }

    @Test("§5.1: the RFC's example")
    func example() throws {
        let handshake = try ServerHandshake.validateExtendedConnect(.extendedConnect)
        #expect(handshake.key == nil)
        #expect(handshake.subprotocols == ["chat", "superchat"])
        #expect(handshake.extensions.map(\.name) == ["permessage-deflate"])
        let response = handshake.response(subprotocol: "chat")
        #expect(response.status == .ok)
        #expect(response.headerFields == [.secWebSocketProtocol: "chat"], "neither Upgrade nor Connection nor Sec-WebSocket-Accept")
    }

    @Test("§4: the method must be CONNECT")
    func method() {
        #expect(self.refusal(.extendedConnect.with(\.method, .get))?.status == .methodNotAllowed)
    }

    @Test("§5: :protocol must be websocket; another is not implemented, and none is a tunnel, which we are not")
    func `protocol`() {
        #expect(self.refusal(.extendedConnect.with(\.extendedConnectProtocol, "webtransport"))?.status == .notImplemented)
        #expect(self.refusal(.extendedConnect.with(\.extendedConnectProtocol, nil))?.status == .badRequest)
        #expect(self.refusal(.extendedConnect.with(\.extendedConnectProtocol, "WebSocket")) == nil)
    }

    @Test("§4: :scheme, :path and :authority must be there")
    func target() {
        #expect(self.refusal(.extendedConnect.with(\.scheme, nil))?.status == .badRequest)
        #expect(self.refusal(.extendedConnect.with(\.scheme, "wss"))?.status == .badRequest)
        #expect(self.refusal(.extendedConnect.with(\.scheme, "http")) == nil)
        #expect(self.refusal(.extendedConnect.with(\.path, nil))?.status == .badRequest)
        #expect(self.refusal(.extendedConnect.with(\.path, "*"))?.status == .badRequest)
        #expect(self.refusal(.extendedConnect.with(\.authority, nil))?.status == .badRequest)
        #expect(self.refusal(.extendedConnect.with(\.authority, ""))?.status == .badRequest)
    }

    @Test("RFC 9113 §8.2.2: there are no connection-specific fields", arguments: [HTTPField.Name.connection, .upgrade, .transferEncoding])
    func connectionFields(_ name: HTTPField.Name) {
        #expect(self.refusal(.extendedConnect.with(name, "upgrade"))?.status == .badRequest)
    }

    @Test("§5: the version is still needed; HTTP/2 has no 426")
    func version() {
        let error = self.refusal(.extendedConnect.with(.secWebSocketVersion, "8"))
        #expect(error?.status == .badRequest)
        #expect(error?.headers == [.secWebSocketVersion: "13"])
        #expect(self.refusal(.extendedConnect.with(.secWebSocketVersion))?.status == .badRequest)
    }

    @Test("§5: a key means nothing here")
    func key() throws {
        #expect(try ServerHandshake.validateExtendedConnect(.extendedConnect.with(.secWebSocketKey, "x")).key == nil)
    }

    @Test("Subprotocols and extensions keep their rules")
    func lists() {
        #expect(self.refusal(.extendedConnect.with(.secWebSocketProtocol, "a b"))?.status == .badRequest)
        #expect(self.refusal(.extendedConnect.with(.secWebSocketExtensions, "a;"))?.status == .badRequest)
    }

    @Test("A request that is no extended CONNECT to websocket is none")
    func isExtendedConnect() {
        #expect(ServerHandshake.isExtendedConnect(.extendedConnect))
        #expect(!ServerHandshake.isExtendedConnect(.extendedConnect.with(\.extendedConnectProtocol, nil)))
        #expect(!ServerHandshake.isExtendedConnect(.extendedConnect.with(\.extendedConnectProtocol, "webtransport")))
        #expect(!ServerHandshake.isExtendedConnect(.extendedConnect.with(\.method, .get)))
    }
}
