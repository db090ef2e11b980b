// Strategy: frames are appended to `output`. `flush` sends it: on a plain socket with nothing in flight by send(2) on the channel's own
// descriptor, which spares NIO's path of a write and makes fan-out 1.4 times faster; what the kernel does not take, and everything on
// other transports, goes through the channel. While bytes are in flight there, the rest waits in `output` and `queue` and leaves
// together when they are done. So the order is always: in flight, queue, output.

import CPrefetch
public import NIOCore
import WebSocketDeflate
public import WebSocketProtocol

#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#elseif canImport(Darwin)
import Darwin
#endif

/// `send(2)`; by this name because the connection has a `send` of its own.
private func systemSend(_ descriptor: CInt, _ bytes: UnsafeRawPointer?, _ count: Int, _ flags: CInt) -> Int {
    send(descriptor, bytes, count, flags)
}

/// A message that waits for the end of one that is being sent in fragments.
enum DeferredMessage {
    case message(ByteBuffer, MessageKind, compress: Bool)
    case prepared(PreparedMessage)
    /// Whole frames, ready to go.
    case frames(ByteBuffer)

    var bytes: Int {
        switch self {
        case .message(let payload, _, _): payload.readableBytes
        case .prepared(let message): message.payload.readableBytes
        case .frames(let bytes): bytes.readableBytes
        }
    }
}

extension WebSocketConnection {
    /// A payload from this size on is queued as it is, behind its header, rather than copied next to other frames.
    private static let copiedBytes = 32 << 10
    /// Above this, the channel's vectored write is quicker than send(2).
    private static let directBytes = 128 << 10
    /// What is handed to the channel at once: less where it can't tell how much of it the peer has taken, so that there is progress to
    /// see.
    private var handOverBytes: Int { isSocket ? 1 << 20 : 128 << 10 }

    // MARK: Sending

    /// Sends a message. Does nothing once the socket is closing. A text must be valid UTF-8: it is not looked at.
    ///
    /// With `compress` false this one goes uncompressed, whatever was negotiated (RFC 7692 §8).
    public func send(_ payload: ByteBuffer, _ kind: MessageKind, compress: Bool = true) {
        guard admit() else { return }
        if machine.isSendingFragmentedMessage { return deferMessage(.message(payload, kind, compress: compress)) }
        uncounted &+= 1
        if stage(payload, kind, compress: compress) { return }
        prepareOutput()
        let isPlain = isPlainServer || (!compress && machine.role == .server)
        noteLength(payload)
        if isPlain, payload.readableBytes >= Self.copiedBytes {
            output.writeFrameHeader(first: 0x80 | kind.rawValue, length: payload.readableBytes)
            append(payload)
        } else if isPlain {
            output.writeServerFrame(kind, payload)
        } else {
            machine.send(payload, kind, compress: compress, into: &output)
        }
        scheduleFlush()
    }

    /// The quick way for what is sent while a read is handled.
    @inline(__always)
    private func stage(_ payload: ByteBuffer, _ kind: MessageKind, compress: Bool) -> Bool {
        guard isInReadEvent, isPlainServer, payload.readableBytes < Self.copiedBytes else { return false }
        if !isStaging {
            // Another socket's read is going on around this one, or there is something of ours that must leave before.
            guard staging.count == 0, output.readableBytes == 0, queue.isEmpty else { return false }
            isStaging = true
        }
        return staging.append(payload, kind)
    }

    /// Takes the frames of the staging area over, so that others can follow.
    func unstage() {
        isStaging = false
        if output.capacity == 0 { output = loop.takeOutput() }
        output.writeBytes(staging.bytes)
        staging.clear()
    }

