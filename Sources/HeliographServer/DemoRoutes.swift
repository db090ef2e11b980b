import Demos
import HTTPTypes
import Hummingbird
import WebSocketHummingbird
import WebSocketNIO
import WebSocketProtocol

/// The sockets of the demo pages.
struct DemoRoutes {
    let chat: ChatService
    let board: StatusBoard

    func add(to router: Router<BasicRequestContext>) {
        addChat(to: router)
        addEcho(to: router)
        var status = WebSocketConfiguration()
        status.limits.maxMessageSize = 1 << 10
        router.webSocket("demo/status", configuration: status, delegate: { [board] _, _ in StatusDelegate(board: board) })
    }

    private func addChat(to router: Router<BasicRequestContext>) {
        var configuration = WebSocketConfiguration()
        configuration.limits.maxMessageSize = chat.limits.frameBytes
        configuration.shutdownCode = .serviceRestart
        router.webSocket(
            "demo/chat/{room}", configuration: configuration,
            shouldUpgrade: { [chat] _, context in
                let room = try Self.room(context)
                guard chat.admits(room) else {
                    throw HTTPError(.serviceUnavailable, headers: [.retryAfter: "60"], message: "There are too many rooms.")
                }
                return .accept()
            },
            delegate: { [chat] _, context in ChatSession(service: chat, room: try Self.room(context)) })
    }

    /// Uncompressed, so that the frames that the page draws are those on the wire.
    private func addEcho(to router: Router<BasicRequestContext>) {
        var configuration = WebSocketConfiguration()
        configuration.shutdownCode = .serviceRestart
        router.webSocket("demo/echo", configuration: configuration, delegate: { _, _ in EchoDelegate() })
    }

    static func add(_ game: GameDemo, to router: Router<BasicRequestContext>) {
        router.webSocket(
            "demo/game", configuration: GameDemo.socketConfiguration,
            shouldUpgrade: { _, _ in
                guard game.admitsVisitor else {
                    throw HTTPError(.serviceUnavailable, headers: [.retryAfter: "30"], message: "The arena is full.")
                }
                return .accept()
            },
            delegate: { _, _ in game.makeDelegate() })
    }

    private static func room(_ context: BasicRequestContext) throws -> RoomName {
        guard let room = context.parameters.get("room").flatMap({ RoomName($0) }) else {
            throw HTTPError(.badRequest, message: "A room's name is 1 to 32 of a-z, 0-9 and hyphens.")
        }
        return room
    }
}
