import Logging
import NIOCore
import NIOEmbedded
import WebSocketDeflate
import WebSocketProtocol
import WebSocketTesting

@testable import WebSocketNIO

/// A connection whose peer, channel and clock are the test.
///
/// ```swift
/// let socket = try EmbeddedSocket()
/// try socket.receive(.text("Hello"))
/// #expect(try socket.sent() == [.text("Hello")])
/// ```
final class EmbeddedSocket {
    let channel: EmbeddedChannel
    let loop: EmbeddedEventLoop
    let valve: Valve
    let delegate: RecordingDelegate
    let connection: WebSocketConnection
    private let peerRole: WebSocketRole

    init(
        _ role: WebSocketRole = .server, configuration: WebSocketConfiguration = .quiet, deflate: DeflateParameters? = nil,
        on loop: EmbeddedEventLoop = EmbeddedEventLoop(),
        logger: Logger = Logger(label: "test", factory: { _ in SwiftLogNoOpLogHandler() }),
        delegate: RecordingDelegate = RecordingDelegate()
    ) throws {
        self.loop = loop
        self.delegate = delegate
        peerRole = role == .server ? .client : .server
        valve = Valve()
        channel = EmbeddedChannel(handler: valve, loop: loop)
        try channel.connect(to: SocketAddress(unixDomainSocketPath: "test")).wait()
        connection = try WebSocketConnection.install(
            in: channel, role: role, configuration: configuration, handshake: NegotiatedHandshake(deflate: deflate), logger: logger,
            delegate: delegate)
    }

    deinit {
        // Embedded channels complain of promises that nobody keeps.
        valve.open()
        if channel.isActive { channel.close(promise: nil) }
        loop.run()
    }

    // MARK: The peer

    /// The peer's frames come, all in one read; then the loop runs to the end of its turn.
    func receive(_ frames: RawFrame...) throws {
        try receive(bytes: frames.flatMap { $0.bytes(from: peerRole) })
    }

    func receive(bytes: [UInt8]) throws {
        try channel.writeInbound(ByteBuffer(bytes: bytes))
        loop.run()
    }

    /// As ``receive(_:)``, but the read is not over.
    func beginReading(_ frames: RawFrame...) {
        channel.pipeline.syncOperations.fireChannelRead(NIOAny(ByteBuffer(bytes: frames.flatMap { $0.bytes(from: peerRole) })))
    }

    func endReading() {
        channel.pipeline.syncOperations.fireChannelReadComplete()
    }

    func endInput() {
        channel.pipeline.syncOperations.fireUserInboundEventTriggered(ChannelEvent.inputClosed)
        loop.run()
    }

    /// What the peer got since the last call, as whole frames.
    func sent() throws -> [RawFrame] {
        loop.run()
        return try RawFrame.read(valve.takeBytes()).map { frame in
            guard (frame.key != nil) == (peerRole == .server) else { throw Unexpected("\(frame) is masked wrongly") }
            return frame.plain
        }
    }

    /// The bytes of each write since the last call.
    func writes() -> [Int] {
        loop.run()
        return valve.takeWrites()
    }

    // MARK: The clock and the channel

    func advance(by time: TimeAmount) {
        loop.advanceTime(by: time)
    }

    /// Whether reads are held back, by the channel's own option.
    var isReading: Bool {
        channel.options.last { $0.option is ChannelOptions.Types.AutoReadOption }?.value as? Bool ?? true
    }

    var isClosed: Bool { !channel.isActive }
}