    /// Sends what is staged from where it lies.
    private func flushStaged() {
        if bytesInFlight == 0, queue.isEmpty, output.readableBytes == 0, let sent = sendNow(staging.bytes) {
            isStaging = false
            if sent < staging.count {
                prepareOutput()
                output.writeBytes(UnsafeRawBufferPointer(rebasing: staging.bytes.dropFirst(sent)))
            }
            staging.clear()
        } else {
            unstage()
        }
    }

    /// Sends a text.
    public func send(text: String) {
        send(ByteBuffer(string: text), .text)
    }

    /// Sends a message that was framed once for all sockets.
    public func sendPrepared(_ message: PreparedMessage) {
        guard admit() else { return }
        if machine.isSendingFragmentedMessage { return deferMessage(.prepared(message)) }
        guard machine.role == .server else { return send(message.payload, message.kind) }
        uncounted &+= 1
        noteLength(message.payload)
        prepareOutput()
        append(frame(of: message))
        scheduleFlush()
    }

    /// Sends a message that many sockets of this loop get, at once and from where it lies, if nothing of this socket waits before it. For
    /// hubs, which gather themselves what a turn brings for a socket.
    ///
    /// Only from a task of the loop of its own, never from a channel's callback: see `sendNow(_:mayBeClosing:)`.
    package func transmitPrepared(_ message: PreparedMessage) {
        guard machine.role == .server, memberships.isEmpty, !isInReadEvent else { return sendPrepared(message) }
        guard admit() else { return }
        uncounted &+= 1
        noteLength(message.payload)
        if isCompressed, machine.isSendingFragmentedMessage { return deferMessage(.prepared(message)) }
        transmit(frame(of: message), mayBeClosing: false)
    }

    /// A prepared message is about to be transmitted: brings what that touches into the cache.
    package func expectTransmit() {
        let start = UnsafeRawPointer(Unmanaged.passUnretained(self).toOpaque())
        for line in 1..<4 { prefetch(start + line * 64) }
    }

    /// The bytes of a prepared message for this socket.
    func frame(of message: PreparedMessage) -> ByteBuffer {
        guard let compressor, compressor.acceptsSharedMessages, let compressed = message.compressedFrame(deflateConfiguration) else {
            return message.frame
        }
        compressor.didSendSharedMessage()
        return compressed
    }

    /// Sends a part of a message (RFC 6455 §5.4), uncompressed. Other messages wait for its end.
    public func sendFragment(_ payload: ByteBuffer, _ kind: MessageKind, isFinal: Bool) {
        guard admit() else { return }
        noteLength(payload)
        prepareOutput()
        machine.sendFragment(payload, kind, isFinal: isFinal, into: &output)
        scheduleFlush()
        guard isFinal else { return }
        uncounted &+= 1
        for message in takeDeferred() where isOpen {
            switch message {
            case .message(let payload, let kind, let compress): send(payload, kind, compress: compress)
            case .prepared(let message): sendPrepared(message)
            case .frames(let bytes): appendFrames(bytes)
            }
        }
        for membership in memberships { membership.sendLatest() }
    }

    private func deferMessage(_ message: DeferredMessage) {
        deferred.append(message)
        deferredBytes += message.bytes
        queuedBytes += message.bytes
    }

    func takeDeferred() -> [DeferredMessage] {
        var taken: [DeferredMessage] = []
        swap(&taken, &deferred)
        queuedBytes -= deferredBytes
        deferredBytes = 0
        return taken
    }

    /// Sends a Ping with at most 125 bytes of payload.
    public func ping(_ payload: ByteBuffer = ByteBuffer()) {
        guard isOpen else { return }
        prepareOutput()
        machine.ping(payload, into: &output)
        scheduleFlush()
    }

    @inline(__always)
    private func noteLength(_ payload: ByteBuffer) {
        if payload.readableBytes > longestWaiting { longestWaiting = payload.readableBytes }
    }

    /// Whether there is room for a message: the socket is open, and not too much waits for the peer already.
    private func admit() -> Bool {
        guard isOpen else { return false }
        if bufferedBytes > maxBufferedBytes, !admitOverCap() { return false }
        if memberships.isEmpty { return true }
        settleRooms()
        return isOpen
    }

