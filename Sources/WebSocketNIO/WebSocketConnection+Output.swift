// Strategy: frames are appended to `output`. `flush` sends it: on a plain socket with nothing in flight by send(2) on the channel's own
// descriptor, which spares NIO's path of a write and makes fan-out 1.4 times faster; what the kernel does not take, and everything on
// other transports, goes through the channel. While bytes are in flight there, the rest waits in `output` and `queue` and leaves
// together when they are done. So the order is always: in flight, queue, output.

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
    /// What is handed to the channel at once.
    private static let handOverBytes = 1 << 20

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
        prepareOutput()
        append(frame(of: message))
        scheduleFlush()
    }

    /// The bytes of a prepared message for this socket.
    func frame(of message: PreparedMessage) -> ByteBuffer {
        guard let compressor, compressor.acceptsSharedMessages, let compressed = message.compressedFrame() else { return message.frame }
        compressor.didSendSharedMessage()
        return compressed
    }

    /// Sends a part of a message (RFC 6455 §5.4), uncompressed. Other messages wait for its end.
    public func sendFragment(_ payload: ByteBuffer, _ kind: MessageKind, isFinal: Bool) {
        guard admit() else { return }
        prepareOutput()
        machine.sendFragment(payload, kind, isFinal: isFinal, into: &output)
        scheduleFlush()
        guard isFinal else { return }
        uncounted &+= 1
        var waiting: [DeferredMessage] = []
        swap(&waiting, &deferred)
        for message in waiting {
            queuedBytes -= message.bytes
            switch message {
            case .message(let payload, let kind, let compress): send(payload, kind, compress: compress)
            case .prepared(let message): sendPrepared(message)
            case .frames(let bytes): append(bytes)
            }
        }
    }

    private func deferMessage(_ message: DeferredMessage) {
        deferred.append(message)
        queuedBytes += message.bytes
    }

    /// Sends a Ping with at most 125 bytes of payload.
    public func ping(_ payload: ByteBuffer = ByteBuffer()) {
        guard isOpen else { return }
        prepareOutput()
        machine.ping(payload, into: &output)
        scheduleFlush()
    }

    /// Whether there is room for a message: the socket is open, and not too much waits for the peer already.
    private func admit() -> Bool {
        guard isOpen else { return false }
        guard bufferedBytes > maxBufferedBytes else {
            if !memberships.isEmpty { settleRooms() }
            return true
        }
        dropSlowReader()
        return false
    }

    // MARK: Rooms

    /// What a room has for this socket goes before what the socket sends by itself.
    func settleRooms() {
        for membership in memberships { membership.settle() }
    }

    func leaveRooms() {
        for membership in memberships { membership.shard.room.remove(membership) }
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
        if isCompressed { compressor?.didSendSharedMessage() }
        if machine.isSendingFragmentedMessage { deferMessage(.frames(frames)) } else { append(frames) }
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
        if queue.isEmpty {
            if output.readableBytes > 0, !sendDirectly() { handOver() }
            if output.readableBytes == 0, output.capacity > 0 { loop.giveBack(output: &output) }
        } else {
            handOver()
        }
        if bytesInFlight == 0, queue.isEmpty { finishIfDone() }
    }

    /// Sends bytes that other sockets share too, if nothing of this one waits before them.
    func transmit(_ shared: ByteBuffer) {
        guard isOpen else { return }
        if machine.isSendingFragmentedMessage || bytesInFlight > 0 || !queue.isEmpty || output.readableBytes > 0 {
            appendFrames(shared)
        } else if let sent = shared.withUnsafeReadableBytes({ sendNow($0) }) {
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
    private func sendNow(_ bytes: UnsafeRawBufferPointer) -> Int? {
        guard descriptor >= 0, bytes.count <= Self.directBytes, channel.isActive else { return nil }
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
        while count < queue.count, bytes < Self.handOverBytes {
            bytes += queue[count].readableBytes
            count += 1
        }
        guard count > 0 else { return }
        bytesInFlight = bytes
        queuedBytes -= bytes
        loop.statistics.bytesSent &+= bytes
        let done = context.eventLoop.makePromise(of: Void.self)
        done.futureResult.assumeIsolated().whenComplete { [self] _ in handedOver(bytes) }
        for index in 0..<(count - 1) { context.write(WebSocketChannelHandler.wrapOutboundOut(queue[index]), promise: nil) }
        let last = queue[count - 1]
        if count == queue.count { queue.removeAll(keepingCapacity: false) } else { queue.removeFirst(count) }
        context.writeAndFlush(WebSocketChannelHandler.wrapOutboundOut(last), promise: done)
        if bytesInFlight > 0 {
            machine.outputIsBlocked = true
            holdReadsIfSlow()
        }
    }

    /// The channel has written all that it was given.
    private func handedOver(_ bytes: Int) {
        bytesInFlight = 0
        stall = nil
        let wasBlocked = machine.outputIsBlocked
        guard !isClosingChannel else { return }
        machine.outputIsBlocked = false
        if machine.hasPendingPong {
            prepareOutput()
            machine.flushPong(into: &output)
        }
        if output.readableBytes > 0 || !queue.isEmpty {
            scheduleFlush()
        } else if wasBlocked {
            drained()
            finishIfDone()
        }
        releaseReadsIfDrained()
    }

    private func drained() {
        for membership in memberships { membership.sendLatest() }
        handle?.drained()
        delegate?.drained(self)
    }

    // MARK: A peer that does not read

    private func holdReadsIfSlow() {
        guard !isPausedByOutput, bufferedBytes > maxBufferedBytes / 2 else { return }
        isPausedByOutput = true
        updateReading()
    }

    private func releaseReadsIfDrained() {
        guard isPausedByOutput, bufferedBytes <= maxBufferedBytes / 4 else { return }
        isPausedByOutput = false
        updateReading()
    }

    private func dropSlowReader() {
        dropForRoom(.policyViolation, limit: maxBufferedBytes)
    }

    func dropForRoom(_ code: CloseCode, limit: Int) {
        drop(CloseReason(code: code, text: "over \(limit) bytes wait for the peer to read them", origin: .us))
    }
}

/// When the peer was last seen to take bytes, for the write deadline.
struct WriteStall {
    var since: MonotonicTime
    var bytesLeft: Int
}
