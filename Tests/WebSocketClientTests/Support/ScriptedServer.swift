// A server that speaks HTTP by hand: it reads one request head as text, asks a script what to do, and does that to the byte. So a test can answer
// anything, however wrong, in whatever pieces; or have our engine in the server's role take the connection over.

import NIOCore
import NIOPosix
import NIOSSL
import Synchronization
import WebSocketNIO
import WebSocketProtocol

/// What the server got.
struct ReceivedRequest: Sendable {
    let head: String

    var requestLine: String { self.head.split(separator: "\r\n").first.map(String.init) ?? "" }

    /// The value of a field that comes once.
    subscript(_ name: String) -> String? {
        let prefix = name.lowercased() + ":"
        let lines = self.head.split(separator: "\r\n").filter { $0.lowercased().hasPrefix(prefix) }
        guard lines.count == 1, let line = lines.first else { return nil }
        return line.dropFirst(prefix.count).trimmingPrefix { $0 == " " }.description
    }

    /// The Sec-WebSocket-Accept that belongs to this request.
    var accept: String { testAccept(for: self["Sec-WebSocket-Key"] ?? "") }

    /// A correct answer, with more fields.
    func switching(_ fields: String = "") -> String {
        "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: \(self.accept)\r\n\(fields)\r\n"
    }
}

/// What the server does next.
enum ServerStep: Sendable {
    case write(String)
    case writeBytes([UInt8])
    /// Our engine, echoing. Its bytes must come after a `write` of the 101.
    case echo
    /// Our engine with another delegate.
    case engine(WebSocketConfiguration, NegotiatedHandshake, @Sendable () -> any WebSocketDelegate)
    /// Connects to another server and copies bytes both ways (a proxy).
    case tunnel(port: Int)
    case close
    /// Ends our side of the stream only.
    case closeOutput
    /// Reads another request on the same connection.
    case nextRequest
}

final class ScriptedServer: Sendable {
    typealias Script = @Sendable (ReceivedRequest) -> [ServerStep]

    let port: Int
    private let channel: any Channel
    private let log: RequestLog

    /// Runs a server for as long as `body` runs.
    static func run<Result: Sendable>(
        tls: TLSConfiguration? = nil, script: @escaping Script, _ body: (ScriptedServer) async throws -> Result
    ) async throws -> Result {
        let server = try await ScriptedServer(tls: tls, script: script)
        do {
            let result = try await body(server)
            try await server.channel.close()
            return result
        } catch {
            try? await server.channel.close()
            throw error
        }
    }

    private init(tls: TLSConfiguration?, script: @escaping Script) async throws {
        let context = try tls.map { try NIOSSLContext(configuration: $0) }
        let log = RequestLog()
        self.log = log
        self.channel = try await ServerBootstrap(group: .singletonMultiThreadedEventLoopGroup)
            .serverChannelOption(.socketOption(.so_reuseaddr), value: 1)
            .childChannelOption(.allowRemoteHalfClosure, value: true)
            .childChannelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    let pipeline = channel.pipeline.syncOperations
                    if let context { try pipeline.addHandler(NIOSSLServerHandler(context: context)) }
                    try pipeline.addHandler(ScriptHandler(script: script, log: log, isSecure: context != nil))
                }
            }
            .bind(host: "127.0.0.1", port: 0)
            .get()
        self.port = self.channel.localAddress?.port ?? 0
    }

    var url: String { "ws://127.0.0.1:\(self.port)/path?query" }
    var requests: [ReceivedRequest] { self.log.requests.withLock { $0 } }
    /// How many connections were made, and how many of them have ended.
    var connections: Int { self.log.connections.withLock { $0 } }
    var ended: Int { self.log.ended.withLock { $0 } }
}

final class RequestLog: Sendable {
    let requests = Mutex<[ReceivedRequest]>([])
    let connections = Mutex(0)
    let ended = Mutex(0)
}

final class ScriptHandler: ChannelInboundHandler, RemovableChannelHandler {
    typealias InboundIn = ByteBuffer
    typealias OutboundOut = ByteBuffer

