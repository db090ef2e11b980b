import Hummingbird
import RealtimeHub
import RealtimeHummingbird
import WebSocketHummingbird

@main struct Channels {
    static func main() async throws {
        var chat = ChannelSettings()
        chat.allowSubscribe = .clients
        chat.allowPublish = .subscribers
        (chat.presence, chat.joinLeave, chat.allowPresence) = (true, true, .subscribers)
        (chat.historySize, chat.historyTTL, chat.forceRecovery) = (100, .seconds(3_600), true)
        chat.allowHistory = .subscribers
        var handlers = HubHandlers()
        handlers.connect = { (event) async throws(HubRefusal) in
            guard !event.name.isEmpty else { throw .error(.unauthorized) }
            return ConnectGrant(user: event.name)
        }
        let hub = Hub(namespaces: Namespaces(named: ["chat": chat]), handlers: handlers)
        let router = Router()
        router.realtime("/connection/websocket", hub: hub)
        try await Application(router: router, server: .webSockets(), services: [HubService(hub)]).runService()
    }
}
