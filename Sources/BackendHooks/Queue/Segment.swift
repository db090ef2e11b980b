import Logging
import NIOCore

/// A file of the queue.
struct Segment {
    let first: UInt64
    /// The number that the next event would have.
    var next: UInt64
    var bytes: Int
    /// Events that can't be read, each with others after it that can.
    var damaged: Set<UInt64> = []
    /// How many bytes at the end are no events.
    var rest = 0
    /// It could not be opened so far, and may have any of the events before `next`.
    var isUnknown = false

    /// How many events come after that one, as far as is known.
    func events(after taken: UInt64) -> Int { isUnknown ? 0 : Int(next - min(next, max(first, taken + 1))) }

    /// How many of those are lost: of the bytes at the end nobody knows how many they were.
    func lost(after taken: UInt64) -> Int { damaged.count { $0 > taken } + (rest > 0 ? 1 : 0) }

    static func name(_ first: UInt64) -> String {
        let digits = String(first)
        return String(repeating: "0", count: max(0, 20 - digits.count)) + digits + ".events"
    }

    private static func first(_ name: String) -> UInt64? {
        guard let first = UInt64(name.dropLast(".events".count)), SegmentText.isNumber(first), Self.name(first) == name else { return nil }
        return first
    }

    /// What another run has left, the oldest first.
    ///
    /// - Parameters:
    ///   - taken: what has no event after that one is removed.
    ///   - maxBytes: no file of ours is larger.
    /// - Returns: them, and how many events in them are lost.
    static func left(in folder: String, after taken: UInt64, maxBytes: Int, _ logger: Logger) throws(FileError) -> (
        segments: [Segment], lost: Int
    ) {
        var segments: [Segment] = []
        for name in try QueueFile.names(in: folder) where name.hasSuffix(".events") {
            let path = "\(folder)/\(name)"
            let next = segments.last?.next ?? 0
            guard let first = Self.first(name), first >= next else {
                putAside(path, logger)
                continue
            }
            do throws(FileError) {
                if let segment = try Segment(path, first, maxBytes: maxBytes, logger) {
                    segments.append(segment)
                } else {
                    putAside(path, logger)
                }
            } catch {
                guard !error.isMissing else { continue }
                logger.error("events can't be read for now", metadata: ["why": "\(error)"])
                segments.append(Segment(first: first, next: first + 1, bytes: QueueFile.size(path), isUnknown: true))
            }
        }
        for index in segments.indices where segments[index].isUnknown {
            segments[index].next =
                segments.indices.contains(index + 1)
                ? segments[index + 1].first : segments[index].first + UInt64(maxBytes / SegmentText.recordHeaderBytes)
        }
        let lost = segments.reduce(0) { $0 + $1.lost(after: taken) }
        segments.removeAll { segment in
            guard segment.next <= taken &+ 1 else { return false }
            QueueFile.remove("\(folder)/\(name(segment.first))")
            return true
        }
        return (segments, lost)
    }

    static func putAside(_ path: String, _ logger: Logger) {
        logger.error("a file of the queue of events is none, and is put aside", metadata: ["file": "\(path)"])
        QueueFile.rename(path, to: "\(path).unreadable")
    }
}

extension Segment {
    /// Nil: it is no file with events, or none with those that its name says.
    ///
    /// - Parameter first: the number of its first event.
    /// - Throws: if it can't be read, which may pass.
    init?(_ path: String, _ first: UInt64, maxBytes: Int, _ logger: Logger) throws(FileError) {
        let file = try QueueFile(path, .read)
        guard file.size <= maxBytes else { return nil }
        var text = try file.read(at: 0, upTo: file.size)
        guard SegmentText.first(&text) == first else { return nil }
        let size = text.readableBytes
        let (count, damaged) = SegmentText.content(&text)
        self.init(
            first: first, next: first + count, bytes: SegmentText.headerBytes + size - text.readableBytes,
            damaged: Set(damaged.map { first + $0 }), rest: text.readableBytes)
        guard !damaged.isEmpty || rest > 0 else { return }
        logger.error(
            "a file of the queue of events is damaged",
            metadata: ["file": "\(path)", "events": "\(damaged.count)", "bytes at the end": "\(rest)"])
    }
}

extension [Segment] {
    func size(after taken: UInt64) -> QueueSize {
        QueueSize(events: reduce(0) { $0 + $1.events(after: taken) }, bytes: reduce(0) { $0 + $1.bytes })
    }

    /// Opens what could not be opened when the process began.
    ///
    /// - Returns: how many events in it are lost.
    mutating func open(_ unknown: Segment, _ path: String, after taken: UInt64, maxBytes: Int, _ logger: Logger) throws(FileError) -> Int {
        let known = try Segment(path, unknown.first, maxBytes: maxBytes, logger)
        guard let index = firstIndex(where: { $0.first == unknown.first }) else { return 0 }
        guard let known, known.next <= unknown.next else {
            Segment.putAside(path, logger)
            remove(at: index)
            return 0
        }
        self[index] = known
        return known.lost(after: taken)
    }
}
