// Sockets with a path parameter, behind the same middleware as every route, and only for those who are signed in.

import HTTPTypes
import Hummingbird
import Synchronization
import WebSocketHummingbird
import WebSocketNIO

/// What travels: {"from":"ada","text":"hello"}
struct ChatLine: Codable, Sendable, Equatable {
    var from: String
    var text: String
}

/// One `Room` per name, made when somebody comes.
final class ChatRooms: Sendable {
    private let rooms = Mutex<[String: Room]>([:])

    func room(_ name: String) -> Room {
        rooms.withLock { rooms in
            if let room = rooms[name] { return room }
            let room = Room()
            rooms[name] = room
            return room
        }
    }
}

func addChatSocket(to group: RouterGroup<AppContext>) {
    let rooms = ChatRooms()
    var configuration = WebSocketConfiguration()
    configuration.limits.maxMessageSize = 4 * 1024
    configuration.subprotocols = ["chat.v1"]

    // ws://localhost:8080/rooms/lobby. A stranger gets 401 from the context, before there is a socket.
    group.group(context: SignedInContext.self).webSocket(
        "{room}",
        configuration: configuration,
        shouldUpgrade: { _, context in
            // Everything that HTTP can say can still be said here.
            guard context.parameters.get("room") != "staff" || context.user.isAdmin else {
                throw HTTPError(.forbidden, message: "administrators only")
            }
            return .accept()
        },
        onUpgrade: { socket, context in
            let room = rooms.room(try context.parameters.require("room"))
            let name = context.user.name
            room.join(socket)  // and leaves by itself when the socket closes
            for try await message in socket.messages {
                let text: String
                switch message {
                case .text(let line): text = line
                case .binary:
                    await socket.close(code: .unsupportedData, reason: "text only")
                    return
                }
                // Encoded and framed once, however many are in the room.
                room.broadcast(try PreparedMessage(json: ChatLine(from: name, text: text)))
            }
        }
    )
}
