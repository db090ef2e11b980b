import Hummingbird
import LiveHTML
import LiveViews
import RealtimeHummingbird
import WebSocketHummingbird

struct Counter: LiveView, Codable {
    var count = 0
    enum Event: LiveEvent { case up, down }

    mutating func handle(_ event: Event, _ effects: inout LiveEffects<Event>) {
        count += event == .up ? 1 : -1
    }

    var body: HTML {
        "<output>\(count)</output> <button \(on: .click, Event.up)>+</button> <button \(on: .click, Event.down)>−</button>"
    }
}

@main struct Page {
    static func main() async throws {
        // At least 16 bytes, the same for every process. Without it a new process begins its pages anew.
        let secret = Environment().get("LIVE_SECRET").flatMap { StateSeals.Secret($0) }
        let views = LiveRuntime(seals: StateSeals(secret: secret ?? .random()))
        let router = Router()
        router.live("/counter", views: views) { Counter() }
        router.liveScript()
        try await Application(router: router, server: .webSockets()).runService()
    }
}
