import Demos
import HTTPTypes
import Hummingbird
import WebSocketHummingbird
import WebSocketNIO
import WebSocketProtocol

/// The sockets of the demo pages that speak no protocol of channels.
struct DemoRoutes {
    /// Uncompressed, so that the frames that the page draws are those on the wire.
    static func add(to router: Router<BasicRequestContext>) {
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
}
