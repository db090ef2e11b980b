// Strategy: every HTTP/1.1 connection begins here, after the `RequestReader`. The first plain request brings Hummingbird's HTTP side into the
// pipeline, a request for an upgrade never reaches it: the application is asked (`UpgradeAttempt`), and its answer either ends the connection
// or puts the WebSocket engine here. What is to happen when is decided by the `UpgradeStateMachine`; this file carries it out.
//
//   until the first request   RequestReader · UpgradeHandler
//   direct answers            RequestReader · UpgradeHandler (see UpgradeHandler+Direct.swift)
//   plain HTTP                RequestReader · UpgradeHandler · codec · … · NIOAsyncChannel
//   socket                    engine
//   socket, late upgrade      RequestReader (as a pump) · engine · UpgradeHandler (as a plug) · NIOAsyncChannel

import HTTPTypes
import HummingbirdCore
import Logging
import NIOCore
import NIOHTTP1
import NIOHTTPTypes
import NIOHTTPTypesHTTP1
import WebSocketNIO
import WebSocketProtocol

/// What became of a connection.
enum ConnectionKind: Sendable {
    case http(NIOAsyncChannel<HTTPRequestPart, HTTPResponsePart>)
    case socket(SocketSession)
    /// Nobody needs to wait for it: a socket of the callback API, or a connection that was closed.
    case unattended
}

/// Decides what a connection becomes, and makes it that.
final class UpgradeHandler: ChannelDuplexHandler, RemovableChannelHandler {
    typealias InboundIn = HTTPServerRequestPart
    typealias InboundOut = HTTPServerRequestPart
    typealias OutboundIn = HTTPServerResponsePart
    typealias OutboundOut = HTTPServerResponsePart

    /// How long the peer may take to read our last answer before the connection is closed.
    private static let lingering: TimeAmount = .seconds(2)

    /// Whether TLS is between us and the peer.
    private let isSecure: Bool
    let server: ServerState
    private let loop: LoopState
    private let responder: HTTPChannelHandler.Responder
    private let logger: Logger
    private let decide: (ConnectionKind) -> Void

    var state = UpgradeStateMachine()
    private var context: ChannelHandlerContext?
    private(set) var reader: RequestReader?
    private var deadline: ConnectionDeadlines.Deadline?
    private var idle: ConnectionDeadlines.Deadline?
    /// What is read and will be answered here.
    var direct: DirectExchange?
    /// How the last request was answered, if it was here.
    var lastDirect: DirectRequest?
    private var head: HTTPRequestHead?
    var isFlushDue = false
    private var httpHandlers: [any RemovableChannelHandler] = []
    private var isHTTPInstalled = false
    private var waitingHead: HTTPRequestHead?
    private var task: Task<Void, Never>?
    private var isQuiescing = false

    private init(
        isSecure: Bool, server: ServerState, loop: LoopState, responder: @escaping HTTPChannelHandler.Responder, logger: Logger,
        decide: @escaping (ConnectionKind) -> Void
    ) {
        self.isSecure = isSecure
        self.server = server
        self.loop = loop
        self.responder = responder
        self.logger = logger
        self.decide = decide
    }

    /// Puts both handlers at the end of a pipeline that delivers bytes. On the channel's event loop.
    ///
    /// - Parameter decide: told once what the connection is. Later, a plain connection may still become a socket.
    static func install(
        in channel: any Channel, isSecure: Bool, server: ServerState, responder: @escaping HTTPChannelHandler.Responder, logger: Logger,
        decide: @escaping (ConnectionKind) -> Void
    ) throws {
        let upgrade = UpgradeHandler(
            isSecure: isSecure, server: server, loop: server.loop(channel.eventLoop), responder: responder, logger: logger, decide: decide)
        let reader = RequestReader(configuration: server.configuration, upgrade: upgrade)
        upgrade.reader = reader
        try channel.pipeline.syncOperations.addHandler(reader)
        try channel.pipeline.syncOperations.addHandler(upgrade)
    }

    func handlerAdded(context: ChannelHandlerContext) {
        self.context = context
        deadline = loop.deadlines.begin(for: context.channel)
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
        reader = nil
        direct = nil
        cancelDeadline()
        state.gone()
        watchIdle()
        task?.cancel()
        task = nil
        settle(.unattended)
    }

    private var isSettled = false

    private func settle(_ kind: ConnectionKind) {
        guard !isSettled else { return }
        isSettled = true
        decide(kind)
    }

    // MARK: What the reader asks

    /// The heads of requests so far.
    private(set) var heads = 0
    var isBetweenRequests: Bool { state.isBetweenRequests }
    var takesRequests: Bool { state.takesRequests }
    var isLeaving: Bool { state.isLeaving }