    // MARK: Rooms

    /// What a room has for this socket goes before what the socket sends by itself.
    func settleRooms() {
        for membership in memberships { membership.settle() }
    }

    func leaveRooms() {
        for membership in memberships { membership.shard.remove(membership) }
        memberships = []
    }

    // MARK: Gathering

    func prepareOutput() {
        if isStaging { unstage() }
        if output.capacity == 0 { output = loop.takeOutput() }
    }

    /// Puts bytes behind what is gathered: a copy of a few, the buffer itself of many.
    func append(_ bytes: ByteBuffer) {
        if bytes.readableBytes < Self.copiedBytes {
            prepareOutput()
            output.writeImmutableBuffer(bytes)
        } else {
            if isStaging { unstage() }
            sealOutput()
            queue.append(bytes)
            queuedBytes += bytes.readableBytes
        }
    }

    /// Puts frames of a room behind what is gathered, or behind the message that is being sent in fragments.
    func appendFrames(_ frames: ByteBuffer) {
        if machine.isSendingFragmentedMessage { return deferMessage(.frames(frames)) }
        if isCompressed { compressor?.didSendSharedMessage() }
        append(frames)
    }

    private func sealOutput() {
        guard output.readableBytes > 0 else { return }
        queuedBytes += output.readableBytes
        queue.append(output)
        output = ByteBuffer()
    }

    /// Within a read event everything leaves at its end; else at the end of the loop's turn.
    func scheduleFlush() {
        guard !isInReadEvent, !isFlushScheduled else { return }
        isFlushScheduled = true
        loop.flushAtEndOfTurn(self)
    }

    // MARK: Flushing

    func flush() {
        isFlushScheduled = false
        loop.statistics.messagesSent &+= uncounted
        uncounted = 0
        if isStaging { flushStaged() }
        guard bytesInFlight == 0, !isClosingChannel else { return holdReadsIfSlow() }
        sendWaiting()
        if bytesInFlight == 0, !isClosingChannel { sentWaiting() }
    }

    /// Sends what there is, as far as the descriptor or the channel takes it. Calls nobody back.
    func sendWaiting() {
        if isStaging { flushStaged() }
        guard bytesInFlight == 0, !isClosingChannel else { return }
        if queue.isEmpty {
            if output.readableBytes > 0, !sendDirectly() { handOver() }
            if output.readableBytes == 0, output.capacity > 0 { loop.giveBack(output: &output) }
        } else {
            handOver()
        }
    }

    /// What there was is sent, or so much of it as is sent at once.
    private func sentWaiting() {
        if output.readableBytes > 0 || !queue.isEmpty {
            isBehind = true
            return scheduleFlush()
        }
        if isBehind { caughtUp() }
        if !machine.isOpen { finishIfDone() }
    }

    /// Sends bytes that other sockets share too, if nothing of this one waits before them.
    func transmit(_ shared: ByteBuffer, mayBeClosing: Bool = true) {
        guard isOpen else { return }
        if machine.isSendingFragmentedMessage || bytesInFlight > 0 || !queue.isEmpty || output.readableBytes > 0 || isStaging {
            appendFrames(shared)
        } else if let sent = shared.withUnsafeReadableBytes({ sendNow($0, mayBeClosing: mayBeClosing) }) {
            if isCompressed { compressor?.didSendSharedMessage() }
            if sent == shared.readableBytes { return }
            var rest = shared
            rest.moveReaderIndex(forwardBy: sent)
            append(rest)
        } else {
            appendFrames(shared)
        }
        scheduleFlush()
    }

