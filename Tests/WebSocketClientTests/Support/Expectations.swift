import NIOCore
import Testing
import WebSocketNIO
import WebSocketProtocol

@testable import WebSocketClient

/// The error that connecting ends with; nil when it connects.
func connectError(to url: String, _ configuration: WebSocketClientConfiguration = .init()) async -> (any Error)? {
    do {
        let socket = try await WebSocket.connect(to: url, configuration: configuration)
        await socket.close()
        return nil
    } catch {
        return error
    }
}

/// Connects, sends, and gives back the first message that comes.
func firstMessage(
    from url: String, _ configuration: WebSocketClientConfiguration = .init(), sending text: String? = nil
) async throws -> WebSocketMessage? {
    try await WebSocket.withConnection(to: url, configuration: configuration) { socket in
        if let text { try await socket.send(text) }
        var messages = socket.messages.makeAsyncIterator()
        return try await messages.next()
    }
}

/// Connects, sends, and expects a text as the first message.
func expectText(
    _ expected: String, from url: String, _ configuration: WebSocketClientConfiguration = .init(), sending text: String? = nil,
    sourceLocation: SourceLocation = #_sourceLocation
) async throws {
    let message = try await firstMessage(from: url, configuration, sending: text)
    #expect(message == .text(expected), sourceLocation: sourceLocation)
}

extension ByteBuffer {
    var text: String { String(buffer: self) }
}

/// Waits, at most 5 s, until something that another thread does has happened.
func eventually(sourceLocation: SourceLocation = #_sourceLocation, _ condition: () -> Bool) async {
    let deadline = ContinuousClock.now + .seconds(5)
    while !condition(), ContinuousClock.now < deadline { await Task.yield() }
    #expect(condition(), sourceLocation: sourceLocation)
}
