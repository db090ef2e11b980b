import Logging
import NIOCore
import WebSocketProtocol

extension WebSocketConnection {
    func bytesArrived(_ bytes: ByteBuffer) {
        guard !isOver || machine.wantsHalfClose else { return }
        isInReadEvent = true
        loop.statistics.bytesReceived &+= bytes.readableBytes
        var batch = loop.takeBatch()
        machine.receive(bytes, into: &batch)
        repeat {
            for record in batch.records { handle(record, of: batch) }
        } while machine.resume(into: &batch)
        loop.giveBack(&batch)
    }

    func readCompleted() {
        isInReadEvent = false
        flush()
    }

    @inline(__always)
    private func handle(_ record: EventBatch.Record, of batch: borrowing EventBatch) {
        if case .message(let kind) = record.kind {
            loop.statistics.messagesReceived &+= 1
            delegate?.received(batch.payload(record), kind, on: self)
        } else {
            handleOther(record, of: batch)
        }
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

    /// Stops reading from the peer, which TCP's flow control slows down then. Pings and Close frames of the peer wait as well.
    public func pauseReading() {
        isPausedByApplication = true
    }

    /// Reads from the peer again.
    public func resumeReading() {
        isPausedByApplication = false
        readAgain()
    }

    func mayRead() -> Bool {
        guard isPausedByApplication || isPausedByOutput, !isOver else { return true }
        isReadHeldBack = true
        return false
    }

    func readAgain() {
        guard isReadHeldBack, !isPausedByApplication, !isPausedByOutput else { return }
        isReadHeldBack = false
        context?.read()
    }
}
