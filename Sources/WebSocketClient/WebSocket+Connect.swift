public import Logging
public import NIOCore
public import NIOPosix
public import WebSocketNIO
import WebSocketProtocol

extension WebSocket {
    /// Connects to a server.
    ///
    /// ```swift
    /// let socket = try await WebSocket.connect(to: "wss://example.com/chat")
    /// try await socket.send("hello")
    /// for try await message in socket.messages { print(message) }
    /// ```
    ///
    /// The socket is open until one side closes it: whoever connects also calls `close(code:reason:)`, or uses
    /// ``withConnection(to:configuration:eventLoopGroup:logger:isolation:_:)``, which does.
    ///
    /// - Parameters:
    ///   - url: A `ws` or `wss` URL (RFC 6455 §3). Userinfo becomes Basic credentials; a fragment is an error.
    ///   - configuration: Fields, subprotocols, TLS, proxy, timeouts; and the connection's limits.
    ///   - eventLoopGroup: One of its loops drives the connection.
    ///   - logger: Logs at debug level; by default nothing.
    /// - Throws: ``WebSocketClientError``; `CancellationError` when the task is cancelled meanwhile, which leaves no connection behind.
    public static func connect(
        to url: String,
        configuration: WebSocketClientConfiguration = .init(),
        eventLoopGroup: any EventLoopGroup = .singletonMultiThreadedEventLoopGroup,
        logger: Logger = Logger(label: "WebSocketClient", factory: { _ in SwiftLogNoOpLogHandler() })
    ) async throws -> WebSocket {
        try await Dialer(configuration: configuration, eventLoopGroup: eventLoopGroup, logger: logger, delegate: nil).dial(url)
    }

    /// Connects to a server, with a delegate that gets the events on the connection's event loop.
    ///
    /// - Parameters:
    ///   - url: A `ws` or `wss` URL (RFC 6455 §3).
    ///   - configuration: Fields, subprotocols, TLS, proxy, timeouts; and the connection's limits.
    ///   - eventLoopGroup: One of its loops drives the connection.
    ///   - logger: Logs at debug level; by default nothing.
    ///   - delegate: Makes the delegate, on the event loop, once the handshake is over.
    /// - Returns: The handle for other tasks; its messages go to the delegate.
    /// - Throws: ``WebSocketClientError``; `CancellationError`.
    @discardableResult
    public static func connect(
        to url: String,
        configuration: WebSocketClientConfiguration = .init(),
        eventLoopGroup: any EventLoopGroup = .singletonMultiThreadedEventLoopGroup,
        logger: Logger = Logger(label: "WebSocketClient", factory: { _ in SwiftLogNoOpLogHandler() }),
        delegate: @escaping @Sendable () -> any WebSocketDelegate
    ) async throws -> WebSocket {
        try await Dialer(configuration: configuration, eventLoopGroup: eventLoopGroup, logger: logger, delegate: delegate).dial(url)
    }

    /// Connects, runs `body`, and closes the connection when `body` is over: with 1000 when it returns, with 1001 when it throws.
    ///
    /// Parameters and errors are those of ``connect(to:configuration:eventLoopGroup:logger:)``, and what `body` throws.
    public static func withConnection<Result>(
        to url: String,
        configuration: WebSocketClientConfiguration = .init(),
        eventLoopGroup: any EventLoopGroup = .singletonMultiThreadedEventLoopGroup,
        logger: Logger = Logger(label: "WebSocketClient", factory: { _ in SwiftLogNoOpLogHandler() }),
        isolation: isolated (any Actor)? = #isolation,
        _ body: (WebSocket) async throws -> Result
    ) async throws -> Result {
        let socket = try await self.connect(to: url, configuration: configuration, eventLoopGroup: eventLoopGroup, logger: logger)
        do {
            let result = try await body(socket)
            await socket.close()
            return result
        } catch {
            await socket.close(code: .goingAway)
            throw error
        }
    }
}
