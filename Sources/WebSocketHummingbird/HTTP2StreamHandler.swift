// Strategy: what `UpgradeHandler` is to an HTTP/1.1 connection, this is to a stream of HTTP/2, only that a stream has one request. An extended
// CONNECT (RFC 8441 §4) goes through the same router, and if the answer is an upgrade, the stream becomes the socket's byte stream (§5).
//
//   until the request   HTTP2StreamHandler
//   plain HTTP          HTTP2StreamHandler (keeps HTTP/1.1's fields out) · codec · … · NIOAsyncChannel
//   socket              HTTP2SocketCodec · engine

import HTTPTypes
import HummingbirdCore
import Logging
import NIOCore
import NIOHPACK
import NIOHTTP1
import NIOHTTP2
import NIOHTTPTypes
import NIOHTTPTypesHTTP2
import WebSocketNIO
import WebSocketProtocol

/// Decides what a stream becomes, and makes it that.
final class HTTP2StreamHandler: ChannelDuplexHandler, RemovableChannelHandler {
    typealias InboundIn = HTTP2Frame.FramePayload
    typealias InboundOut = HTTP2Frame.FramePayload
    typealias OutboundIn = HTTP2Frame.FramePayload
    typealias OutboundOut = HTTP2Frame.FramePayload

    private enum State {
        case waiting
        case http
        /// The application is asked; frames that the client sent meanwhile.
        case asking([HTTP2Frame.FramePayload])
        case socket
        case ended
    }

    private let server: ServerState
    private let loop: LoopState
    private let sockets: LiveSockets
    private let responder: HTTPChannelHandler.Responder
    private let logger: Logger
    private let kind: EventLoopPromise<ConnectionKind>
    private var isSettled = false
    private var state = State.waiting
    private var context: ChannelHandlerContext?
    private var task: Task<Void, Never>?
    private var isReadHeldBack = false

    private init(
        server: ServerState, loop: LoopState, sockets: LiveSockets, responder: @escaping HTTPChannelHandler.Responder, logger: Logger,
        kind: EventLoopPromise<ConnectionKind>
    ) {
        self.server = server
        self.loop = loop
        self.sockets = sockets
        self.responder = responder
        self.logger = logger
        self.kind = kind
    }

    static func install(
        in stream: any Channel, server: ServerState, sockets: LiveSockets, responder: @escaping HTTPChannelHandler.Responder, logger: Logger
    ) throws -> EventLoopFuture<ConnectionKind> {
        let kind = stream.eventLoop.makePromise(of: ConnectionKind.self)
        let handler = HTTP2StreamHandler(
            server: server, loop: server.loop(stream.eventLoop), sockets: sockets, responder: responder, logger: logger, kind: kind)
        do { try stream.pipeline.syncOperations.addHandler(handler) } catch {
            kind.fail(error)
            throw error
        }
        return kind.futureResult
    }

    func handlerAdded(context: ChannelHandlerContext) {
        self.context = context
    }

    func handlerRemoved(context: ChannelHandlerContext) {
        gone()
    }

    func channelInactive(context: ChannelHandlerContext) {
        gone()
        context.fireChannelInactive()
    }

    private func gone() {
        context = nil
        task?.cancel()
        task = nil
        settle(.unattended)
    }

    private func settle(_ kind: ConnectionKind) {
        guard !isSettled else { return }
        isSettled = true
        self.kind.succeed(kind)
    }

