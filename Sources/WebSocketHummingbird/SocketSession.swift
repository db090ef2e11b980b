import Logging
import WebSocketNIO
import WebSocketProtocol

/// An asynchronous handler and its socket.
struct SocketSession: Sendable {
    let socket: WebSocket
    let handler: @Sendable (WebSocket) async throws -> Void
    let logger: Logger

    /// Runs the handler, and closes the socket after it. Returns when the socket is closed.
    func run() async {
        do {
            try await handler(socket)
            await socket.close(code: Task.isCancelled ? .goingAway : .normalClosure)
        } catch {
            logger.debug("socket handler failed", metadata: ["socket": "\(socket.id)", "error": "\(error)"])
            await socket.close(code: Task.isCancelled ? .goingAway : .internalError)
        }
    }
}