    private let script: ScriptedServer.Script
    private let log: RequestLog
    private let isSecure: Bool
    private var pending = ""
    private var isReading = true
    private var tunnel: (any Channel)?
    private var isOpeningTunnel = false
    private var early: [UInt8] = []

    init(script: @escaping ScriptedServer.Script, log: RequestLog, isSecure: Bool) {
        self.script = script
        self.log = log
        self.isSecure = isSecure
    }

    func channelActive(context: ChannelHandlerContext) {
        self.log.connections.withLock { $0 += 1 }
        context.fireChannelActive()
    }

    func channelInactive(context: ChannelHandlerContext) {
        self.log.ended.withLock { $0 += 1 }
        self.tunnel?.close(promise: nil)
        context.fireChannelInactive()
    }

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        if event as? ChannelEvent == .inputClosed { context.close(promise: nil) }
        context.fireUserInboundEventTriggered(event)
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        let bytes = Self.unwrapInboundIn(data)
        if let tunnel { return tunnel.writeAndFlush(bytes, promise: nil) }
        if self.isOpeningTunnel { return self.early.append(contentsOf: bytes.readableBytesView) }
        self.pending += String(buffer: bytes)
        guard self.isReading, self.pending.hasSuffix("\r\n\r\n") else { return }
        let request = ReceivedRequest(head: self.pending)
        self.pending = ""
        self.isReading = false
        self.log.requests.withLock { $0.append(request) }
        for step in self.script(request) { self.perform(step, context) }
    }

    private func perform(_ step: ServerStep, _ context: ChannelHandlerContext) {
        switch step {
        case .write(let text): context.writeAndFlush(Self.wrapOutboundOut(ByteBuffer(string: text)), promise: nil)
        case .writeBytes(let bytes): context.writeAndFlush(Self.wrapOutboundOut(ByteBuffer(bytes: bytes)), promise: nil)
        case .echo: self.install(.init(), .init(), context) { EchoDelegate() }
        case .engine(let configuration, let handshake, let delegate): self.install(configuration, handshake, context, delegate)
        case .tunnel(let port): self.open(port, context)
        case .close: context.close(promise: nil)
        case .closeOutput: context.close(mode: .output, promise: nil)
        case .nextRequest: self.isReading = true
        }
    }

    private func install(
        _ configuration: WebSocketConfiguration, _ handshake: NegotiatedHandshake, _ context: ChannelHandlerContext,
        _ delegate: () -> any WebSocketDelegate
    ) {
        do {
            try WebSocketConnection.install(
                in: context.channel, role: .server, configuration: configuration, handshake: handshake,
                transport: self.isSecure ? .tls : .plainSocket, delegate: delegate())
            context.pipeline.syncOperations.removeHandler(self, promise: nil)
        } catch {
            context.close(promise: nil)
        }
    }

    private func open(_ port: Int, _ context: ChannelHandlerContext) {
        self.isOpeningTunnel = true
        let client = NIOLoopBound(context, eventLoop: context.eventLoop)
        let me = NIOLoopBound(self, eventLoop: context.eventLoop)
        ClientBootstrap(group: context.eventLoop)
            .channelInitializer { channel in
                channel.eventLoop.makeCompletedFuture { try channel.pipeline.syncOperations.addHandler(TunnelEnd(client: client)) }
            }
            .connect(host: "127.0.0.1", port: port)
            .whenComplete { result in
                switch result {
                case .success(let channel):
                    me.value.tunnel = channel
                    channel.writeAndFlush(ByteBuffer(bytes: me.value.early), promise: nil)
                case .failure: client.value.close(promise: nil)
                }
            }
    }
}

/// The far end of a tunnel: what comes from there goes to the client.
private final class TunnelEnd: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer

    private let client: NIOLoopBound<ChannelHandlerContext>

    init(client: NIOLoopBound<ChannelHandlerContext>) {
        self.client = client
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        self.client.value.writeAndFlush(NIOAny(Self.unwrapInboundIn(data)), promise: nil)
    }

    func channelInactive(context: ChannelHandlerContext) {
        self.client.value.close(promise: nil)
    }
}

final class EchoDelegate: WebSocketDelegate {
    func received(_ payload: ByteBuffer, _ kind: MessageKind, on socket: WebSocketConnection) {
        socket.send(payload, kind)
    }
}
