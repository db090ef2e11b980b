import Logging
import WebSocketNIO
import WebSocketProtocol

/// An asynchronous handler and its socket.
struct SocketSession: Sendable {
    let socket: WebSocket
    let handler: @Sendable (WebSocket) async throws -> Void
    let logger: Logger

    /// Runs the handler, and closes the socket after it. Returns when the socket is closed.
    ///
    /// Every quiet socket of the asynchronous API waits somewhere below this call, so its frame is kept small.
    func run() async {
        var code = CloseCode.normalClosure
        do { try await handler(socket) } catch {
            log(error)
            code = .internalError
        }
        await socket.close(code: Task.isCancelled ? .goingAway : code)
    }

    private func log(_ error: any Error) {
        logger.debug("socket handler failed", metadata: ["socket": "\(socket.id)", "error": "\(error)"])
    }
}
