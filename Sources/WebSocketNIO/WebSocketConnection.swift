// Strategy: one object is the whole of a socket on its event loop. Bytes come from the channel handler into the protocol machine; events go
// to the delegate; frames gather in `output` and leave in one write for each read event, or at the end of the loop's turn.
//
//   WebSocketConnection+Input.swift    bytes → machine → delegate; holding reads back
//   WebSocketConnection+Output.swift   frames → descriptor or channel; the queue of a slow peer
//   WebSocketConnection+Life.swift     opening, deadlines, the ways to end

public import Logging
public import NIOCore
import Synchronization
public import WebSocketDeflate
public import WebSocketProtocol

/// What the opening handshake agreed to.
public struct NegotiatedHandshake: Sendable {
    public var subprotocol: String?
    public var deflate: DeflateParameters?

    public init(subprotocol: String? = nil, deflate: DeflateParameters? = nil) {
        self.subprotocol = subprotocol
        self.deflate = deflate
    }
}

/// What carries the bytes of a socket.
public enum WebSocketTransport: Hashable, Sendable {
    /// A TCP or Unix domain socket whose bytes are the channel's bytes: small writes may go straight to its descriptor.
    case plainSocket
    /// TLS by NIOSSL over such a socket.
    case tls
    /// Anything else: a stream of HTTP/2, a channel of a test.
    case channel
}

/// A socket on its event loop, without a task and without a lock: for ``WebSocketDelegate``s.
///
/// Not `Sendable`: every use is on ``eventLoop``. Other tasks and threads use its ``webSocket``.
public final class WebSocketConnection {
    // What is touched on the event loop only has `@exclusivity(unchecked)`, which spares a check at each of the dozen touches of a message. No
    // overlap is possible: the functions of the machine and of ByteBuffer that these are passed to call nothing of ours back, but for the
    // compressor, which knows no connection.

    // A broadcast touches these, of a thousand sockets one after the other: they lie together, for the sake of the cache.
    let channel: any Channel
    let loop: LoopContext
    let maxBufferedBytes: Int
    @exclusivity(unchecked) var descriptor: CInt = -1
    /// Whether permessage-deflate was agreed on.
    public let isCompressed: Bool
    @exclusivity(unchecked) var isOver = false
    @exclusivity(unchecked) var isInReadEvent = false
    /// The staging area holds frames of this socket.
    @exclusivity(unchecked) var isStaging = false
    @exclusivity(unchecked) var isFlushScheduled = false
    @exclusivity(unchecked) var output = ByteBuffer()
    @exclusivity(unchecked) var queue: [ByteBuffer] = []
    @exclusivity(unchecked) var queuedBytes = 0
    @exclusivity(unchecked) var bytesInFlight = 0
    @exclusivity(unchecked) var memberships: [RoomMembership] = []
    /// Messages sent that the statistics don't know of yet.
    @exclusivity(unchecked) var uncounted = 0
    /// The longest message since the peer fell behind.
    @exclusivity(unchecked) var longestWaiting = 0
    let compressor: DeflateCodec?
    @exclusivity(unchecked) var machine: WebSocketMachine

    /// A number that no other socket of this process has.
    public let id: UInt64
    /// The subprotocol that was agreed on.
    public let subprotocol: String?
    let settings: SocketSettings
    let logger: Logger
    let staging: StagingArea
    let transport: WebSocketTransport
    /// A server without compression: its frames are a header and the payload.
    let isPlainServer: Bool
    /// Whether nothing is read while too much waits to be sent.
    let holdsReadsWhenSlow: Bool

    @exclusivity(unchecked) var delegate: (any WebSocketDelegate)?
    @exclusivity(unchecked) var context: ChannelHandlerContext?
    @exclusivity(unchecked) var loopIndex = -1
    /// Kept while the socket is open: the application may hold it no more and still read from it.
    @exclusivity(unchecked) var handle: WebSocket?

    // Input
    @exclusivity(unchecked) var isPausedByApplication = false
    @exclusivity(unchecked) var isPausedByOutput = false
    @exclusivity(unchecked) var isReadHeldBack = false

    // Output
    @exclusivity(unchecked) var isHandingOver = false
    @exclusivity(unchecked) var isTakingFromOutbox = false
    /// The channel could not write all that it was given, and what waits since then is not all sent.
    @exclusivity(unchecked) var isBehind = false
    /// The channel is a socket of the kernel's, whatever lies between it and us.
    @exclusivity(unchecked) var isSocket = false
    @exclusivity(unchecked) var deferred: [DeferredMessage] = []
    @exclusivity(unchecked) var deferredBytes = 0
    @exclusivity(unchecked) var stall: WriteStall?

    // Life
    @exclusivity(unchecked) var hasHalfClosed = false
    @exclusivity(unchecked) var isClosingChannel = false
    @exclusivity(unchecked) var violation: ProtocolViolation?

    private static let lastID = Atomic<UInt64>(0)

    /// Where in the keepalive interval a socket is first pinged: multiples of the golden ratio lie evenly between 0 and 1, however many
    /// there are, and cost no system call for randomness.
    private static func phase(of id: UInt64) -> Double {
        Double((id &* 0x9e37_79b9_7f4a_7c15) >> 11) / Double(1 << 53 as UInt64)
    }