    /// The bytes of a read are all used, or no more of them are to be.
    func decoded(isHeaderBegun: Bool) {
        if isHeaderBegun, deadline == nil, let context { deadline = loop.deadlines.begin(for: context.channel) }
        watchIdle()
        guard let context, let head = waitingHead else { return }
        waitingHead = nil
        ask(head, context)
    }

    /// The last request's head, once.
    func takeHead() -> HTTPRequestHead? {
        defer { head = nil }
        return head
    }

    func readForSocket() {
        context?.read()
    }

    /// Between requests, and in the middle of one, the peer may take so long for the next byte. Something was read, or an answer has ended.
    private func watchIdle() {
        guard heads > 0 else { return }
        guard state.awaitsPeer, let context else {
            idle?.cancel()
            idle = nil
            return
        }
        if let idle { idle.renew() } else { idle = loop.idleDeadlines?.begin(for: context.channel) }
    }

    private func cancelDeadline() {
        deadline?.cancel()
        deadline = nil
    }
}

// MARK: - Requests

extension UpgradeHandler {
    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        received(Self.unwrapInboundIn(data))
    }

    /// A part of a request, from the decoder or from a reader that has no need of it.
    ///
    /// - Parameter isRepeated: it is the head of the last request, once more.
    func received(_ part: HTTPServerRequestPart, isRepeated: Bool = false) {
        guard let context else { return }
        let action: UpgradeStateMachine.RequestAction
        switch part {
        case .head(let head):
            cancelDeadline()
            heads += 1
            self.head = head
            action = state.requestHead(head)
        case .body:
            action = state.requestBody()
        case .end:
            action = state.requestEnd()
        }
        guard case .handOn = action else { return perform(action, context) }
        do {
            if try takesDirectly(part, isRepeated: isRepeated, context) { return }
            try handOn(part, context)
        } catch {
            context.close(promise: nil)
        }
    }

    func handOn(_ part: HTTPServerRequestPart, _ context: ChannelHandlerContext) throws {
        try installHTTP(context)
        context.fireChannelRead(Self.wrapInboundOut(part))
    }

    func channelReadComplete(context: ChannelHandlerContext) {
        if isFlushDue {
            isFlushDue = false
            context.flush()
        }
        context.fireChannelReadComplete()
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        guard error is HTTPParserError else {
            logger.debug("connection failed", metadata: ["error": "\(error)"])
            context.fireErrorCaught(error)
            if !isHTTPInstalled || direct != nil { context.close(promise: nil) }
            return
        }
        if direct != nil {
            direct = nil
            return refuse(Refusal(error), context)
        }
        let action = state.requestBroken(Refusal(error))
        if case .handOn = action { context.fireErrorCaught(error) } else { perform(action, context) }
    }

    private func perform(_ action: UpgradeStateMachine.RequestAction, _ context: ChannelHandlerContext) {
        switch action {
        case .handOn, .drop: break
        case .ask(let head): askSoon(head, context)
        case .refuse(let refusal): refuse(refusal, context)
        case .leave: leave(context)
        }
    }

    /// Not while the decoder is at work: it may be gone after the answer.
    private func askSoon(_ head: HTTPRequestHead, _ context: ChannelHandlerContext) {
        if reader?.isDecoding == true { waitingHead = head } else { ask(head, context) }
    }

    private func installHTTP(_ context: ChannelHandlerContext) throws {
        guard !isHTTPInstalled else { return }
        isHTTPInstalled = true
        let configuration = server.configuration
        httpHandlers = [HTTP1ToHTTPServerCodec(secure: isSecure)]
        httpHandlers += configuration.additionalHandlers()
        for handler in httpHandlers { try context.pipeline.syncOperations.addHandler(handler) }
        let channel = try NIOAsyncChannel<HTTPRequestPart, HTTPResponsePart>(
            wrappingChannelSynchronously: context.channel, configuration: .init(isOutboundHalfClosureEnabled: true))
        settle(.http(channel))
    }

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        switch event {
        case ChannelEvent.inputClosed as ChannelEvent where state.isUpgraded: break
        case ChannelEvent.inputClosed as ChannelEvent where !isHTTPInstalled || !state.takesRequests:
            // A client that has sent all it will send cannot use a socket.
            closeWhenSent(context)
        case is ChannelShouldQuiesceEvent where isHTTPInstalled ? state.owesNothing : state.isIdle: closeWhenSent(context)
        case is ChannelShouldQuiesceEvent: isQuiescing = true
        default: context.fireUserInboundEventTriggered(event)
        }
    }
}

