public import NIOCore

extension WebSocketMachine {
    /// Takes the next event from the batch, and appends to `output` what must be answered at this point: pongs, the Close frame. The
    /// answers come in the order of the events, so what the application sends for one message is ahead of the answer to a later ping.
    public mutating func nextEvent(from batch: inout EventBatch, output: inout ByteBuffer) -> WebSocketEvent? {
        while true {
            if let record = batch.takeRecord() { return respond(to: record, in: batch, output: &output) }
            guard resume(into: &batch) else { return nil }
        }
    }

    /// The event of one record, for an owner that walks the records of a batch by itself. It calls ``resume(into:)`` after them.
    package mutating func respond(to record: EventBatch.Record, in batch: borrowing EventBatch, output: inout ByteBuffer) -> WebSocketEvent?
    {
        switch record.kind {
        case .message(let kind): .message(kind, batch.payload(record))
        case .part(let kind, let isFinal): .part(kind, batch.payload(record), isFinal: isFinal)
        case .ping: answerPing(batch.payload(record), output: &output)
        case .pong: .pong(batch.payload(record))
        case .ending: batch.ending.map { answer($0, output: &output) }
        }
    }

    /// RFC 6455 §5.5.2: a Ping is answered unless a Close frame was received.
    private mutating func answerPing(_ payload: ByteBuffer, output: inout ByteBuffer) -> WebSocketEvent {
        if outputIsBlocked {
            pendingPong = ByteBuffer(bytes: payload.readableBytesView)
        } else if isReceiving {
            writeControl(.pong, payload, into: &output)
        }
        return .ping(payload)
    }

    private mutating func answer(_ ending: WebSocketEvent, output: inout ByteBuffer) -> WebSocketEvent {
        switch ending {
        case .close(let reason): receivedClose(reason, into: &output)
        case .violation(let violation): fail(violation, into: &output)
        default: break
        }
        return ending
    }
}
