// The smallest socket: a route like any other, and a loop.

import Hummingbird
import WebSocketHummingbird
import WebSocketNIO

func addEchoSocket(to router: Router<AppContext>) {
    // ws://localhost:8080/echo. The route's function is the life of the socket: when it returns, the socket is closed with 1000.
    router.webSocket("/echo") { socket, context in
        // Ends when the other side closes. Throws when the connection is lost, or when it broke a rule.
        for try await message in socket.messages {
            // Waits while the other side does not read: a client that only talks cannot fill our memory.
            try await socket.send(message)
        }
        context.logger.info("echo is over", metadata: ["why": "\(socket.closeReason?.code.description ?? "we left")"])
    }
}
