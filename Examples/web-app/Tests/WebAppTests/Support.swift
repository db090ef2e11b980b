// What the tests share. `.router` tests call the router in memory; `.live` tests start the real server on a free port.

import Foundation
import HTTPTypes
import Hummingbird
import HummingbirdTesting
import NIOCore
import Testing
import WebSocketClient
import WebSocketNIO

@testable import WebApp

/// A router with everything in it, in memory. Fast: no server, no socket.
func inMemory(_ options: AppOptions = .quiet, _ test: @Sendable (any TestClientProtocol) async throws -> Void) async throws {
    try await buildApplication(options).test(.router, test)
}

/// The real server, and a client that talks to it over TCP.
func live(_ options: AppOptions = .quiet, _ test: @Sendable (any TestClientProtocol) async throws -> Void) async throws {
    try await buildApplication(options).test(.live, test)
}

extension TestClientProtocol {
    /// The address of a socket of the live server.
    func socket(_ path: String) throws -> String { "ws://127.0.0.1:\(try #require(port))\(path)" }
}

extension WebSocket {
    /// The next message; nil when the socket is closed.
    func receive() async throws -> WebSocketMessage? {
        for try await message in messages { return message }
        return nil
    }
}

extension AppOptions {
    static var quiet: AppOptions {
        var options = AppOptions()
        options.port = 0
        options.logLevel = .critical
        return options
    }
}

extension HTTPFields {
    static func bearer(_ token: String) -> HTTPFields { [.authorization: "Bearer \(token)"] }
}

extension TestResponse {
    var text: String { String(buffer: body) }
    func json<Value: Decodable>(_ type: Value.Type) throws -> Value { try JSONDecoder().decode(type, from: Data(body.readableBytesView)) }
}

extension ByteBuffer {
    static func json(_ text: String) -> ByteBuffer { ByteBuffer(string: text) }
}
