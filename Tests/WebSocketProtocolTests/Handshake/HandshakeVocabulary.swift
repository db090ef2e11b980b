// What the handshake's tests speak in: a request that is right in every respect, changed in one.

import HTTPTypes
import Testing

@testable import WebSocketProtocol

/// The key of RFC 6455 §1.3, and what it must be answered with.
let exampleKey = "dGhlIHNhbXBsZSBub25jZQ=="
let exampleAccept = "s3pPLMBiTxaQ9kYGzzhZRbK+xOo="

extension HTTPFields {
    /// One line for each pair, names as given.
    init(lines: [(String, String)]) {
        self.init()
        for (name, value) in lines {
            guard let name = HTTPField.Name(name) else { continue }
            self.append(HTTPField(name: name, value: value))
        }
    }

    /// The same with the lines of one name replaced.
    func with(_ name: HTTPField.Name, _ values: [String]) -> HTTPFields {
        var fields = self
        fields[values: name] = values
        return fields
    }
}

extension HTTPRequest {
    /// RFC 6455 §1.2's request.
    static let upgrade = HTTPRequest(
        method: .get,
        scheme: "http",
        authority: "server.example.com",
        path: "/chat",
        headerFields: [
            .upgrade: "websocket",
            .connection: "Upgrade",
            .secWebSocketKey: exampleKey,
            .origin: "http://example.com",
            .secWebSocketProtocol: "chat, superchat",
            .secWebSocketVersion: "13",
        ]
    )

    /// RFC 8441 §5.1's request.
    static let extendedConnect: HTTPRequest = {
        var request = HTTPRequest(
            method: .connect,
            scheme: "https",
            authority: "server.example.com",
            path: "/chat",
            headerFields: [
                .secWebSocketProtocol: "chat, superchat",
                .secWebSocketExtensions: "permessage-deflate",
                .secWebSocketVersion: "13",
                .origin: "http://www.example.com",
            ]
        )
        request.extendedConnectProtocol = "websocket"
        return request
    }()

    func with(_ name: HTTPField.Name, _ values: String...) -> HTTPRequest {
        var request = self
        request.headerFields = self.headerFields.with(name, values)
        return request
    }

    func with<Value>(_ property: WritableKeyPath<HTTPRequest, Value>, _ value: Value) -> HTTPRequest {
        var request = self
        request[keyPath: property] = value
        return request
    }
}

/// The error that `body` ends with.
func handshakeError(_ body: () throws(HandshakeError) -> Void) -> HandshakeError? {
    do {
        try body()
        return nil
    } catch {
        return error
    }
}