    // MARK: What the client sends

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        switch state {
        case .waiting:
            guard case .headers(let headers) = Self.unwrapInboundIn(data) else { return context.fireChannelRead(data) }
            begin(headers, data, context)
        case .http, .socket:
            context.fireChannelRead(data)
        case .asking(var early):
            // As reads are held back, these can only be the rest of what was read together with the request.
            state = .ended
            early.append(Self.unwrapInboundIn(data))
            state = .asking(early)
        case .ended:
            break
        }
    }

    private func begin(_ headers: HTTP2Frame.FramePayload.Headers, _ data: NIOAny, _ context: ChannelHandlerContext) {
        if let request = HTTPRequest(extendedConnect: headers.headers) {
            state = .asking([])
            // RFC 8441 §5: the stream is the socket, so a request that ends it asks for nothing.
            guard !headers.endStream else { return refuse(.streamEnded, context) }
            return ask(request, context)
        }
        state = .http
        do {
            try installHTTP(context)
            context.fireChannelRead(data)
        } catch {
            context.close(promise: nil)
        }
    }

    private func installHTTP(_ context: ChannelHandlerContext) throws {
        let pipeline = context.pipeline.syncOperations
        try pipeline.addHandler(HTTP2FramePayloadToHTTPServerCodec())
        for handler in server.configuration.additionalHandlers() { try pipeline.addHandler(handler) }
        try pipeline.addHandler(HTTPConnectionStateHandler(idleTimeout: server.configuration.idleTimeout, logger: logger))
        settle(.http(try NIOAsyncChannel(wrappingChannelSynchronously: context.channel)))
    }

    /// While an upgrade is decided on, flow control holds what follows.
    func read(context: ChannelHandlerContext) {
        if case .asking = state { isReadHeldBack = true } else { context.read() }
    }

    // MARK: What the HTTP side answers

    func write(context: ChannelHandlerContext, data: NIOAny, promise: EventLoopPromise<Void>?) {
        guard case .headers(var headers) = Self.unwrapOutboundIn(data) else { return context.write(data, promise: promise) }
        headers.headers.removeConnectionFields()
        context.write(Self.wrapOutboundOut(.headers(headers)), promise: promise)
    }

    // MARK: Asking the application

    private func ask(_ request: HTTPRequest, _ context: ChannelHandlerContext) {
        let slot = UpgradeSlot(transport: .http2, origin: server.origin(of: context.channel))
        let attempt = UpgradeAttempt(
            slot: slot, request: Request(head: request, body: RequestBody(buffer: ByteBuffer())), channel: context.channel,
            responder: responder, loop: loop)
        do {
            let task = try attempt.start { [self] outcome in answered(outcome, slot) }
            if case .asking = state { self.task = task }
        } catch {
            refuse(.noAnswer, context)
        }
    }

    private func answered(_ outcome: UpgradeAttempt.Outcome, _ slot: UpgradeSlot) {
        guard let context, case .asking(let early) = state else { return }
        let task = task
        self.task = nil
        switch outcome {
        case .answer(let answer) where answer.head.status == .switchingProtocols:
            guard let plan = slot.take() else { return refuse(.noAnswer, context) }
            upgrade(plan, answer.head.headerFields, early, context)
        case .answer(let answer):
            send(answer, context)
        case .noAnswer:
            refuse(.noAnswer, context)
        case .tooLong:
            refuse(.answerTooLarge, context)
            task?.cancel()
        }
    }

    private func upgrade(_ plan: UpgradePlan, _ fields: HTTPFields, _ early: [InboundIn], _ context: ChannelHandlerContext) {
        let delegate: (any WebSocketDelegate)?
        do { delegate = try plan.makeDelegate() } catch { return refuse(Refusal(delegateError: error), context) }
        state = .ended
        // What is 101 to the router is 200 here: HTTP/2 has no 101 (RFC 8441 §5).
        var headers: HPACKHeaders = [":status": "200"]
        headers.add(plan.fields)
        for field in fields where !plan.fields.contains(field.name) && !field.name.belongsToHandshake { headers.add(field) }
        headers.removeConnectionFields()
        context.writeAndFlush(Self.wrapOutboundOut(.headers(.init(headers: headers))), promise: nil)
        do { try install(plan, delegate, early, context) } catch { context.close(promise: nil) }
    }

    private func install(
        _ plan: UpgradePlan, _ delegate: (any WebSocketDelegate)?, _ early: [InboundIn], _ context: ChannelHandlerContext
    ) throws {
        let (channel, pipeline) = (context.channel, context.pipeline)
        try pipeline.syncOperations.addHandler(HTTP2SocketCodec())
        let connection = try WebSocketConnection.install(
            in: channel, position: .last, role: .server, settings: plan.settings, handshake: plan.handshake, transport: .channel,
            logger: plan.logger, delegate: delegate)
        // Now it can be told that the connection ends, which may have begun already.
        sockets.add(channel)
        channel.closeFuture.whenComplete { [sockets] _ in sockets.remove(channel) }
        if case .task(let handler) = plan.application {
            settle(.socket(SocketSession(socket: connection.webSocket, handler: handler, logger: plan.logger)))
        } else {
            settle(.unattended)
        }
        state = .socket
        for frame in early { context.fireChannelRead(Self.wrapInboundOut(frame)) }
        context.fireChannelReadComplete()
        if isReadHeldBack { context.read() }
        pipeline.syncOperations.removeHandler(self, promise: nil)
    }

    // MARK: The last answer

    private func send(_ answer: UpgradeAnswer, _ context: ChannelHandlerContext) {
        state = .ended
        var headers: HPACKHeaders = [":status": String(answer.head.status.code)]
        headers.add(answer.head.headerFields)
        headers.removeConnectionFields()
        context.write(Self.wrapOutboundOut(.headers(.init(headers: headers))), promise: nil)
        for bytes in answer.body { context.write(Self.wrapOutboundOut(.data(.init(data: .byteBuffer(bytes)))), promise: nil) }
        leave(context)
    }

    private func refuse(_ refusal: Refusal, _ context: ChannelHandlerContext) {
        logger.debug("request refused", metadata: ["rule": "\(refusal.rule)", "status": "\(refusal.status.code)"])
        state = .ended
        let body = ByteBuffer(string: refusal.rule + "\n")
        let headers: HPACKHeaders = [
            ":status": String(refusal.status.code), "content-type": "text/plain; charset=utf-8",
            "content-length": String(body.readableBytes),
        ]
        context.write(Self.wrapOutboundOut(.headers(.init(headers: headers))), promise: nil)
        context.write(Self.wrapOutboundOut(.data(.init(data: .byteBuffer(body)))), promise: nil)
        leave(context)
    }

    private func leave(_ context: ChannelHandlerContext) {
        settle(.unattended)
        context.writeAndFlush(Self.wrapOutboundOut(.data(.init(data: .byteBuffer(ByteBuffer()), endStream: true))), promise: nil)
        let closing = NIOLoopBound(context, eventLoop: context.eventLoop)
        context.eventLoop.assumeIsolated().scheduleTask(in: HTTP2SocketCodec.lingering) { closing.value.close(promise: nil) }
        context.read()
    }
}

