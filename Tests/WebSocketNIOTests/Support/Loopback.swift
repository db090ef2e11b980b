import NIOCore
import NIOPosix
import Synchronization
import WebSocketDeflate
import WebSocketProtocol

@testable import WebSocketNIO

/// A server on 127.0.0.1 whose connections are sockets from their first byte on: no HTTP, the handshake is taken for granted.
final class Loopback: Sendable {
    /// What a test wants of its server, beside the defaults.
    struct Options: Sendable {
        var transport = WebSocketTransport.plainSocket
        var configuration = WebSocketConfiguration.quiet
        var handshake = NegotiatedHandshake()
        var group: any EventLoopGroup = .singletonMultiThreadedEventLoopGroup
        /// SO_SNDBUF of the server's sockets.
        var sendBuffer: Int?
        /// SO_RCVBUF of the server's sockets.
        var receiveBuffer: Int?
        /// Nil: the sockets come out of ``Loopback/next()``.
        var delegate: (@Sendable () -> any WebSocketDelegate)?

        /// A peer that does not read is soon noticed.
        mutating func useSmallBuffers() {
            sendBuffer = 16_384
            configuration.maxBufferedBytes = 100_000
        }
    }

    private let listener: any Channel
    private let accepted: AsyncStream<WebSocket>
    let options: Options

    init(_ change: (inout Options) -> Void = { _ in }) async throws {
        var options = Options()
        change(&options)
        let final = options
        let (accepted, continuation) = AsyncStream.makeStream(of: WebSocket.self)
        self.accepted = accepted
        self.options = final
        var bootstrap = ServerBootstrap(group: final.group)
            .serverChannelOption(.socketOption(.so_reuseaddr), value: 1)
            .childChannelOption(.allowRemoteHalfClosure, value: true)
            .childChannelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    let connection = try WebSocketConnection.install(
                        in: channel, role: .server, configuration: final.configuration, handshake: final.handshake,
                        transport: final.transport, delegate: final.delegate?())
                    if final.delegate == nil { continuation.yield(connection.webSocket) }
                }
            }
        if let size = final.receiveBuffer {
            bootstrap = bootstrap.serverChannelOption(.socketOption(.so_rcvbuf), value: .init(size))
        }
        if let size = final.sendBuffer { bootstrap = bootstrap.childChannelOption(.socketOption(.so_sndbuf), value: .init(size)) }
        listener = try await bootstrap.bind(host: "127.0.0.1", port: 0).get()
    }

    var port: Int { listener.localAddress?.port ?? 0 }

    /// The socket of the next connection.
    func next() async throws -> WebSocket {
        for await socket in accepted { return socket }
        throw CancellationError()
    }

    /// Connects the engine as a client.
    func connect(
        configuration: WebSocketConfiguration = .quiet, handshake: NegotiatedHandshake? = nil, receiveBuffer: Int? = nil,
        sendBuffer: Int? = nil, delegate: (@Sendable () -> any WebSocketDelegate)? = nil
    ) async throws -> WebSocket {
        var bootstrap = ClientBootstrap(group: options.group).channelOption(.allowRemoteHalfClosure, value: true)
        if let receiveBuffer { bootstrap = bootstrap.channelOption(.socketOption(.so_rcvbuf), value: .init(receiveBuffer)) }
        if let sendBuffer { bootstrap = bootstrap.channelOption(.socketOption(.so_sndbuf), value: .init(sendBuffer)) }
        let options = options
        return try await bootstrap.connect(host: "127.0.0.1", port: port) { channel in
            channel.eventLoop.makeCompletedFuture {
                try WebSocketConnection.install(
                    in: channel, role: .client, configuration: configuration, handshake: handshake ?? options.handshake,
                    transport: options.transport, delegate: delegate?()
                ).webSocket
            }
        }
    }

    /// Both ends of a connection, for the asynchronous API.
    func pair(client: WebSocketConfiguration = .quiet, receiveBuffer: Int? = nil, sendBuffer: Int? = nil) async throws -> (
        server: WebSocket, client: WebSocket
    ) {
        let client = try await connect(configuration: client, receiveBuffer: receiveBuffer, sendBuffer: sendBuffer)
        return (try await next(), client)
    }

    /// A socket of the server, and a peer that reads when the test says so; little waits on its way there.
    func rawPair() async throws -> (socket: WebSocket, peer: RawPeer) {
        let port = port
        async let peer = onThread { try RawPeer(port: port, receiveBuffer: 16_384) }
        return (try await next(), try await peer)
    }

    func stop() async {
        try? await listener.close()
    }

    /// Runs a test with a server, and stops it.
    static func with<Result>(_ change: (inout Options) -> Void = { _ in }, _ body: (Loopback) async throws -> Result) async throws -> Result
    {
        let server = try await Loopback(change)
        do {
            let result = try await body(server)
            await server.stop()
            return result
        } catch {
            await server.stop()
            throw error
        }
    }

    /// Runs a test with an event loop group of its own, which is over when this returns: so are its channels.
    static func withGroup<Result>(threads: Int, _ body: (any EventLoopGroup) async throws -> Result) async throws -> Result {
        let group = MultiThreadedEventLoopGroup(numberOfThreads: threads)
        do {
            let result = try await body(group)
            try await group.shutdownGracefully()
            return result
        } catch {
            try await group.shutdownGracefully()
            throw error
        }
    }
}

/// Waits until something is so that nobody tells of.
func eventually(within limit: Duration = .seconds(20), _ condition: () async -> Bool) async throws {
    let clock = ContinuousClock()
    let deadline = clock.now + limit
    while !(await condition()) {
        guard clock.now < deadline else { throw TooLate() }
        try await Task.sleep(for: .milliseconds(1))
    }
}

struct TooLate: Error {}

/// What several tasks look at.
final class Flag: Sendable {
    private let value = Atomic(false)
    var isSet: Bool { value.load(ordering: .sequentiallyConsistent) }
    func set() { value.store(true, ordering: .sequentiallyConsistent) }
}

extension WebSocket {
    /// Runs something on the loop and returns its result.
    func onLoop<Result: Sendable>(_ body: @escaping @Sendable (WebSocketConnection) -> Result) async -> Result {
        await withCheckedContinuation { continuation in
            withConnection { continuation.resume(returning: body($0)) }
        }
    }

    /// All messages up to the end.
    func all() async throws -> [WebSocketMessage] {
        var all: [WebSocketMessage] = []
        for try await message in messages { all.append(message) }
        return all
    }
}
