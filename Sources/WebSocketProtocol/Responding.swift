public import NIOCore

extension WebSocketMachine {
    /// Takes the next event from the batch, and appends to `output` what must be answered at this point: pongs, the Close frame. The
    /// answers come in the order of the events, so what the application sends for one message is ahead of the answer to a later ping.
    public mutating func nextEvent(from batch: inout EventBatch, output: inout ByteBuffer) -> WebSocketEvent? {
        guard let record = batch.takeRecord() else { return nil }
        let payload = batch.payload(record)
        switch record.kind {
        case .text, .ownText: return .message(.text, payload)
        case .binary, .ownBinary: return .message(.binary, payload)
        case .textPart: return .part(.text, payload, isFinal: false)
        case .binaryPart: return .part(.binary, payload, isFinal: false)
        case .finalTextPart: return .part(.text, payload, isFinal: true)
        case .finalBinaryPart: return .part(.binary, payload, isFinal: true)
        case .ping, .ownPing: return answerPing(payload, output: &output)
        case .pong, .ownPong: return .pong(payload)
        case .close, .violation, .lost: return batch.ending.map { answer($0, output: &output) }
        }
    }

    /// A control record or an ending, for an owner that walks the records of a batch by itself.
    package mutating func respond(to record: EventBatch.Record, in batch: borrowing EventBatch, output: inout ByteBuffer) -> WebSocketEvent?
    {
        switch record.kind {
        case .ping, .ownPing: answerPing(batch.payload(record), output: &output)
        case .pong, .ownPong: .pong(batch.payload(record))
        default: batch.ending.map { answer($0, output: &output) }
        }
    }

    private mutating func answerPing(_ payload: ByteBuffer, output: inout ByteBuffer) -> WebSocketEvent {
        if outputIsBlocked {
            pendingPong = ByteBuffer(bytes: payload.readableBytesView)
        } else if isOpen {
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
