import Logging
import NIOCore
import PubSub
public import RealtimeProtocol

extension Session {
    // MARK: Replies

    func reply(_ id: UInt32, error: Wire.ErrorReply.Code) {
        loop.statistics.refused(error)
        write(Wire.Reply(id: id, error: Wire.ErrorReply(error)))
        countError()
    }

    func reply(_ id: UInt32, _ body: Wire.Reply.Body) {
        write(Wire.Reply(id: id, body: body))
    }

    /// A push for this session alone.
    func push(_ channel: String, _ body: Wire.Push.Body?) {
        let push = Wire.Push(channel: channel, body: body)
        guard transport.isUnidirectional else { return write(Wire.Reply(body: .push(push))) }
        trace?.record(.push, TraceText.of(push))
        write { (batch, format) throws(Wire.EncodingError) in try Wire.write(push, as: format, to: &batch) }
    }

    func write(_ reply: Wire.Reply) {
        trace?.record(reply.id == 0 ? .push : .reply, TraceText.of(reply))
        write { (batch, format) throws(Wire.EncodingError) in try Wire.write(reply, as: format, to: &batch) }
    }

    /// A payload that is not JSON can't be said to a client that speaks JSON.
    private func write(_ message: (inout ByteBuffer, WireFormat) throws(Wire.EncodingError) -> Void) {
        guard isOpen else { return }
        do throws(Wire.EncodingError) {
            try message(&replies, transport.format)
            wrote()
        } catch {
            disconnect(error.disconnectCode)
        }
    }

    private func wrote() {
        repliesInBatch += 1
        if repliesInBatch >= configuration.maxMessagesInBatch { return flushReplies() }
        guard !isHandlingInput, !isFlushScheduled else { return }
        isFlushScheduled = true
        loop.eventLoop.execute { self.flushReplies() }
    }

    /// Sends what gathered.
    func flushReplies() {
        isFlushScheduled = false
        guard replies.readableBytes > 0 else { return }
        let batch = replies
        replies = ByteBuffer()
        repliesInBatch = 0
        transport.send(batch)
        countSent(batch.readableBytes)
        if isSlow { disconnect(.slow) }
    }

    // MARK: Pushes that others get too

    /// - Parameter isTurn: this is a turn of the loop that hands out a channel's publications, not an event of the transport's.
    func push(_ batches: [SharedBatch], isTurn: Bool) {
        if replies.readableBytes > 0 { flushReplies() }
        for batch in batches where isOpen {
            transport.send(batch, mayWait: isInManyChannels || !isTurn)
            countSent(batch.bytes.readableBytes)
            trace?.sent(batch)
        }
    }

    private func countSent(_ bytes: Int) {
        batchesSent &+= 1
        loop.statistics.batches &+= 1
        loop.statistics.bytesSent &+= bytes
    }

    /// Whether so much waits for the client that the channels' policies apply.
    var isSlow: Bool { transport.isSlow(over: core.configuration.maxBufferedBytes) }

    /// Whether a publication may be sent now; if not, the channel's policy is applied (A14).
    func admits(_ publication: Publication, _ origin: String?, _ subscription: Subscription) -> Bool {
        guard isOpen else { return false }
        guard isSlow || !subscription.backlog.isEmpty else { return true }
        guard subscription.mayBeConflated else {
            disconnect(.slow)
            return false
        }
        switch subscription.options.slowReaders {
        case .disconnect: disconnect(.slow)
        case .keepLatest:
            // Of a pattern, the latest of each channel.
            subscription.backlog.removeAll { $0.origin == origin }
            keep(publication, origin, subscription, most: configuration.maxKeptPublications)
        case .dropOldest(let count): keep(publication, origin, subscription, most: count)
        }
        return false
    }

    private func keep(_ publication: Publication, _ origin: String?, _ subscription: Subscription, most count: Int) {
        subscription.backlog.append((publication, origin))
        if subscription.backlog.count > max(1, count) { subscription.backlog.removeFirst() }
    }

    /// Keeps what comes before the answer to subscribe.
    func keep(_ deliveries: ArraySlice<Delivery>, for subscription: Subscription) {
        guard (subscription.waiting?.count ?? 0) + deliveries.count <= configuration.maxPublicationsWhileSubscribing else {
            return lostPosition(subscription)
        }
        subscription.waiting?.append(contentsOf: deliveries)
    }

    /// The subscription has missed something: the client subscribes again and recovers. One that was not answered yet can't be ended alone.
    func lostPosition(_ subscription: Subscription) {
        loop.statistics.lostPosition()
        if subscription.isServerSide || !subscription.isLive { return disconnect(.insufficientState) }
        unsubscribe(subscription.channel, .insufficientState)
    }

    // MARK: The end

    /// The server goes down: the client gets everything that was published before, and is disconnected with 3001, so that it comes back.
    public func shutDown() {
        guard isOpen else { return }
        loop.handOutAll()
        disconnect(.shutdown)
    }

    /// The same, in its turn: a loop's sessions do not all leave at once. For transports whose connections the server does not close one after the other.
    public func leave() {
        guard isOpen else { return }
        loop.leave(self)
    }

    /// Ends the connection. What was answered before leaves first, but for those ends that must not wait.
    public func disconnect(_ code: DisconnectCode) {
        guard isOpen else { return }
        core.logger.debug("disconnecting", metadata: ["client": "\(client)", "code": "\(code.number)", "reason": "\(code.reason)"])
        if code == .connectionClosed || code == .slow {
            replies.clear()
        } else {
            flushReplies()
        }
        guard isOpen else { return }
        end(code: code)
        transport.close(code)
    }
}
