public import Hummingbird
public import RealtimeHub
import RealtimeProtocol
import WebSocketHummingbird
public import WebSocketNIO
public import WebSocketProtocol

extension RouterMethods {
    /// Adds all routes by which clients of the Centrifuge protocol reach a hub: WebSocket, the streams for networks that break it, and the
    /// transports for clients that only listen.
    ///
    /// ```swift
    /// router.realtime(under: "/connection", hub: hub)
    /// ```
    ///
    /// adds `/connection/websocket`, `/connection/http_stream`, `/connection/sse`, `/connection/uni_websocket`, `/connection/uni_sse`,
    /// `/connection/uni_http_stream` and `/emulation`. `heliograph.js` finds its way among them by itself; a browser without any library says
    ///
    /// ```js
    /// const source = new EventSource("/connection/uni_sse?token=" + token);
    /// source.onmessage = ({ data }) => console.log(JSON.parse(data));
    /// ```
    ///
    /// Streams need a server of `HTTPServerBuilder.webSockets(configuration:)` or `HTTPServerBuilder.webSocketsHTTP2(tlsConfiguration:configuration:)`;
    /// under another they are answered with 501.
    ///
    /// - Parameters:
    ///   - path: what the transports' names are appended to.
    ///   - hub: whose channels.
    ///   - options: which transports, and their limits.
    /// - Returns: the router.
    @discardableResult
    public func realtime(under path: RouterPath, hub: Hub, options: RealtimeOptions = RealtimeOptions()) -> Self {
        for transport in RealtimeTransport.allCases where options.transports.contains(transport) {
            realtime(transport, at: path.appendingPath(RouterPath(transport.rawValue)), hub: hub, options: options)
        }
        if options.transports.contains(where: \.isEmulated) {
            realtimeEmulation(at: options.emulationPath ?? path.sibling("emulation"), hub: hub, options: options)
        }
        return self
    }

    /// Adds the route of one transport.
    ///
    /// ```swift
    /// router.realtime(.uniServerSentEvents, at: "/events", hub: hub)
    /// ```
    ///
    /// - Parameters:
    ///   - transport: which one. ``RealtimeTransport/httpStream`` and ``RealtimeTransport/serverSentEvents`` need
    ///     `realtimeEmulation(at:hub:options:)` too.
    ///   - path: where.
    ///   - hub: whose channels.
    ///   - options: its limits.
    /// - Returns: the router.
    @discardableResult
    public func realtime(
        _ transport: RealtimeTransport, at path: RouterPath, hub: Hub, options: RealtimeOptions = RealtimeOptions()
    ) -> Self {
        switch transport {
        case .webSocket: return realtime(path, hub: hub, options)
        case .uniWebSocket:
            return webSocket(
                path, configuration: options.webSocket, origins: options.origins,
                shouldUpgrade: { request, _ in hub.refusal(of: request).map { .refuse($0) } ?? .accept() },
                delegate: { request, _ in
                    UniSocketDelegate(
                        hub: hub, query: QueryString(request), fields: options.fields(of: request, hub), address: request.clientAddress)
                })
        case .httpStream, .serverSentEvents, .uniServerSentEvents, .uniHTTPStream:
            let route = StreamRoute(transport: transport, hub: hub, options: options)
            on(path, method: .post) { request, _ in try await route.respond(to: request) }
            if transport.isEvents { on(path, method: .get) { request, _ in try await route.respond(to: request) } }
            on(path, method: .options) { request, _ in route.origins.preflight(request) }
            return self
        }
    }

    /// Adds the route that takes the commands of clients over ``RealtimeTransport/httpStream`` and ``RealtimeTransport/serverSentEvents``.
    ///
    /// - Parameters:
    ///   - path: where. Clients look for it at `/emulation`.
    ///   - hub: whose sessions.
    ///   - options: its limits.
    /// - Returns: the router.
    @discardableResult
    public func realtimeEmulation(at path: RouterPath = "emulation", hub: Hub, options: RealtimeOptions = RealtimeOptions()) -> Self {
        let route = EmulationRoute(hub: hub, options: options)
        on(path, method: .post) { request, _ in try await route.respond(to: request) }
        on(path, method: .options) { request, _ in route.origins.preflight(request) }
        return self
    }

    /// Adds a route on which clients of the Centrifuge protocol reach a hub over WebSocket, and no other.
    ///
    /// Clients choose Protobuf by the subprotocol `centrifuge-protobuf` or by `?format=protobuf`; all others speak JSON.
    ///
    /// ```swift
    /// router.realtime("/connection/websocket", hub: hub)
    /// ```
    ///
    /// - Parameters:
    ///   - path: where.
    ///   - hub: whose channels.
    ///   - configuration: limits of the sockets; nil: those of `Hub`'s clients, messages of 64 KiB and no pings of WebSocket's own.
    ///   - origins: which pages may connect. Default: those of the same host.
    @discardableResult
    public func realtime(
        _ path: RouterPath, hub: Hub, configuration: WebSocketConfiguration? = nil, origins: OriginPolicy = .sameHost
    ) -> Self {
        var options = RealtimeOptions()
        options.webSocket = configuration ?? .realtime
        options.origins = origins
        return realtime(path, hub: hub, options)
    }

    private func realtime(_ path: RouterPath, hub: Hub, _ options: RealtimeOptions) -> Self {
        var configuration = options.webSocket
        configuration.subprotocols = SocketDelegate.subprotocols
        return webSocket(
            path, configuration: configuration, origins: options.origins,
            shouldUpgrade: { request, _ in hub.refusal(of: request).map { .refuse($0) } ?? .accept() },
            delegate: { request, _ in
                SocketDelegate(
                    hub: hub, query: SocketDelegate.Query(request), fields: options.fields(of: request, hub), address: request.clientAddress
                )
            })
    }
}

extension RouterPath {
    /// The path with another last component.
    fileprivate func sibling(_ name: String) -> RouterPath {
        let components = description.split(separator: "/").dropLast().map(String.init) + [name]
        return RouterPath(components.joined(separator: "/"))
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
