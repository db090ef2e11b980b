// Strategy: this handler drives SwiftNIO's HTTP/1 decoder and encoder in place of a `ByteToMessageHandler` and an encoder in the pipeline,
// for what those cannot do: count a header block byte by byte, stop reading while an upgrade is decided on, hand over the bytes after the
// request in the same turn, and be gone at once (a `ByteToMessageHandler` leaves the pipeline a turn later, and the bytes it then passes on
// come without a `channelReadComplete`). Which request becomes what is the business of the ``UpgradeHandler`` after it.

import NIOCore
import NIOHTTP1

/// The bytes of a header block that has begun. The decoder's own limits leave out what is between names and values.
struct HeaderCount {
    private static let emptyLine: UInt32 = 0x0d0a_0d0a

    let limit: Int
    private(set) var count = 0
    /// The last four bytes, which may begin the empty line.
    private var window: UInt32 = 0

    init(limit: Int) {
        self.limit = limit
    }

    /// Counts bytes that are about to be decoded and begin inside a header block, or before one.
    ///
    /// - Returns: false if more than the limit belong to the block.
    mutating func add(_ bytes: some BidirectionalCollection<UInt8>) -> Bool {
        // Most requests are far from the limit, whatever else is in the read.
        count += count + bytes.count <= limit ? bytes.count : lengthToEmptyLine(bytes)
        for byte in bytes.suffix(4) { window = window << 8 | UInt32(byte) }
        return count <= limit
    }

    private func lengthToEmptyLine(_ bytes: some BidirectionalCollection<UInt8>) -> Int {
        var window = window
        for (index, byte) in bytes.enumerated() {
            window = window << 8 | UInt32(byte)
            if window == Self.emptyLine { return index + 1 }
        }
        return bytes.count
    }

    /// The block is over.
    mutating func reset() {
        count = 0
        window = 0
    }
}

/// Where in a connection's bytes the next one is, as far as that is known.
enum RequestPosition {
    /// The first of a request.
    case start
    /// So many bytes of a body are to come, which the decoder reads.
    case body(Int)
    /// So many bytes of a body are to come; its head was one that was known.
    case repeatedBody(Int)
    case unknown

    /// After so many bytes that the decoder has read.
    func advanced(by count: Int) -> RequestPosition {
        guard case .body(let left) = self else { return .unknown }
        return left == count ? .start : left > count ? .body(left - count) : .unknown
    }
}

/// Bytes ⇄ parts of HTTP/1.1, up to an upgrade.
final class RequestReader: ChannelDuplexHandler, RemovableChannelHandler {
    typealias InboundIn = ByteBuffer
    typealias InboundOut = HTTPServerRequestPart
    typealias OutboundIn = HTTPServerResponsePart
    typealias OutboundOut = IOData

    /// The most bytes that are kept of what follows a request for an upgrade. The peer is slowed down long before.
    private static let maxBytesAfterUpgrade = 256 << 10

    private let decoder: HTTPRequestDecoder
    private let encoder = HTTPResponseEncoder()
    private unowned let upgrade: UpgradeHandler
    private var header: HeaderCount
    /// The last head with a body behind it.
    private var repeated: RepeatedHead?
    private var position = RequestPosition.start

    private var context: ChannelHandlerContext?
    /// What the decoder has not used up yet, and how much of that it has not seen.
    private var unread = ByteBuffer()
    private var unseen = 0
    private(set) var isDecoding = false
    private var isBroken = false
    private var isReadHeldBack = false
    /// After a late upgrade, bytes pass as they are.
    private var isTransparent = false

    init(configuration: WebSocketServerConfiguration, upgrade: UpgradeHandler) {
        var limits = NIOHTTPDecoderLimitConfiguration()
        limits.maxHeaderFieldSize = configuration.maxHeaderFieldBytes
        limits.maxHeaderListSize = configuration.maxHeaderBytes
        limits.maxHeaderFieldCount = configuration.maxHeaderFields
        self.decoder = HTTPRequestDecoder(leftOverBytesStrategy: .dropBytes, limitConfiguration: limits)
        self.upgrade = upgrade
        self.header = HeaderCount(limit: configuration.maxHeaderBytes)
    }

    func handlerAdded(context: ChannelHandlerContext) {
        self.context = context
        decoder.decoderAdded(context: context)
    }

    func handlerRemoved(context: ChannelHandlerContext) {
        self.context = nil
        decoder.decoderRemoved(context: context)
    }