    init(
        channel: any Channel, role: WebSocketRole, settings: SocketSettings, handshake: NegotiatedHandshake,
        transport: WebSocketTransport, logger: Logger, delegate: (any WebSocketDelegate)?
    ) {
        let loop = LoopContext.of(channel.eventLoop)
        let codec = handshake.deflate.map { parameters in
            DeflateCodec(role: role, parameters: parameters, configuration: settings.configuration.compression ?? DeflateConfiguration())
        }
        self.id = Self.lastID.wrappingAdd(1, ordering: .relaxed).newValue
        self.subprotocol = handshake.subprotocol
        self.isCompressed = codec != nil
        self.channel = channel
        self.settings = settings
        self.maxBufferedBytes = settings.configuration.maxBufferedBytes
        self.isPlainServer = role == .server && codec == nil
        self.holdsReadsWhenSlow = role == .server && delegate != nil
        self.logger = logger
        self.loop = loop
        self.staging = loop.staging
        self.transport = transport
        self.compressor = codec
        self.delegate = delegate
        self.machine = WebSocketMachine(
            role: role,
            settings: settings.machine,
            compressor: codec,
            now: MonotonicTime(nanoseconds: channel.eventLoop.now.uptimeNanoseconds),
            phase: Self.phase(of: id)
        )
    }

    /// The loop on which everything of this socket happens.
    public var eventLoop: any EventLoop { channel.eventLoop }

    /// The peer's address, as far as the transport knows it.
    public var remoteAddress: SocketAddress? { channel.remoteAddress }

    /// Whether messages can be sent: the socket is neither closed nor closing.
    public var isOpen: Bool { machine.isOpen && !isOver }

    /// Whether what is sent now leaves at once, rather than wait for a peer that is slow to read.
    public var isWritable: Bool { bytesInFlight == 0 && isOpen }

    /// The bytes that wait to be sent.
    public var bufferedBytes: Int { queuedBytes + output.readableBytes + bytesInFlight + (isStaging ? staging.count : 0) }

    var deflateConfiguration: DeflateConfiguration { settings.configuration.compression ?? DeflateConfiguration() }

    /// The handle for other tasks.
    public var webSocket: WebSocket {
        if let handle { return handle }
        let new = WebSocket(connection: self, inbox: nil)
        // The two hold each other until the transport is gone, and no longer.
        if context != nil { handle = new }
        return new
    }
}

extension WebSocketConnection {
    /// Puts the engine into a channel whose opening handshake is over. For adapters of HTTP servers and clients.
    ///
    /// The handlers before it must deliver `ByteBuffer`s and take them. Bytes that came along with the handshake are fired as a
    /// `channelRead` and a `channelReadComplete` after this call. Must be called on the channel's event loop.
    ///
    /// - Parameters:
    ///   - channel: the connection.
    ///   - position: where in the pipeline; nil: at its end.
    ///   - role: which end of the connection this is.
    ///   - configuration: what the socket may do.
    ///   - handshake: what the opening handshake agreed to.
    ///   - transport: what carries the bytes.
    ///   - logger: gets a line at debug level for each way to end.
    ///   - delegate: gets the events; nil for the asynchronous API: take ``webSocket`` then.
    /// - Throws: what adding a handler to the pipeline throws, such as `ChannelError.ioOnClosedChannel`.
    @discardableResult
    public static func install(
        in channel: any Channel,
        position: ChannelPipeline.SynchronousOperations.Position? = nil,
        role: WebSocketRole,
        configuration: WebSocketConfiguration = WebSocketConfiguration(),
        handshake: NegotiatedHandshake = NegotiatedHandshake(),
        transport: WebSocketTransport = .channel,
        logger: Logger = Logger(label: "WebSocket", factory: { _ in SwiftLogNoOpLogHandler() }),
        delegate: (any WebSocketDelegate)?
    ) throws -> WebSocketConnection {
        try install(
            in: channel, position: position, role: role, settings: SocketSettings(configuration), handshake: handshake,
            transport: transport, logger: logger, delegate: delegate)
    }

    /// The same with settings that are shared by many sockets.
    package static func install(
        in channel: any Channel, position: ChannelPipeline.SynchronousOperations.Position?, role: WebSocketRole,
        settings: SocketSettings, handshake: NegotiatedHandshake, transport: WebSocketTransport, logger: Logger,
        delegate: (any WebSocketDelegate)?
    ) throws -> WebSocketConnection {
        channel.eventLoop.preconditionInEventLoop()
        let connection = WebSocketConnection(
            channel: channel, role: role, settings: settings, handshake: handshake, transport: transport, logger: logger,
            delegate: delegate)
        let handler = WebSocketChannelHandler(connection: connection)
        do {
            try channel.pipeline.syncOperations.addHandler(handler, position: position ?? .last)
        } catch {
            connection.loop.forgetIfUnused()
            throw error
        }
        if delegate == nil {
            let inbox = MessageInbox(connection: connection)
            connection.delegate = inbox
            connection.handle = WebSocket(connection: connection, inbox: inbox)
        }
        connection.open()
        return connection
    }
}
