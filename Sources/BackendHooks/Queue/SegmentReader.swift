import NIOCore

/// Reads the events of one file, in their order.
struct SegmentReader {
    /// The number of the file's first event.
    let segment: UInt64
    private let file: QueueFile
    private var offset = SegmentText.headerBytes
    /// The number of the event there.
    private var next: UInt64
    /// Where the events end that were read last, by their numbers.
    private var ends: [(number: UInt64, offset: Int)] = []

    /// - Throws: ``FileError`` if the file can't be opened.
    init(_ path: String, _ segment: Segment) throws(FileError) {
        file = try QueueFile(path, .read)
        self.segment = segment.first
        next = segment.first
    }

    /// The first events that are not taken: so many at most, of so many bytes at most, but one if there is one. They come again, until they are passed.
    ///
    /// - Parameter taken: the number of the last that is.
    /// - Returns: none if there should be some, and they are not there.
    /// - Throws: ``FileError`` if the file can't be read, which may pass.
    mutating func events(of segment: Segment, after taken: UInt64, _ count: Int, maxBytes: Int) throws(FileError) -> [QueuedEvent] {
        ends = []
        // One event always fits.
        let most = max(maxBytes, SegmentText.maxPayloadBytes) + SegmentText.recordHeaderBytes
        while next < segment.next {
            var text = try file.read(at: offset, upTo: min(most, segment.bytes - offset))
            let start = next
            while next < segment.next, next <= taken || segment.damaged.contains(next), let bytes = SegmentText.recordBytes(text) {
                offset += bytes
                next += 1
                text.moveReaderIndex(forwardBy: min(bytes, text.readableBytes))
            }
            let events = events(in: &text, of: segment, count, maxBytes)
            if !events.isEmpty || next == start { return events }
        }
        return []
    }

    private mutating func events(in text: inout ByteBuffer, of segment: Segment, _ count: Int, _ maxBytes: Int) -> [QueuedEvent] {
        var events: [QueuedEvent] = []
        var (number, place, bytes) = (next, offset, 0)
        while events.count < count, number < segment.next, let length = SegmentText.recordBytes(text), length <= text.readableBytes {
            place += length
            defer { number += 1 }
            guard !segment.damaged.contains(number) else {
                text.moveReaderIndex(forwardBy: length)
                continue
            }
            guard let payload = SegmentText.payload(&text), events.isEmpty || bytes + payload.readableBytes <= maxBytes else { break }
            events.append(QueuedEvent(number: number, payload: payload))
            bytes += payload.readableBytes
            ends.append((number, place))
        }
        return events
    }

    /// They are taken, up to this one.
    mutating func pass(through number: UInt64) {
        guard let end = ends.last(where: { $0.number <= number }), next <= end.number else { return }
        offset = end.offset
        next = end.number + 1
    }
}
