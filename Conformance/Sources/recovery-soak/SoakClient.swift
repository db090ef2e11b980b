import NIOCore
import NIOPosix
import RealtimeProtocol
import WebSocketNIO
import WebSocketProtocol

/// A client that comes back whenever its connection is cut. On one event loop only.
final class SoakClient {
    private let options: Options
    private let loop: any EventLoop
    private let fault: Options.Fault?
    private let subscribes: Bool
    private(set) var checker = SoakChecker()
    private(set) var isConnected = false
    private var channel: (any NIOCore.Channel)?
    fileprivate var socket: WebSocketConnection?
    private var lastID: UInt32 = 0
    private var count = 0
    private var held: Wire.Publication?

    init(_ options: Options, on loop: any EventLoop, fault: Options.Fault?, subscribes: Bool = true) {
        self.options = options
        self.loop = loop
        self.fault = fault
        self.subscribes = subscribes
    }

    private var format: WireFormat { options.isProtobuf ? .protobuf : .json }

    func connect() {
        let client = NIOLoopBound(self, eventLoop: loop)
        ClientBootstrap(group: loop)
            .channelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    try channel.pipeline.syncOperations.addHandler(Opening(client.value, protobuf: client.value.options.isProtobuf))
                }
            }
            .connect(host: "127.0.0.1", port: options.port)
            .whenComplete { result in
                switch result {
                case .success(let channel): client.value.channel = channel
                case .failure: client.value.lost()
                }
            }
    }

    /// As a network would: without a word, and what is on its way is gone.
    func cut() {
        guard let channel else { return }
        self.channel = nil
        channel.close(promise: nil)
    }

    fileprivate func opened(_ socket: WebSocketConnection) {
        self.socket = socket
        send(.connect(Wire.ConnectRequest(name: "soak")))
        guard subscribes else { return }
        var request = Wire.SubscribeRequest(channel: options.channel, recoverable: true)
        if let position = checker.position { (request.recover, request.offset, request.epoch) = (true, position.offset, position.epoch) }
        send(.subscribe(request))
    }

    func publish(_ number: Int) {
        send(.publish(Wire.PublishRequest(channel: options.channel, data: ByteBuffer(string: "{\"number\":\(number)}"))))
    }

    private func send(_ body: Wire.Command.Body) {
        lastID &+= 1
        var batch = ByteBuffer()
        guard let socket, (try? Wire.write(Wire.Command(id: lastID, body: body), as: format, to: &batch)) != nil else { return }
        socket.send(batch, options.isProtobuf ? .binary : .text)
    }

    fileprivate func lost() {
        socket = nil
        channel = nil
        isConnected = false
        let client = NIOLoopBound(self, eventLoop: loop)
        loop.scheduleTask(in: .milliseconds(Int64.random(in: 10...250))) { client.value.connect() }
    }

    // MARK: What comes

    fileprivate func received(_ batch: ByteBuffer) {
        var reader = ReplyReader(format, batch)
        while let reply = try? reader.next() {
            switch reply.body {
            case .connect: isConnected = true
            case .subscribe(let result):
                checker.subscribed(result)
                for publication in result.publications { spoil(publication) }
            case .push(let push): received(push)
            case nil where reply.error == nil:
                socket?.send(options.isProtobuf ? ByteBuffer(bytes: [0]) : ByteBuffer(string: "{}"), options.isProtobuf ? .binary : .text)
            default: break
            }
        }
    }

    private func received(_ push: Wire.Push) {
        switch push.body {
        case .publication(let publication): spoil(publication)
        // Told that something is missing: come back for it.
        case .unsubscribe: cut()
        default: break
        }
    }

    /// What the checker must notice, if that is asked for.
    private func spoil(_ publication: Wire.Publication) {
        count += 1
        switch fault {
        case .drop where count % 50 == 0: return
        case .twice where count % 50 == 0: checker.take(publication)
        case .swap where count % 50 == 0:
            held = publication
            return
        default: break
        }
        checker.take(publication)
        if let held {
            self.held = nil
            checker.take(held)
        }
    }
}

/// The opening handshake, and then the engine.
private final class Opening: ChannelInboundHandler, RemovableChannelHandler {
    typealias InboundIn = ByteBuffer
    typealias OutboundOut = ByteBuffer

    private let client: SoakClient
    private let isProtobuf: Bool
    private var head = ByteBuffer()

    init(_ client: SoakClient, protobuf: Bool) {
        self.client = client
        self.isProtobuf = protobuf
    }

    func channelActive(context: ChannelHandlerContext) {
        let request = """
            GET /connection/websocket\(isProtobuf ? "?format=protobuf" : "") HTTP/1.1\r
            Host: 127.0.0.1\r
            Upgrade: websocket\r
            Connection: Upgrade\r
            Sec-WebSocket-Version: 13\r
            Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r
            \r

            """
        context.writeAndFlush(wrapOutboundOut(ByteBuffer(string: request)), promise: nil)
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        head.writeImmutableBuffer(unwrapInboundIn(data))
        let view = head.readableBytesView
        guard let end = view.indices.first(where: { view[$0...].starts(with: Array("\r\n\r\n".utf8)) }) else { return }
        let length = end - view.startIndex + 4
        guard let answer = head.readString(length: length), answer.hasPrefix("HTTP/1.1 101 ") else { return context.close(promise: nil) }
        do {
            try WebSocketConnection.install(
                in: context.channel, position: .after(self), role: .client, configuration: WebSocketConfiguration(limits: 4 << 20),
                transport: .plainSocket, delegate: Delegate(client))
            if head.readableBytes > 0 {
                context.fireChannelRead(NIOAny(head))
                context.fireChannelReadComplete()
            }
            context.pipeline.syncOperations.removeHandler(context: context, promise: nil)
        } catch {
            context.close(promise: nil)
        }
    }

    func channelInactive(context: ChannelHandlerContext) {
        client.lost()
    }
}

private final class Delegate: WebSocketDelegate {
    private let client: SoakClient

    init(_ client: SoakClient) { self.client = client }

    func opened(_ socket: WebSocketConnection) { client.opened(socket) }
    func received(_ payload: ByteBuffer, _ kind: MessageKind, on socket: WebSocketConnection) { client.received(payload) }
    func closed(_ socket: WebSocketConnection, _ reason: CloseReason) { client.lost() }
}

extension WebSocketConfiguration {
    fileprivate init(limits maxMessageSize: Int) {
        self.init()
        limits.maxMessageSize = maxMessageSize
    }
}