extension Refusal {
    static let streamEnded = Refusal(
        status: .badRequest, rule: "RFC 8441 §5: the stream of a request for a socket stays open, as it becomes the socket")
}

extension HTTPRequest {
    /// An extended CONNECT (RFC 8441 §4); nil for every other request. NIOHTTP2 has made sure of pseudo-fields that come first, once.
    init?(extendedConnect headers: HPACKHeaders) {
        guard headers.first(name: ":method") == "CONNECT", let wanted = headers.first(name: ":protocol") else { return nil }
        self.init(
            method: .connect, scheme: headers.first(name: ":scheme"), authority: headers.first(name: ":authority"),
            path: headers.first(name: ":path"))
        extendedConnectProtocol = wanted
        for (name, value, _) in headers {
            guard let name = HTTPField.Name(name) else { continue }
            headerFields.append(HTTPField(name: name, value: value))
        }
    }
}

extension HPACKHeaders {
    mutating func add(_ fields: HTTPFields) {
        for field in fields { add(field) }
    }

    mutating func add(_ field: HTTPField) {
        add(name: field.name.canonicalName, value: field.value)
    }

    /// RFC 9113 §8.2.2: fields that are about an HTTP/1.1 connection must not be sent.
    mutating func removeConnectionFields() {
        for name in ["connection", "upgrade", "keep-alive", "proxy-connection", "transfer-encoding"] { remove(name: name) }
    }
}
