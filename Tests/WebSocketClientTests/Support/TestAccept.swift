@testable import WebSocketProtocol

/// `Sec-WebSocket-Accept`, which the protocol's own tests check against RFC 6455 §1.3.
func testAccept(for key: String) -> String {
    WebSocketAccept.value(forKey: key)
}
