public import Logging
public import NIOCore
public import NIOPosix
public import WebSocketNIO

/// A connection that is made again when it is lost: a sequence of what happens to it.
///
/// ```swift
/// for await event in ReconnectingWebSocket(to: "wss://example.com/feed") {
///     switch event {
///     case .connected(let socket):
///         try await socket.send(json: Subscribe(after: lastSeen))
///         do {
///             for try await message in socket.messages { handle(message) }
///         } catch {
///             // The connection is lost: the next event says how.
///         }
///     case .disconnected(let cause, let retryIn):
///         show(retryIn.map { "offline, next attempt in \($0)" } ?? "offline: \(cause)")
///     }
/// }
/// ```
///
/// Nothing runs in the background. Asking for the next event is what waits for the end of the connection, sleeps, and connects; the reader of the
/// socket's messages is therefore either the loop's own body, as above, or another task or a delegate. Cancelling the task that asks ends the sequence:
/// an open connection is closed with 1001. Leaving the loop does not close a socket that it gave you.
public struct ReconnectingWebSocket: AsyncSequence, Sendable {
    /// What happened.
    public enum Event: Sendable {
        /// There is a connection.
        case connected(WebSocket)
        /// There is none any more, or there could be none. The next attempt is made in `retryIn`; nil: there will be none, and the sequence ends.
        case disconnected(Disconnection, retryIn: Duration?)
    }

    private let policy: ReconnectPolicy
    private let time: ReconnectTime
    private let random: @Sendable () -> Double
    private let connect: @Sendable () async throws -> WebSocket

    /// Connects to one URL, again and again.
    ///
    /// - Parameters:
    ///   - url: A `ws` or `wss` URL.
    ///   - configuration: As for ``WebSocketNIO/WebSocket/connect(to:configuration:eventLoopGroup:logger:)``.
    ///   - policy: When to try again, and how long to wait.
    ///   - eventLoopGroup: One of its loops drives each connection.
    ///   - logger: Logs at debug level; by default nothing.
    public init(
        to url: String,
        configuration: WebSocketClientConfiguration = .init(),
        policy: ReconnectPolicy = .init(),
        eventLoopGroup: any EventLoopGroup = .singletonMultiThreadedEventLoopGroup,
        logger: Logger = Logger(label: "WebSocketClient", factory: { _ in SwiftLogNoOpLogHandler() })
    ) {
        self.init(policy: policy) {
            try await WebSocket.connect(to: url, configuration: configuration, eventLoopGroup: eventLoopGroup, logger: logger)
        }
    }

    /// Connects by a closure: for a URL or a token that must be fetched anew for every attempt, for a delegate, for tests.
    ///
    /// - Parameters:
    ///   - policy: When to try again, and how long to wait.
    ///   - clock: Sleeps between attempts, and tells how long a connection has held.
    ///   - random: A number from 0 up to, and without, 1: the part of the longest wait that is waited.
    ///   - connect: Makes one attempt. What it throws goes to ``ReconnectPolicy/shouldReconnect``.
    public init(
        policy: ReconnectPolicy = .init(),
        clock: some Clock<Duration> = ContinuousClock(),
        random: @escaping @Sendable () -> Double = { Double.random(in: 0..<1) },
        connect: @escaping @Sendable () async throws -> WebSocket
    ) {
        self.policy = policy
        self.time = ReconnectTime(clock)
        self.random = random
        self.connect = connect
    }

    /// Starts anew: each loop over the sequence has its own connections.
    public func makeAsyncIterator() -> Iterator {
        Iterator(loop: ReconnectLoop(policy: self.policy, time: self.time, random: self.random, connect: self.connect))
    }

    /// Makes the connections of one loop.
    public struct Iterator: AsyncIteratorProtocol {
        private var loop: ReconnectLoop<WebSocket>

        init(loop: ReconnectLoop<WebSocket>) {
            self.loop = loop
        }

        /// The next event; nil when no more attempts are made, or the task was cancelled.
        public mutating func next() async -> Event? {
            switch await self.loop.next() {
            case .connected(let socket): .connected(socket)
            case .disconnected(let cause, let delay): .disconnected(cause, retryIn: delay)
            case nil: nil
            }
        }
    }
}
