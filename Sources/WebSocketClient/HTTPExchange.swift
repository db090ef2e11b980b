import HTTPTypes
import NIOCore
import NIOHTTP1

/// What becomes of an exchange's answer. Everything is called on the channel's event loop.
protocol HTTPExchangeDelegate: AnyObject {
    /// Whether this answer changes the protocol of the connection (101, or 2xx to CONNECT).
    func isSwitch(_ response: HTTPResponse) -> Bool
    /// The protocol changes: adds the new protocol's handlers at `position`, where the bytes after the header block arrive.
    func switchProtocol(after response: HTTPResponse, at position: ChannelPipeline.SynchronousOperations.Position, of channel: any Channel)
        throws
    /// Whether this answer needs no body; if so, the exchange is over.
    func takesHead(of response: HTTPResponse) -> Bool
    /// Another answer, with its body.
    func refused(_ refusal: WebSocketClientError.Refusal)
    /// No answer.
    func failed(_ error: any Error)
}

/// One request over HTTP/1.1 that asks to use the connection for something else.
///
/// In the pipeline, in this order: the gate, NIO's encoder and decoder, this handler. When the protocol changes, the handlers of the new one are put
/// between the gate and the rest, so that they have the connection from the next byte on, and the rest is removed when NIO gets to it.
final class HTTPExchange: ChannelInboundHandler, RemovableChannelHandler {
    typealias InboundIn = HTTPClientResponsePart
    typealias OutboundOut = HTTPClientRequestPart

    private enum State {
        case idle
        case waiting
        case body(HTTPResponse)
        case over
    }

    private let request: HTTPRequest
    private let gate = ResponseHeadGate()
    private let encoder: HTTPRequestEncoder
    private let decoder: ByteToMessageHandler<HTTPResponseDecoder>
    private let delegate: any HTTPExchangeDelegate
    private var state = State.idle
    private var context: ChannelHandlerContext?
    private var body = ByteBuffer()

    init(request: HTTPRequest, delegate: any HTTPExchangeDelegate) {
        self.request = request
        self.delegate = delegate
        var encoding = HTTPRequestEncoder.Configuration()
        encoding.automaticallySetFramingHeaders = false
        self.encoder = HTTPRequestEncoder(configuration: encoding)
        var limits = NIOHTTPDecoderLimitConfiguration()
        limits.maxHeaderFieldSize = ResponseHeadGate.maxHeadBytes
        limits.maxHeaderListSize = ResponseHeadGate.maxHeadBytes
        limits.maxHeaderFieldCount = 100
        self.decoder = ByteToMessageHandler(HTTPResponseDecoder(informationalResponseStrategy: .drop, limitConfiguration: limits))
    }

    /// Adds the exchange. Nothing happens until ``start()``.
    func install(at position: ChannelPipeline.SynchronousOperations.Position, of channel: any Channel) throws {
        let pipeline = channel.pipeline.syncOperations
        try pipeline.addHandlers([self.gate, self.encoder, self.decoder, self], position: position)
    }

    func handlerAdded(context: ChannelHandlerContext) {
        self.context = context
    }

    func handlerRemoved(context: ChannelHandlerContext) {
        self.context = nil
    }

    /// Sends the request: once all handlers before it are in place.
    func start() {
        if let context { self.send(context) }
    }

    private func send(_ context: ChannelHandlerContext) {
        guard case .idle = self.state else { return }
        self.state = .waiting
        var head = HTTPRequestHead(version: .http1_1, method: .init(rawValue: self.request.method.rawValue), uri: self.request.path ?? "/")
        if let authority = self.request.authority { head.headers.add(name: "Host", value: authority) }
        for field in self.request.headerFields { head.headers.add(name: field.name.rawName, value: field.value) }
        context.write(Self.wrapOutboundOut(.head(head)), promise: nil)
        context.writeAndFlush(Self.wrapOutboundOut(.end(nil)), promise: nil)
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        switch (self.state, Self.unwrapInboundIn(data)) {
        case (.waiting, .head(let head)): self.answered(HTTPResponse(head), context)
        case (.body(let response), .body(let bytes)): self.received(bytes, of: response, context)
        case (.body(let response), .end): self.refuse(response, isTruncated: false, context)
        default: break
        }
    }

