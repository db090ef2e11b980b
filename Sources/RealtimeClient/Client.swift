public import Logging
public import NIOCore
public import NIOPosix
import RealtimeProtocol

/// A client of real-time channels: one connection that comes back by itself, and any number of subscriptions over it.
///
/// ```swift
/// let client = Client(url: "wss://example.com/connection/websocket")
/// client.connect()
/// for try await publication in try client.subscribe("news").publications {
///     print(publication.offset, try publication.decode(Headline.self))
/// }
/// ```
///
/// It speaks the Centrifuge protocol, in Protobuf or JSON, and so reaches Heliograph and every other server of that protocol. What is missed while there is
/// no connection is recovered where the channel has a history, and said to be lost where it has not.
///
/// Any task may call anything at any time. A client is disconnected by ``disconnect()``, and when neither it nor any of its subscriptions and sequences is
/// held any more.
public final class Client: Sendable {
    let driver: ClientDriver

    /// A client that is not connected yet.
    ///
    /// - Parameters:
    ///   - url: of the server's WebSocket, such as `wss://example.com/connection/websocket`.
    ///   - configuration: tokens, format, times and limits.
    ///   - eventLoopGroup: one of its loops drives the client.
    ///   - logger: logs at debug level; by default nothing.
    public convenience init(
        url: String,
        configuration: Configuration = Configuration(),
        eventLoopGroup: any EventLoopGroup = .singletonMultiThreadedEventLoopGroup,
        logger: Logger = Logger(label: "RealtimeClient", factory: { _ in SwiftLogNoOpLogHandler() })
    ) {
        self.init(url: url, configuration, eventLoopGroup, logger) { Double.random(in: 0..<1) }
    }

    init(
        url: String, _ configuration: Configuration, _ eventLoopGroup: any EventLoopGroup, _ logger: Logger,
        random: @escaping @Sendable () -> Double
    ) {
        driver = ClientDriver(url: url, configuration: configuration, eventLoop: eventLoopGroup.next(), logger: logger, random: random)
    }

    deinit {
        driver.run { machine, _ in machine.disconnect() }
        driver.finishStates()
    }

    // MARK: The connection

    /// Connects, and from then on connects again whenever the connection is lost. Returns at once.
    public func connect() {
        driver.run { $0.connect(at: $1) }
    }

    /// Ends the connection after what was written to it. Subscriptions stay: a later ``connect()`` takes them up again and recovers what they missed.
    public func disconnect() {
        driver.run { machine, _ in machine.disconnect() }
    }

    /// Waits until the client is connected.
    ///
    /// - Parameter timeout: how long; nil: ``Configuration/timeout``.
    /// - Throws: ``RealtimeError/disconnected`` if it is given up, ``RealtimeError/timeout``, ``RealtimeError/cancelled``.
    public func ready(timeout: Duration? = nil) async throws(RealtimeError) {
        _ = try await driver.ask(nil, timeout: timeout)
    }

    /// Whether there is a connection.
    public var state: State { driver.run { machine, _ in machine.state } }

    /// The state now, and every later one, until the client is let go of. Who does not read for long misses older ones, not the newest.
    public var states: AsyncStream<State> { driver.states() }

    /// The id of the connection, given by the server; empty while there is none.
    public var id: String { driver.run { machine, _ in machine.clientID } }

    /// What happens to the connection, messages of the server, and what happens in the channels that the server has subscribed this client to.
    ///
    /// Events wait for their reader from the beginning on, up to ``Configuration/maxBufferedEvents`` and ``Configuration/maxBufferedBytes``. If nobody reads
    /// for longer, later ones are left out; once half of them are read, the client connects anew to recover what is recoverable in those channels, and
    /// says that the rest was ``Event/missed(channel:)``. Several readers share the events. The sequence ends once the client is disconnected, and when
    /// the task is cancelled.
    public var events: Events { Events(client: self) }

    // MARK: Subscriptions

    /// Follows a channel, as soon as there is a connection. There is one subscription to a channel: a second call gives it again (its options stay).
    ///
    /// - Throws: ``RealtimeError/badData(_:)`` for a name that no channel can have, ``RealtimeError/overLimit(_:)`` for too many.
    @discardableResult
    public func subscribe(
        _ channel: String, _ options: SubscriptionOptions = SubscriptionOptions()
    ) throws(RealtimeError) -> Subscription {
        let result = driver.run { machine, now -> Result<SubscriptionKey, RealtimeError> in
            do throws(RealtimeError) { return .success(try machine.subscribe(channel, options, at: now)) } catch { return .failure(error) }
        }
        return Subscription(client: self, key: try result.get())
    }
}