// MARK: - Responses of the HTTP side

extension UpgradeHandler {
    /// Closes the connection, but for answers that a slow peer has yet to take.
    private func closeWhenSent(_ context: ChannelHandlerContext) {
        let unsent = (try? context.channel.syncOptions?.getOption(.bufferedWritableBytes)) ?? 0
        guard unsent > 0, let reader, !state.isLeaving, !state.isUpgraded else { return context.close(promise: nil) }
        cancelDeadline()
        direct = nil
        state.gone()
        // For a peer that takes nothing.
        if idle == nil { idle = loop.idleDeadlines?.begin(for: context.channel) }
        let sent = context.eventLoop.makePromise(of: Void.self)
        reader.send(ByteBuffer(), promise: sent)
        let closing = NIOLoopBound(context, eventLoop: context.eventLoop)
        sent.futureResult.assumeIsolated().whenComplete { _ in closing.value.close(promise: nil) }
    }

    func write(context: ChannelHandlerContext, data: NIOAny, promise: EventLoopPromise<Void>?) {
        guard !state.isUpgraded, !state.isLeaving else { return promise?.succeed() ?? () }
        switch Self.unwrapOutboundIn(data) {
        case .head(let head) where !head.isInformational:
            context.write(Self.wrapOutboundOut(.head(marked(head))), promise: promise)
        case .head, .body:
            context.write(data, promise: promise)
        case .end:
            context.write(data, promise: promise)
            responseEnded(context)
        }
    }

    /// Says that the answer is the last one, if it is.
    private func marked(_ head: HTTPResponseHead) -> HTTPResponseHead {
        var head = head
        if head.headers.lists("close", in: "connection") {
            state.responseCloses()
        } else if closesAfterResponse() {
            head.headers.announceClose()
        }
        return head
    }

    /// Whether the answer that is about to be written is the connection's last.
    func closesAfterResponse() -> Bool {
        if isQuiescing, state.responsesInFlight <= 1 { state.responseCloses() }
        return state.isLastResponse
    }

    func responseEnded(_ context: ChannelHandlerContext) {
        switch state.responseEnd() {
        case .nothing:
            if isQuiescing, state.owesNothing { return leave(context) }
            if reader?.isDecoding == false { watchIdle() }
        case .ask(let head):
            context.flush()
            askSoon(head, context)
        case .refuse(let refusal):
            refuse(refusal, context)
        case .leave:
            leave(context)
        }
    }

    /// The HTTP side cannot close a connection that is no longer its own.
    func close(context: ChannelHandlerContext, mode: CloseMode, promise: EventLoopPromise<Void>?) {
        if state.takesRequests || (mode == .all && !state.isUpgraded) {
            context.close(mode: mode, promise: promise)
        } else {
            promise?.succeed()
        }
    }
}

// MARK: - Asking the application

extension UpgradeHandler {
    private func ask(_ head: HTTPRequestHead, _ context: ChannelHandlerContext) {
        guard let request = try? HTTPRequest(upgrade: head, secure: isSecure) else { return refuse(.malformed, context) }
        let slot = UpgradeSlot(
            transport: .http1(version: (head.version.major, head.version.minor)), origin: server.origin(of: context.channel))
        let attempt = UpgradeAttempt(
            slot: slot, request: Request(head: request, body: RequestBody(buffer: ByteBuffer())), channel: context.channel,
            responder: responder, loop: loop)
        do {
            let task = try attempt.start { [self] outcome in answered(outcome, slot) }
            // It may have been answered already.
            if state.isAsking { self.task = task }
        } catch {
            refuse(.noAnswer, context)
        }
    }

    private func answered(_ outcome: UpgradeAttempt.Outcome, _ slot: UpgradeSlot) {
        guard let context, state.isAsking else { return }
        let task = task
        self.task = nil
        switch outcome {
        case .answer(let answer) where answer.head.status == .switchingProtocols:
            guard let plan = slot.take() else { return refuse(.noAnswer, context) }
            upgrade(plan, answer.head.headerFields, context)
        case .answer(let answer):
            send(answer, context)
        case .noAnswer:
            refuse(.noAnswer, context)
        case .tooLong:
            refuse(.answerTooLarge, context)
            task?.cancel()
        }
    }