    /// Frames of a server, sent as a client must: unmasked once more, and masked for this one.
    func sendFramesMasked(_ frames: ByteBuffer) {
        var batch = EventBatch()
        var reader = WebSocketMachine(role: .client, settings: WebSocketMachineSettings(limits: .init(maxMessageSize: .max)))
        reader.receive(frames, into: &batch)
        var ignored = ByteBuffer()
        while case .message(let kind, let payload) = reader.nextEvent(from: &batch, output: &ignored) { send(payload, kind) }
    }

    /// True if all of `output` is in the kernel's hands.
    private func sendDirectly() -> Bool {
        guard let sent = output.withUnsafeReadableBytes({ sendNow($0) }) else { return false }
        output.moveReaderIndex(forwardBy: sent)
        return output.readableBytes == 0
    }

    /// Sends what the kernel takes at once; nil if this has to go through the channel.
    ///
    /// The descriptor is the channel's: it stays open as long as the channel is active, for NIO closes it and leaves the active state
    /// without calling anyone in between, on this loop. Nothing overtakes: the channel has nothing of ours in flight.
    ///
    /// - Parameter mayBeClosing: whether NIO may be in the middle of closing the channel, with its callbacks under way and ours still to come.
    ///   Not so in a task of the loop of its own: by then `transportEnded` was called, and there is no descriptor. To ask the channel costs two
    ///   misses of the cache, which is 3 % of a broadcast.
    private func sendNow(_ bytes: UnsafeRawBufferPointer, mayBeClosing: Bool = true) -> Int? {
        guard descriptor >= 0, bytes.count <= Self.directBytes, !mayBeClosing || channel.isActive else { return nil }
        #if canImport(Darwin)
        let flags: CInt = 0
        #else
        let flags = CInt(MSG_NOSIGNAL)
        #endif
        let sent = bytes.isEmpty ? 0 : systemSend(descriptor, bytes.baseAddress, bytes.count, flags)
        // An error is the channel's to find: it will get the same from its own write.
        guard sent > 0 else { return nil }
        loop.statistics.bytesSent &+= sent
        return sent
    }

    /// Gives what waits to the channel.
    private func handOver() {
        guard let context else { return }
        sealOutput()
        var bytes = 0
        var count = 0
        let most = handOverBytes
        while count < queue.count, bytes < most {
            bytes += queue[count].readableBytes
            count += 1
        }
        guard count > 0 else { return }
        bytesInFlight = bytes
        queuedBytes -= bytes
        loop.statistics.bytesSent &+= bytes
        var leaving: [ByteBuffer] = []
        if count == queue.count {
            swap(&leaving, &queue)
        } else {
            leaving = Array(queue.prefix(count))
            queue.removeFirst(count)
        }
        let done = context.eventLoop.makePromise(of: Void.self)
        done.futureResult.assumeIsolated().whenComplete { [self] in handedOver($0) }
        // From the first write on the channel may call back, with its end for instance: nothing of ours is touched any more.
        isHandingOver = true
        let last = leaving.popLast() ?? ByteBuffer()
        for buffer in leaving { context.write(WebSocketChannelHandler.wrapOutboundOut(buffer), promise: nil) }
        context.writeAndFlush(WebSocketChannelHandler.wrapOutboundOut(last), promise: done)
        isHandingOver = false
        guard bytesInFlight > 0, !isClosingChannel else { return }
        isBehind = true
        machine.outputIsBlocked = true
        holdReadsIfSlow()
    }

    /// The channel has written all that it was given, or failed.
    private func handedOver(_ result: Result<Void, any Error>) {
        bytesInFlight = 0
        stall = nil
        guard !isClosingChannel else { return }
        if case .failure(let error) = result { return transportFailed(error) }
        // The channel took it at once: `handOver` goes on.
        guard !isHandingOver else { return }
        machine.outputIsBlocked = false
        if machine.hasPendingPong {
            prepareOutput()
            machine.flushPong(into: &output)
        }
        handle?.settle(buffered: unsentBytes)
        releaseReadsIfDrained()
        sentWaiting()
    }
}