    private func answered(_ response: HTTPResponse, _ context: ChannelHandlerContext) {
        guard self.delegate.isSwitch(response) else {
            return self.awaitBody(of: response, context)
        }
        self.state = .over
        do {
            try self.delegate.switchProtocol(after: response, at: .after(self.gate), of: context.channel)
            self.gate.switchProtocol()
            let pipeline = context.pipeline.syncOperations
            for handler in [self.encoder, self.decoder, self] as [any RemovableChannelHandler] {
                pipeline.removeHandler(handler, promise: nil)
            }
        } catch {
            self.delegate.failed(error)
            context.close(promise: nil)
        }
    }

    private func awaitBody(of response: HTTPResponse, _ context: ChannelHandlerContext) {
        guard !self.delegate.takesHead(of: response) else {
            self.state = .over
            return context.close(promise: nil)
        }
        self.state = .body(response)
        self.gate.passBody()
    }

    private func received(_ bytes: ByteBuffer, of response: HTTPResponse, _ context: ChannelHandlerContext) {
        var bytes = bytes
        let room = WebSocketClientError.Refusal.maxBodyBytes - self.body.readableBytes
        if var kept = bytes.readSlice(length: min(room, bytes.readableBytes)) { self.body.writeBuffer(&kept) }
        if bytes.readableBytes > 0 { self.refuse(response, isTruncated: true, context) }
    }

    private func refuse(_ response: HTTPResponse, isTruncated: Bool, _ context: ChannelHandlerContext) {
        self.state = .over
        self.delegate.refused(.init(response: response, body: self.body, isTruncated: isTruncated))
        context.close(promise: nil)
    }

    /// Time is up. An answer whose body has not ended is an answer nevertheless.
    ///
    /// - Returns: whether there was one.
    func giveUp() -> Bool {
        guard case .body(let response) = self.state else {
            self.state = .over
            return false
        }
        self.state = .over
        self.delegate.refused(.init(response: response, body: self.body, isTruncated: true))
        return true
    }

    func channelInactive(context: ChannelHandlerContext) {
        self.fail(WebSocketClientError.brokenResponse("the connection was closed before the answer was complete"), context)
        context.fireChannelInactive()
    }

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        if event as? ChannelEvent == .inputClosed {
            self.fail(WebSocketClientError.brokenResponse("the connection was closed before the answer was complete"), context)
        }
        context.fireUserInboundEventTriggered(event)
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        switch error {
        case let error as HTTPParserError: self.fail(WebSocketClientError.brokenResponse("\(error)"), context)
        case is HeadTooLong:
            self.fail(WebSocketClientError.brokenResponse("its header is over \(ResponseHeadGate.maxHeadBytes) bytes"), context)
        default: self.fail(WebSocketClientError.connectionFailed(error), context)
        }
    }

    private func fail(_ error: WebSocketClientError, _ context: ChannelHandlerContext) {
        switch self.state {
        case .over: return
        case .body(let response): self.refuse(response, isTruncated: true, context)
        case .idle, .waiting:
            self.state = .over
            self.delegate.failed(error)
            context.close(promise: nil)
        }
    }
}

extension HTTPResponse {
    /// Fields whose names HTTP does not allow are left out: NIO's decoder has refused those that could do harm.
    init(_ head: HTTPResponseHead) {
        // HTTPTypes traps on a status of more than three digits.
        self.init(status: .init(code: min(Int(clamping: head.status.code), 999), reasonPhrase: head.status.reasonPhrase))
        for (name, value) in head.headers {
            if let name = HTTPField.Name(name) { self.headerFields.append(HTTPField(name: name, value: value)) }
        }
    }
}
