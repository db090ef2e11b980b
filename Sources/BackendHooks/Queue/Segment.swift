import Logging
import NIOCore

/// A file of the queue.
struct Segment {
    let first: UInt64
    /// The number that the next event would have.
    var next: UInt64
    var bytes: Int

    static func name(_ first: UInt64) -> String {
        let digits = String(first)
        return String(repeating: "0", count: max(0, 20 - digits.count)) + digits + ".events"
    }

    /// What another run has left, the oldest first.
    ///
    /// - Parameters:
    ///   - taken: what has no event after that one is removed.
    ///   - maxBytes: no file of ours is larger.
    static func left(in folder: String, after taken: UInt64, maxBytes: Int, _ logger: Logger) throws(FileError) -> [Segment] {
        var segments: [Segment] = []
        for name in try QueueFile.names(in: folder) where name.hasSuffix(".events") {
            let path = "\(folder)/\(name)"
            guard let segment = Segment(path, after: segments.last?.next ?? 0, maxBytes: maxBytes), Self.name(segment.first) == name else {
                logger.error("a file of the queue of events can't be read, and is put aside", metadata: ["file": "\(path)"])
                QueueFile.rename(path, to: "\(path).unreadable")
                continue
            }
            if segment.next <= taken &+ 1 { QueueFile.remove(path) } else { segments.append(segment) }
        }
        return segments
    }
}

extension Segment {
    /// - Parameter next: no event may have a lesser number: those are in the files before.
    private init?(_ path: String, after next: UInt64, maxBytes: Int) {
        guard let file = try? QueueFile(path, .read), file.size <= maxBytes else { return nil }
        var text = file.read(at: 0, upTo: file.size)
        guard let first = SegmentText.first(&text), first >= next else { return nil }
        let size = text.readableBytes
        var count: UInt64 = 0
        while SegmentText.payload(&text) != nil { count += 1 }
        self.init(first: first, next: first + count, bytes: SegmentText.headerBytes + size - text.readableBytes)
    }
}
