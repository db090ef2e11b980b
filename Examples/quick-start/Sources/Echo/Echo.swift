import Hummingbird
import WebSocketHummingbird

@main struct Echo {
    static func main() async throws {
        let router = Router()
        router.webSocket("/echo") { socket, _ in
            for try await message in socket.messages { try await socket.send(message) }
        }
        try await Application(router: router, server: .webSockets()).runService()
    }
}
