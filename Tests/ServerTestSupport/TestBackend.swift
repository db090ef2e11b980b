import NIOCore
import NIOPosix
import Synchronization

/// An HTTP backend on a port of its own that answers as it is told, be that right or wrong.
public final class TestBackend: Sendable {
    public struct Request: Sendable {
        public var path: String
        public var fields: [String: String]
        public var body: String

        public subscript(field: String) -> String? { fields[field.lowercased()] }
    }

    public enum Answer: Sendable {
        /// 200 with JSON.
        case json(String)
        case status(Int, String = "", fields: String = "")
        /// Whatever it is.
        case raw(String)
        /// Nothing, for ever.
        case silence
        /// The connection is cut.
        case reset
        /// A head that promises a body, and a byte of it now and then.
        case drip
        /// A body without end.
        case endless
    }

    private let channel: any Channel
    private let log: Log
    private let box: Box

    final class Log: Sendable {
        let requests = Mutex<[Request]>([])
        let connections = Mutex<Set<ObjectIdentifier>>([])
    }

    /// - Parameters:
    ///   - port: 0: a free one.
    ///   - answer: what each request is answered with.
    public init(port: Int = 0, _ answer: @escaping @Sendable (Request) -> Answer) async throws {
        let log = Log()
        self.log = log
        let box = Box(answer)
        channel = try await ServerBootstrap(group: MultiThreadedEventLoopGroup.singleton)
            .serverChannelOption(.socketOption(.so_reuseaddr), value: 1)
            .childChannelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    try channel.pipeline.syncOperations.addHandler(BackendHandler(log, box))
                }
            }
            .bind(host: "127.0.0.1", port: port).get()
        self.box = box
    }

    final class Box: Sendable {
        let answer: Mutex<@Sendable (Request) -> Answer>
        init(_ answer: @escaping @Sendable (Request) -> Answer) { self.answer = Mutex(answer) }
    }

    public var port: Int { channel.localAddress?.port ?? 0 }
    public var url: String { "http://127.0.0.1:\(port)" }

    /// What has come, in its order.
    public var requests: [Request] { log.requests.withLock { $0 } }
    public var connections: Int { log.connections.withLock { $0.count } }

    public func replace(_ answer: @escaping @Sendable (Request) -> Answer) { box.answer.withLock { $0 = answer } }

    public func stop() async throws { try await channel.close() }
}

/// Reads requests with a length, as our client sends them.
private final class BackendHandler: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer
    typealias OutboundOut = ByteBuffer

    private let log: TestBackend.Log
    private let box: TestBackend.Box
    private var buffer = ByteBuffer()

    init(_ log: TestBackend.Log, _ box: TestBackend.Box) {
        self.log = log
        self.box = box
    }

    func channelActive(context: ChannelHandlerContext) {
        _ = log.connections.withLock { $0.insert(ObjectIdentifier(context.channel)) }
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        var bytes = unwrapInboundIn(data)
        buffer.writeBuffer(&bytes)
        while let request = next() {
            log.requests.withLock { $0.append(request) }
            act(box.answer.withLock { $0 }(request), context)
        }
    }

    private func next() -> TestBackend.Request? {
        let text = String(buffer: buffer)
        guard let end = text.firstRange(of: "\r\n\r\n") else { return nil }
        let lines = text[..<end.lowerBound].split(separator: "\r\n")
        var fields: [String: String] = [:]
        for line in lines.dropFirst() {
            let parts = line.split(separator: ":", maxSplits: 1)
            fields[parts[0].lowercased(), default: ""] += parts.count > 1 ? parts[1].trimmingPrefix(" ") : ""
        }
        let head = text[..<end.upperBound].utf8.count
        let length = Int(fields["content-length"] ?? "0") ?? 0
        guard buffer.readableBytes >= head + length else { return nil }
        buffer.moveReaderIndex(forwardBy: head)
        let body = buffer.readString(length: length) ?? ""
        let path = lines.first.map { $0.split(separator: " ").dropFirst().first.map(String.init) ?? "" } ?? ""
        return TestBackend.Request(path: path, fields: fields, body: body)
    }

    private func act(_ answer: TestBackend.Answer, _ context: ChannelHandlerContext) {
        switch answer {
        case .json(let body):
            write("HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: \(body.utf8.count)\r\n\r\n\(body)", context)
        case .status(let code, let body, let fields):
            write("HTTP/1.1 \(code) x\r\n\(fields)content-length: \(body.utf8.count)\r\n\r\n\(body)", context)
        case .raw(let text): write(text, context)
        case .silence: break
        case .reset: context.close(promise: nil)
        case .drip:
            write("HTTP/1.1 200 OK\r\ncontent-length: 1000\r\n\r\n{", context)
            let channel = context.channel
            context.eventLoop.scheduleRepeatedTask(initialDelay: .milliseconds(50), delay: .milliseconds(50)) { task in
                guard channel.isActive else { return task.cancel() }
                channel.writeAndFlush(ByteBuffer(string: " "), promise: nil)
            }
        case .endless:
            write("HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n", context)
            let channel = context.channel
            let chunk = ByteBuffer(string: "10000\r\n" + String(repeating: " ", count: 0x10000) + "\r\n")
            context.eventLoop.scheduleRepeatedTask(initialDelay: .zero, delay: .milliseconds(1)) { task in
                guard channel.isActive else { return task.cancel() }
                if channel.isWritable { channel.writeAndFlush(chunk, promise: nil) }
            }
        }
    }

    private func write(_ text: String, _ context: ChannelHandlerContext) {
        context.writeAndFlush(wrapOutboundOut(ByteBuffer(string: text)), promise: nil)
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) { context.close(promise: nil) }
}
