import Logging
import NIOCore
import WebSocketProtocol

extension WebSocketConnection {
    func bytesArrived(_ bytes: ByteBuffer) {
        guard !isOver || machine.wantsHalfClose else { return }
        isInReadEvent = true
        loop.statistics.bytesReceived &+= bytes.readableBytes
        let scratch = loop.takeScratch()
        machine.receive(bytes, into: &scratch.batch)
        repeat {
            loop.statistics.messagesReceived &+= deliver(scratch)
        } while machine.resume(into: &scratch.batch)
        loop.giveBack(scratch)
    }

    /// Returns how many messages there were. The batch stays as it is meanwhile: reads that happen within this one have their own.
    private func deliver(_ scratch: ReadScratch) -> Int {
        guard let delegate else { return 0 }
        let inbox = scratch.batch.inbox
        var messages = 0
        for record in scratch.batch.records {
            guard case .message(let kind) = record.kind else {
                handleOther(record, of: scratch.batch)
                if isOver { break }
                continue
            }
            messages &+= 1
            if record.isOwn {
                delegate.received(scratch.batch.payload(record), kind, on: self)
            } else if let payload = inbox.getSlice(at: record.offset, length: record.length) {
                delegate.received(payload, kind, on: self)
            }
            if isOver { break }
        }
        return messages
    }

    func readCompleted() {
        isInReadEvent = false
        flush()
    }

    private func handleOther(_ record: EventBatch.Record, of batch: borrowing EventBatch) {
        prepareOutput()
        guard let event = machine.respond(to: record, in: batch, output: &output) else { return }
        switch event {
        case .part(let kind, let bytes, let isFinal):
            delegate?.receivedPart(MessagePart(kind: kind, bytes: bytes, isFinal: isFinal), on: self)
        case .pong(let payload):
            receivedPong(payload)
        case .close(let reason):
            logger.debug("the peer closed", metadata: ["socket": "\(id)", "code": "\(reason.code.rawValue)", "text": "\(reason.text)"])
            end()
        case .violation(let violation):
            failed(violation)
        case .ping, .message:
            break
        }
    }

    private func receivedPong(_ payload: ByteBuffer) {
        handle?.receivedPong(payload)
        delegate?.receivedPong(payload, on: self)
    }

    // MARK: Holding reads back

    /// Stops reading from the peer, which TCP's flow control slows down then. Pings and Close frames of the peer wait as well. Messages
    /// of the read that is under way still come, and closing the socket ends the pause.
    public func pauseReading() {
        isPausedByApplication = true
        updateReading()
    }

    /// Reads from the peer again.
    public func resumeReading() {
        isPausedByApplication = false
        updateReading()
    }

    /// The channel reads by itself, and is told to stop: a handler that held its reads back would cost every read a walk through the
    /// pipeline.
    func updateReading() {
        let shouldRead = !(isPausedByApplication || isPausedByOutput) || !isOpen
        guard shouldRead == isReadHeldBack, !isClosingChannel else { return }
        isReadHeldBack = !shouldRead
        do {
            try channel.syncOptions?.setOption(.autoRead, value: shouldRead)
            // A channel of a socket reads by itself from here on; one of a stream of HTTP/2 waits to be asked once.
            if shouldRead { channel.read() }
        } catch {
            logger.debug("the channel can't hold reads back", metadata: ["socket": "\(id)", "error": "\(error)"])
        }
    }
}
