import Logging
import NIOCore
import Synchronization

/// Takes the PROXY header off a connection, before TLS and HTTP. The first handler of the connection's pipeline until then.
///
/// A connection without one is closed without an answer: whoever may speak for others must always do so, or a client could by leaving it to him. How
/// long the header may take is the handshake's time.
final class ProxyHeaderHandler: ChannelInboundHandler, RemovableChannelHandler {
    typealias InboundIn = ByteBuffer
    typealias InboundOut = ByteBuffer

    private let logger: Logger
    private let admit: (IPAddress?) -> Bool
    private var received = ByteBuffer()
    private var isOver = false

    /// - Parameter admit: told the client that the header names; nil: it names none. False ends the connection.
    init(logger: Logger, admit: @escaping (IPAddress?) -> Bool) {
        self.logger = logger
        self.admit = admit
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        guard !isOver else { return }
        var bytes = Self.unwrapInboundIn(data)
        received.writeBuffer(&bytes)
        switch ProxyHeader.read(received.readableBytesView) {
        case .incomplete: break
        case .invalid(let why): end(why, context)
        case .complete(let header, let count): begin(header, count, context)
        }
    }

    private func begin(_ header: ProxyHeader, _ count: Int, _ context: ChannelHandlerContext) {
        isOver = true
        let client: IPAddress? = if case .client(let address) = header { address } else { nil }
        guard admit(client) else { return context.close(promise: nil) }
        received.moveReaderIndex(forwardBy: count)
        let rest = received
        received = ByteBuffer()
        // What follows is read after this handler is gone: it may make the pipeline anew.
        if rest.readableBytes > 0 { context.fireChannelRead(Self.wrapInboundOut(rest)) }
        context.fireChannelReadComplete()
        context.pipeline.syncOperations.removeHandler(context: context, promise: nil)
    }

    private func end(_ why: String, _ context: ChannelHandlerContext) {
        isOver = true
        logger.debug("a connection without its PROXY header", metadata: ["why": "\(why)"])
        context.close(promise: nil)
    }
}

/// The clients that PROXY headers have named, by their connections. Empty where no such headers are read.
final class NamedClients: Sendable {
    private let clients = Mutex<[ObjectIdentifier: IPAddress]>([:])

    func add(_ address: IPAddress, _ channel: any Channel) {
        clients.withLock { $0[ObjectIdentifier(channel)] = address }
        channel.closeFuture.whenComplete { [self] _ in
            _ = clients.withLock { $0.removeValue(forKey: ObjectIdentifier(channel)) }
        }
    }

    /// Of HTTP/2, the channel may be a stream.
    func client(of channel: any Channel) -> IPAddress? {
        let names = [channel, channel.parent].compactMap { $0.map { ObjectIdentifier($0) } }
        return clients.withLock { clients in
            for name in names {
                if let client = clients[name] { return client }
            }
            return nil
        }
    }
}
