public import Hummingbird
public import RealtimeHub
import RealtimeProtocol
import WebSocketHummingbird
public import WebSocketNIO
public import WebSocketProtocol

extension RouterMethods {
    /// Adds a route on which clients of the Centrifuge protocol reach a hub over WebSocket.
    ///
    /// Clients choose Protobuf by the subprotocol `centrifuge-protobuf` or by `?format=protobuf`; all others speak JSON (wire-protocol §1.2).
    ///
    /// ```swift
    /// router.realtime("/connection/websocket", hub: hub)
    /// ```
    ///
    /// - Parameters:
    ///   - path: where.
    ///   - hub: whose channels.
    ///   - configuration: limits of the sockets; nil: those of ``Hub``'s clients, messages of 64 KiB and no pings of WebSocket's own.
    ///   - origins: which pages may connect. Default: those of the same host.
    @discardableResult
    public func realtime(
        _ path: RouterPath, hub: Hub, configuration: WebSocketConfiguration? = nil, origins: OriginPolicy = .sameHost
    ) -> Self {
        var configuration = configuration ?? .realtime
        configuration.subprotocols = SocketDelegate.subprotocols
        return webSocket(path, configuration: configuration, origins: origins) { request, _ in
            SocketDelegate(hub: hub, query: SocketDelegate.Query(request))
        }
    }
}

extension WebSocketConfiguration {
    /// What a socket of a hub's client needs: the hub pings by itself, and has its own policy for slow readers.
    public static var realtime: WebSocketConfiguration {
        var configuration = WebSocketConfiguration()
        configuration.keepalive = nil
        configuration.maxBufferedBytes = 4 << 20
        return configuration
    }
}
