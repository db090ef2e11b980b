import NIOCore
import RealtimeHub
import RealtimeProtocol

/// How messages are written to a stream.
struct StreamFraming {
    private enum Style {
        /// One JSON object a line.
        case lines
        /// As they are: each message has its length before it.
        case protobuf
        /// Server-sent events.
        case events
        /// The same, each with the positions that the client has after it.
        case eventsWithIDs
    }

    private let style: Style
    private var positions: StreamPositions

    init(_ transport: RealtimeTransport, _ format: WireFormat, maxEventIDBytes: Int) {
        style =
            switch transport {
            case .serverSentEvents: .events
            case .uniServerSentEvents: .eventsWithIDs
            default: format == .json ? .lines : .protobuf
            }
        positions = StreamPositions(maxBytes: maxEventIDBytes)
    }

    /// A batch as the stream has it.
    mutating func frame(_ batch: ByteBuffer) -> ByteBuffer {
        switch style {
        case .lines: Lines(batch).bytes
        case .protobuf: batch
        case .events: Events(batch).bytes
        case .eventsWithIDs: write(Pushes(batch))
        }
    }

    /// The same of a batch that others get too: but for ids it is made once.
    mutating func frame(_ batch: SharedBatch) -> ByteBuffer {
        switch style {
        case .lines: batch.form(Lines.init).bytes
        case .protobuf: batch.bytes
        case .events: batch.form(Events.init).bytes
        case .eventsWithIDs: write(batch.form(Pushes.init))
        }
    }

    private mutating func write(_ pushes: Pushes) -> ByteBuffer {
        var bytes = ByteBuffer()
        for (event, change) in pushes.events {
            if let change {
                positions.apply(change)
                positions.writeID(to: &bytes)
            }
            bytes.writeImmutableBuffer(event)
        }
        return bytes
    }
}

private final class Lines {
    let bytes: ByteBuffer

    init(_ batch: ByteBuffer) {
        var bytes = batch
        bytes.writeInteger(UInt8(ascii: "\n"))
        self.bytes = bytes
    }
}

private final class Events {
    let bytes: ByteBuffer

    init(_ batch: ByteBuffer) {
        var bytes = ByteBuffer()
        bytes.reserveCapacity(batch.readableBytes + 16)
        for line in batch.lines { bytes.writeEvent(line) }
        self.bytes = bytes
    }
}

private final class Pushes {
    let events: [(ByteBuffer, StreamPositions.Change?)]

    init(_ batch: ByteBuffer) {
        events = batch.lines.map { line in
            var reader = PushReader(.json, line)
            var event = ByteBuffer()
            event.writeEvent(line)
            // What we wrote ourselves can be read.
            return (event, (try? reader.next()).flatMap { $0 }.flatMap(StreamPositions.Change.init))
        }
    }
}

extension ByteBuffer {
    /// The messages of a batch in JSON: no message has a newline in it.
    var lines: [ByteBuffer] {
        var lines: [ByteBuffer] = []
        var rest = self
        while let end = rest.readableBytesView.firstIndex(of: UInt8(ascii: "\n")) {
            let length = end - rest.readerIndex
            if let line = rest.readSlice(length: length), length > 0 { lines.append(line) }
            rest.moveReaderIndex(forwardBy: 1)
        }
        if rest.readableBytes > 0 { lines.append(rest) }
        return lines
    }

    /// An event of one line (HTML §9.2.5).
    mutating func writeEvent(_ line: ByteBuffer) {
        writeStaticString("data: ")
        writeImmutableBuffer(line)
        writeStaticString("\n\n")
    }
}
