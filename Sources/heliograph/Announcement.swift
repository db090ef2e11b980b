import Foundation
import HeliographServer
import NIOCore
import Synchronization

/// What is printed when the server listens: where everything is.
final class Announcement: Sendable {
    let application = Mutex<HeliographApplication?>(nil)
    private let server: ServeConfiguration

    init(_ server: ServeConfiguration) {
        self.server = server
    }

    func make(_ address: SocketAddress, _ notifier: ServiceNotifier) {
        let place = Self.place(server.host, address.port ?? server.port)
        let scheme = server.tls == nil ? "http" : "https"
        print("Heliograph is running at \(scheme)\(place)")
        if server.hasDemo { print("Chat: \(scheme)\(place)/chat") }
        let own = ownPlace ?? "\(scheme)\(place)"
        if server.adminPassword != nil { print("Admin: \(own)/admin") }
        if let realtime = server.realtime {
            let webSocket = "\(server.tls == nil ? "ws" : "wss")\(place)/connection/websocket"
            print("Clients: \(realtime.hasWebSocket ? webSocket : "\(scheme)\(place)/connection/")")
            if realtime.hasAPI { print("API: \(own)/api") }
            for warning in realtime.warnings { print("WARNING: \(warning)") }
        }
        if let ownPlace { print("Metrics and health: \(ownPlace)/metrics, \(ownPlace)/health/ready") }
        print("Press Ctrl-C to stop.")
        fflush(nil)
        notifier.ready()
    }

    /// Where the internal listener is.
    private var ownPlace: String? {
        guard let listener = server.internalListener else { return nil }
        let port = application.withLock { $0?.internalAddress?.port } ?? listener.port
        return "\(listener.tls == nil ? "http" : "https")\(Self.place(listener.host, port))"
    }

    private static func place(_ host: String, _ port: Int) -> String {
        "://\(host.contains(":") ? "[\(host)]" : host):\(port)"
    }
}