    private func upgrade(_ plan: UpgradePlan, _ fields: HTTPFields, _ context: ChannelHandlerContext) {
        let delegate: (any WebSocketDelegate)?
        do { delegate = try plan.makeDelegate() } catch { return refuse(Refusal(delegateError: error), context) }
        guard let reader, state.answered(upgrade: true) else { return }
        // Only when the answer has left us may the engine write to the descriptor. It nearly always has when `send` returns.
        let sent = context.eventLoop.makePromise(of: Void.self)
        reader.send(ByteBuffer(switchingProtocols: plan.fields, and: fields), promise: sent)
        sent.futureResult.assumeIsolated().whenComplete { result in
            guard case .success = result, let context = self.context else { return self.context?.close(promise: nil) ?? () }
            do { try self.install(plan, delegate, context) } catch { context.close(promise: nil) }
        }
    }

    private func install(_ plan: UpgradePlan, _ delegate: (any WebSocketDelegate)?, _ context: ChannelHandlerContext) throws {
        reader?.stopTranslating()
        if isHTTPInstalled { detachHTTP(context) }
        // Before the socket can be closed.
        if isHTTPInstalled || delegate != nil { server.liveSockets.add(context.channel) }
        let connection = try WebSocketConnection.install(
            in: context.channel, position: .before(self), role: .server, settings: plan.settings, handshake: plan.handshake,
            transport: isSecure ? .tls : .plainSocket, logger: plan.logger, delegate: delegate)
        attend(connection, plan)
        let (pipeline, reader) = (context.pipeline, reader)
        let isQuiescing = isQuiescing
        if isHTTPInstalled {
            reader?.becomeTransparent()
        } else {
            pipeline.syncOperations.removeHandler(self, promise: nil)
            reader?.leave()
        }
        if isQuiescing { pipeline.fireUserInboundEventTriggered(ChannelShouldQuiesceEvent()) }
    }

    /// Lets the request loop of the HTTP side come to its end, and takes away what can be taken away of it.
    private func detachHTTP(_ context: ChannelHandlerContext) {
        context.fireUserInboundEventTriggered(ChannelEvent.inputClosed)
        for handler in httpHandlers { context.pipeline.syncOperations.removeHandler(handler, promise: nil) }
        httpHandlers = []
    }

    /// Has a task run the handler, if there is one: the connection's if it still does not know what it is for, else one of the server's.
    private func attend(_ connection: WebSocketConnection, _ plan: UpgradePlan) {
        guard case .task(let handler) = plan.application else { return settle(.unattended) }
        let session = SocketSession(socket: connection.webSocket, handler: handler, logger: plan.logger)
        guard isSettled else { return settle(.socket(session)) }
        server.submit(on: loop.eventLoop, session.run)
    }
}

// MARK: - The last answer

extension UpgradeHandler {
    private func send(_ answer: UpgradeAnswer, _ context: ChannelHandlerContext) {
        guard state.answered(upgrade: false) else { return }
        var head = HTTPResponseHead(answer.head)
        head.headers.announceClose()
        context.write(Self.wrapOutboundOut(.head(head)), promise: nil)
        for bytes in answer.body { context.write(Self.wrapOutboundOut(.body(.byteBuffer(bytes))), promise: nil) }
        context.write(Self.wrapOutboundOut(.end(answer.trailers.map(HTTPHeaders.init))), promise: nil)
        leave(context)
    }

    private func refuse(_ refusal: Refusal, _ context: ChannelHandlerContext) {
        logger.debug("request refused", metadata: ["rule": "\(refusal.rule)", "status": "\(refusal.status.code)"])
        _ = state.answered(upgrade: false)
        var head = HTTPResponseHead(version: .http1_1, status: refusal.status)
        let body = ByteBuffer(string: refusal.rule + "\n")
        head.headers.add(name: "Content-Type", value: "text/plain; charset=utf-8")
        head.headers.add(name: "Content-Length", value: String(body.readableBytes))
        head.headers.add(name: "Connection", value: "close")
        context.write(Self.wrapOutboundOut(.head(head)), promise: nil)
        context.write(Self.wrapOutboundOut(.body(.byteBuffer(body))), promise: nil)
        context.write(Self.wrapOutboundOut(.end(nil)), promise: nil)
        leave(context)
    }

    /// Sends what is left to send and ends our side. The other side is read until the peer ends it, for a moment: closing both at once
    /// while bytes of the peer are unread would make the kernel send a reset, which can overtake our answer.
    private func leave(_ context: ChannelHandlerContext) {
        cancelDeadline()
        direct = nil
        state.gone()
        watchIdle()
        settle(.unattended)
        context.flush()
        let closing = NIOLoopBound(context, eventLoop: context.eventLoop)
        context.eventLoop.assumeIsolated().scheduleTask(in: Self.lingering) { closing.value.close(promise: nil) }
        context.close(mode: .output, promise: nil)
        if isHTTPInstalled { context.fireUserInboundEventTriggered(ChannelEvent.inputClosed) }
        context.read()
    }
}