    // MARK: Requests

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        if isTransparent { return context.fireChannelRead(data) }
        var bytes = Self.unwrapInboundIn(data)
        unseen += bytes.readableBytes
        if unread.readableBytes == 0 { unread = bytes } else { unread.writeBuffer(&bytes) }
        // If a part is being handed on right now, the loop that does so goes on with these bytes.
        if !isDecoding { decodeAll(context) }
    }

    private func decodeAll(_ context: ChannelHandlerContext) {
        isDecoding = true
        while unseen > 0, !isBroken, upgrade.takesRequests {
            if !readRepeated() { decode(context) }
        }
        isDecoding = false
        if !upgrade.takesRequests, unread.readableBytes > Self.maxBytesAfterUpgrade { return context.close(promise: nil) }
        upgrade.decoded(isHeaderBegun: header.count > 0)
    }

    /// What begins as the last request did need not be decoded.
    private func readRepeated() -> Bool {
        switch position {
        case .start:
            guard let match = repeated?.match(unread) else { return false }
            take(match.byteCount)
            position = .repeatedBody(match.bodyLength)
            upgrade.received(.head(match.head), isRepeated: true)
            if match.bodyLength == 0 { endRepeated() }
            return true
        case .repeatedBody(let left):
            let part = take(left)
            position = .repeatedBody(left - part.readableBytes)
            upgrade.received(.body(part))
            if part.readableBytes == left { endRepeated() }
            return true
        case .body, .unknown:
            return false
        }
    }

    private func endRepeated() {
        position = .start
        upgrade.received(.end(nil))
    }

    /// The next bytes, as many as there are. The decoder has seen none of those that are unread.
    @discardableResult
    private func take(_ count: Int) -> ByteBuffer {
        defer { unseen = unread.readableBytes }
        return unread.readSlice(length: min(count, unread.readableBytes)) ?? ByteBuffer()
    }

    private func decode(_ context: ChannelHandlerContext) {
        var bytes = unread
        unread = ByteBuffer()
        let fresh = unseen
        unseen = 0
        if upgrade.isBetweenRequests, !header.add(bytes.readableBytesView.suffix(fresh)) {
            return fail(HTTPParserError.headerOverflow, context)
        }
        let heads = upgrade.heads
        let read = bytes
        do { _ = try decoder.decode(context: context, buffer: &bytes) } catch { fail(error, context) }
        if upgrade.heads != heads { header.reset() }
        if case .start = position {
            position = learned(from: read, isOne: upgrade.heads == heads + 1)
        } else {
            position = position.advanced(by: fresh)
        }
        if unread.readableBytes == 0 { unread = bytes } else { prepend(bytes) }
    }

    /// The position after bytes that began with a request. If its head may come again, it is kept.
    private func learned(from bytes: ByteBuffer, isOne: Bool) -> RequestPosition {
        let head = upgrade.takeHead()
        repeated = isOne ? head.flatMap { RepeatedHead($0, bytes) } : nil
        guard let match = repeated?.match(bytes) else { return .unknown }
        return RequestPosition.body(match.byteCount + match.bodyLength).advanced(by: bytes.readableBytes)
    }

    private func prepend(_ bytes: ByteBuffer) {
        var whole = bytes
        whole.writeBuffer(&unread)
        unread = whole
    }

    private func fail(_ error: any Error, _ context: ChannelHandlerContext) {
        guard !isBroken else { return }
        isBroken = true
        unread = ByteBuffer()
        context.fireErrorCaught(error)
    }

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        if case ChannelEvent.inputClosed as ChannelEvent = event, !isTransparent { inputEnded(context) }
        context.fireUserInboundEventTriggered(event)
    }

    /// A request that breaks off is an error, an end between two requests is none.
    private func inputEnded(_ context: ChannelHandlerContext) {
        guard !isBroken, upgrade.takesRequests, !(upgrade.isBetweenRequests && header.count == 0) else { return }
        if case .repeatedBody = position { return fail(HTTPParserError.invalidEOFState, context) }
        do { _ = try decoder.decodeLast(context: context, buffer: &unread, seenEOF: true) } catch { fail(error, context) }
    }

    // MARK: Responses

    func write(context: ChannelHandlerContext, data: NIOAny, promise: EventLoopPromise<Void>?) {
        if isTransparent { return context.write(data, promise: promise) }
        encoder.write(context: context, data: data, promise: promise)
    }

    /// Writes bytes that are a whole answer already, for the next flush.
    func write(_ bytes: ByteBuffer) {
        context?.write(Self.wrapOutboundOut(.byteBuffer(bytes)), promise: nil)
    }

    /// Sends bytes that are a whole answer already.
    func send(_ bytes: ByteBuffer, promise: EventLoopPromise<Void>?) {
        guard let context else { return promise?.fail(ChannelError.ioOnClosedChannel) ?? () }
        context.writeAndFlush(Self.wrapOutboundOut(.byteBuffer(bytes)), promise: promise)
    }

    // MARK: Holding back

    /// While an upgrade is decided on, TCP holds what follows.
    func read(context: ChannelHandlerContext) {
        if isTransparent || upgrade.takesRequests || upgrade.isLeaving { return context.read() }
        isReadHeldBack = true
    }

    // MARK: After the upgrade

    /// What is read and written from here on is bytes. Before the socket is there, which may speak at once.
    func stopTranslating() {
        isTransparent = true
    }

    /// Hands the bytes that followed the request to the handler that is now next, and leaves the pipeline.
    func leave() {
        guard let context else { return }
        let rest = takeRest()
        if let rest { context.fireChannelRead(NIOAny(rest)) }
        context.fireChannelReadComplete()
        if isReadHeldBack { context.read() }
        context.pipeline.syncOperations.removeHandler(self, promise: nil)
    }

    /// As ``leave()``, but stays as a pump: behind the socket there is still the handler of Hummingbird's HTTP side, and as the last
    /// handler it gets SwiftNIO's `read`s and swallows them, since nobody reads from it any more.
    func becomeTransparent() {
        guard let context else { return }
        let rest = takeRest()
        if let rest { context.fireChannelRead(NIOAny(rest)) }
        context.fireChannelReadComplete()
        upgrade.readForSocket()
    }

    func channelReadComplete(context: ChannelHandlerContext) {
        context.fireChannelReadComplete()
        if isTransparent { upgrade.readForSocket() }
    }

    private func takeRest() -> ByteBuffer? {
        defer { unread = ByteBuffer() }
        return unread.readableBytes > 0 ? unread : nil
    }
}
