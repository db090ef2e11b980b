import Hummingbird
import Synchronization
import WebSocketHummingbird
import WebSocketNIO

@main struct Chat {
    static func main() async throws {
        let rooms = Mutex<[String: Room]>([:])
        let router = Router()
        router.webSocket("/chat/{room}") { socket, context in
            let name = try context.parameters.require("room")
            let room = rooms.withLock { rooms in
                let room = rooms[name] ?? Room()
                rooms[name] = room
                return room
            }
            room.join(socket)
            for try await case .text(let line) in socket.messages { room.broadcast(text: line) }
        }
        try await Application(router: router, server: .webSockets()).runService()
    }
}
