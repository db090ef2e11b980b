// A client of HTTP/2 by NIOHTTP2, whose streams are `RawClient`s: what they send and receive are the bytes of DATA frames.

import NIOCore
import NIOHPACK
import NIOHTTP2
import NIOPosix
import NIOSSL
import ServerTestSupport
import Synchronization

final class HTTP2Client: Sendable {
    let channel: any Channel
    private let multiplexer: NIOHTTP2Handler.StreamMultiplexer
    private let root: RootFrames

    private init(channel: any Channel, multiplexer: NIOHTTP2Handler.StreamMultiplexer, root: RootFrames) {
        self.channel = channel
        self.multiplexer = multiplexer
        self.root = root
    }

    deinit {
        channel.close(promise: nil)
    }

    static func connect(port: Int) async throws -> HTTP2Client {
        var tls = try TestCertificate.names.trustingClient()
        tls.applicationProtocols = ["h2"]
        let context = try NIOSSLContext(configuration: tls)
        let root = RootFrames()
        return try await ClientBootstrap(group: .singletonMultiThreadedEventLoopGroup)
            .connect(host: "127.0.0.1", port: port) { channel in
                channel.eventLoop.makeCompletedFuture {
                    try channel.pipeline.syncOperations.addHandler(NIOSSLClientHandler(context: context, serverHostname: "localhost"))
                    let multiplexer = try channel.pipeline.syncOperations.configureHTTP2Pipeline(
                        mode: .client, connectionConfiguration: .init(), streamConfiguration: .init()
                    ) { $0.eventLoop.makeSucceededVoidFuture() }
                    try channel.pipeline.syncOperations.addHandler(RootCollector(root))
                    return HTTP2Client(channel: channel, multiplexer: multiplexer, root: root)
                }
            }
    }

    /// The server's settings.
    func settings() async throws -> HTTP2Settings { try await root.settings(on: channel) }

    var wentAway: Bool { root.wentAway }

    /// Opens a stream with a request.
    func open(_ headers: HPACKHeaders, endStream: Bool = false) async throws -> HTTP2ClientStream {
        // RFC 8441 §3: not before the server's settings allow it.
        _ = try await settings()
        let headersPromise = channel.eventLoop.makePromise(of: HPACKHeaders.self)
        let client = Mutex<RawClient?>(nil)
        let stream = try await multiplexer.createStreamChannel { stream in
            stream.eventLoop.makeCompletedFuture {
                try stream.pipeline.syncOperations.addHandler(ClientStreamCodec(headersPromise))
                let new = try RawClient.install(in: stream)
                client.withLock { $0 = new }
            }
        }.get()
        try await stream.writeAndFlush(HTTP2Frame.FramePayload.headers(.init(headers: headers, endStream: endStream))).get()
        guard let raw = client.withLock({ $0 }) else { throw ChannelError.eof }
        return HTTP2ClientStream(raw: raw, response: headersPromise.futureResult, connection: self)
    }

    /// An extended CONNECT (RFC 8441 §5.1).
    static func connectRequest(_ path: String = "/echo", _ more: HPACKHeaders = [:]) -> HPACKHeaders {
        // Pseudo-fields come first, so those that are to be changed keep their places.
        let usual: HPACKHeaders = [
            ":method": "CONNECT", ":protocol": "websocket", ":scheme": "https", ":path": path, ":authority": "localhost",
            "sec-websocket-version": "13",
        ]
        var headers = HPACKHeaders()
        for (name, value, _) in usual { headers.add(name: name, value: more.first(name: name) ?? value) }
        for (name, value, _) in more where !usual.contains(name: name) { headers.add(name: name, value: value) }
        return headers
    }

    static func getRequest(_ path: String) -> HPACKHeaders {
        [":method": "GET", ":scheme": "https", ":path": path, ":authority": "localhost"]
    }
}

struct HTTP2ClientStream: Sendable {
    let raw: RawClient
    let response: EventLoopFuture<HPACKHeaders>
    let connection: HTTP2Client

    func status() async throws -> String? { try await response.get().first(name: ":status") }
}

/// What came on stream 0.
private final class RootFrames: Sendable {
    private struct State {
        var settings: HTTP2Settings?
        var waiting: [EventLoopPromise<HTTP2Settings>] = []
        var wentAway = false
    }

    private let state = Mutex(State())

    var wentAway: Bool { state.withLock { $0.wentAway } }

    func settings(on channel: any Channel) async throws -> HTTP2Settings {
        let promise = channel.eventLoop.makePromise(of: HTTP2Settings.self)
        let known = state.withLock { state in
            if state.settings == nil { state.waiting.append(promise) }
            return state.settings
        }
        if let known { promise.succeed(known) }
        return try await promise.futureResult.get()
    }

    func received(_ payload: HTTP2Frame.FramePayload) {
        switch payload {
        case .settings(.settings(let settings)):
            let waiting = state.withLock { state in
                state.settings = settings
                defer { state.waiting = [] }
                return state.waiting
            }
            for promise in waiting { promise.succeed(settings) }
        case .goAway:
            state.withLock { $0.wentAway = true }
        default:
            break
        }
    }

    func end() {
        let waiting = state.withLock { state in
            defer { state.waiting = [] }
            return state.waiting
        }
        for promise in waiting { promise.fail(ChannelError.eof) }
    }
}

private final class RootCollector: ChannelInboundHandler {
    typealias InboundIn = HTTP2Frame

    private let root: RootFrames

    init(_ root: RootFrames) {
        self.root = root
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        root.received(Self.unwrapInboundIn(data).payload)
    }

    func channelInactive(context: ChannelHandlerContext) {
        root.end()
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        context.close(promise: nil)
    }
}

/// DATA frames ⇄ bytes; the response's headers go to a promise.
private final class ClientStreamCodec: ChannelDuplexHandler {
    typealias InboundIn = HTTP2Frame.FramePayload
    typealias InboundOut = ByteBuffer
    typealias OutboundIn = ByteBuffer
    typealias OutboundOut = HTTP2Frame.FramePayload

    private let headers: EventLoopPromise<HPACKHeaders>
    private var isOpen = false

    init(_ headers: EventLoopPromise<HPACKHeaders>) {
        self.headers = headers
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        switch Self.unwrapInboundIn(data) {
        case .headers(let frame):
            headers.succeed(frame.headers)
            if frame.endStream { context.fireUserInboundEventTriggered(ChannelEvent.inputClosed) }
        case .data(let frame):
            if case .byteBuffer(let bytes) = frame.data { context.fireChannelRead(Self.wrapInboundOut(bytes)) }
            if frame.endStream { context.fireUserInboundEventTriggered(ChannelEvent.inputClosed) }
        default:
            break
        }
    }

    func channelInactive(context: ChannelHandlerContext) {
        headers.fail(ChannelError.eof)
        context.fireChannelInactive()
    }

    func write(context: ChannelHandlerContext, data: NIOAny, promise: EventLoopPromise<Void>?) {
        guard isOpen else {
            isOpen = true
            return context.write(data, promise: promise)
        }
        context.write(Self.wrapOutboundOut(.data(.init(data: .byteBuffer(Self.unwrapOutboundIn(data))))), promise: promise)
    }

    func close(context: ChannelHandlerContext, mode: CloseMode, promise: EventLoopPromise<Void>?) {
        guard mode == .output else { return context.close(mode: mode, promise: promise) }
        context.writeAndFlush(Self.wrapOutboundOut(.data(.init(data: .byteBuffer(ByteBuffer()), endStream: true))), promise: promise)
    }
}
