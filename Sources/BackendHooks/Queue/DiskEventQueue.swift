// Strategy: files to which is only added, each with some thousand events, the oldest first. Events are read from the first file where the last reading ended;
// a file all of whose events are taken is removed. Up to which event all are taken is in a file of 32 bytes. So a process that dies at any moment leaves
// nothing worse than half a record at the end of the last file, and a few events that are sent twice.

import Logging
import NIOCore
import Synchronization

/// A queue that outlives the process, in a folder of its own.
final class DiskEventQueue: EventQueue {
    private struct State {
        var segments: [Segment] = []
        /// The last of the segments, as long as it is written to.
        var writer: QueueFile?
        var reader: SegmentReader?
        /// A file could not be opened when somebody asked last.
        var isHeldUp = false
        var taken: UInt64
        /// Events that were in files that can't be read, since somebody asked.
        var unreadable = 0
        var slot = 0
        var isDirty = false
        /// The disk did not keep what it was given last.
        var isUnsafe = false
    }

    private let folder: String
    private let maxBytes: Int
    private let maxSegmentBytes: Int
    private let policy: EventConfiguration.Queue.Sync
    private let lock: QueueFile
    private let marks: QueueFile
    private let logger: Logger
    private let state: Mutex<State>

    private static let largestSegment = 8 << 20
    private static let largestFile = 2 * largestSegment

    let mayBlock = true

    /// - Throws: ``FileError`` if the folder can't be used, or is used by another process.
    init(_ folder: String, maxBytes: Int, sync policy: EventConfiguration.Queue.Sync, logger: Logger) throws(FileError) {
        self.folder = folder
        self.maxBytes = maxBytes
        self.policy = policy
        self.logger = logger
        maxSegmentBytes = min(max(maxBytes / 8, 64 << 10), Self.largestSegment)
        try QueueFile.makeFolder(folder)
        lock = try QueueFile("\(folder)/lock", .update)
        guard lock.lock() else { throw FileError("another process uses", folder) }
        marks = try QueueFile("\(folder)/taken", .update)
        let taken = SegmentText.taken(try marks.read(at: 0, upTo: 2 * SegmentText.slotBytes))
        var state = State(taken: taken)
        (state.segments, state.unreadable) = try Segment.left(in: folder, after: taken, maxBytes: Self.largestFile, logger)
        self.state = Mutex(state)
    }

    private func path(_ first: UInt64) -> String { "\(folder)/\(Segment.name(first))" }

    // MARK: In

    func append(_ payloads: [ByteBuffer]) -> Dropped {
        state.withLock { state in
            var dropped = Dropped(unreadable: state.unreadable)
            state.unreadable = 0
            var rest = payloads[...]
            while !rest.isEmpty {
                do throws(FileError) {
                    rest = rest.dropFirst(try write(rest, &state, &dropped))
                } catch {
                    logger.error("events can't be kept", metadata: ["why": "\(error)", "events": "\(rest.count)"])
                    state.writer = nil
                    dropped.unwritten += rest.count
                    break
                }
            }
            if policy == .always, state.isDirty { sync(&state) }
            return dropped
        }
    }

    /// As many as the file has room for. Returns how many.
    private func write(_ payloads: ArraySlice<ByteBuffer>, _ state: inout State, _ dropped: inout Dropped) throws(FileError) -> Int {
        if state.writer == nil || (state.segments.last?.bytes ?? 0) >= maxSegmentBytes { try begin(&state) }
        guard let file = state.writer, let segment = state.segments.last else { return payloads.count }
        var text = ByteBuffer()
        var count = 0
        var written: UInt64 = 0
        for payload in payloads {
            guard segment.bytes + text.readableBytes < maxSegmentBytes else { break }
            count += 1
            guard payload.readableBytes > 0, payload.readableBytes <= SegmentText.maxPayloadBytes else {
                dropped.unwritten += 1
                continue
            }
            written += 1
            SegmentText.write(payload, to: &text)
        }
        makeRoom(for: text.readableBytes, &state, &dropped)
        // Making room leaves the file that is written to.
        guard let last = state.segments.indices.last else { return count }
        try file.write(text, at: state.segments[last].bytes)
        state.segments[last].bytes += text.readableBytes
        state.segments[last].next += written
        state.isDirty = true
        return count
    }

    private func begin(_ state: inout State) throws(FileError) {
        if state.isDirty, policy != .never { sync(&state) }
        state.writer = nil
        let first = max(state.segments.last?.next ?? 1, state.taken + 1)
        // A file of this name has no event: it was begun, and nothing came of it.
        state.segments.removeAll { $0.first == first }
        if state.reader?.segment == first { state.reader = nil }
        QueueFile.remove(path(first))
        let file = try QueueFile(path(first), .create)
        try file.write(SegmentText.header(first: first), at: 0)
        state.writer = file
        state.segments.append(Segment(first: first, next: first, bytes: SegmentText.headerBytes))
    }

    /// The oldest go.
    private func makeRoom(for bytes: Int, _ state: inout State, _ dropped: inout Dropped) {
        var total = state.segments.reduce(bytes) { $0 + $1.bytes }
        while total > maxBytes, state.segments.count > 1 {
            let oldest = state.segments.removeFirst()
            total -= oldest.bytes
            dropped.old += oldest.events(after: state.taken)
            take(through: oldest.next - 1, &state)
            QueueFile.remove(path(oldest.first))
        }
    }

    // MARK: Out

    func first(_ count: Int, maxBytes: Int) -> [QueuedEvent] {
        state.withLock { state in
            while let segment = state.segments.first(where: { $0.next > state.taken + 1 }) {
                do throws(FileError) {
                    guard !segment.isUnknown else {
                        try open(segment, &state)
                        continue
                    }
                    let events = try read(segment, count, maxBytes, &state)
                    if !events.isEmpty { return events }
                } catch {
                    // The events are there. While they can't be had, they are the first that have to make room.
                    guard error.isMissing else { return holdUp(error, &state) }
                }
                abandon(segment, &state)
            }
            return []
        }
    }

    /// Events of one file; none if there should be some, and they can't be read.
    private func read(_ segment: Segment, _ count: Int, _ maxBytes: Int, _ state: inout State) throws(FileError) -> [QueuedEvent] {
        if state.reader?.segment != segment.first { state.reader = try SegmentReader(path(segment.first), segment) }
        state.isHeldUp = false
        return try state.reader?.events(of: segment, after: state.taken, count, maxBytes: maxBytes) ?? []
    }

    /// What could not be opened when the process began.
    private func open(_ segment: Segment, _ state: inout State) throws(FileError) {
        state.unreadable += try state.segments.open(
            segment, path(segment.first), after: state.taken, maxBytes: Self.largestFile, logger)
        state.isHeldUp = false
    }

    /// It is tried again: whoever asks does so once a second at least.
    private func holdUp(_ error: FileError, _ state: inout State) -> [QueuedEvent] {
        if !state.isHeldUp { logger.error("events can't be read for now", metadata: ["why": "\(error)"]) }
        state.isHeldUp = true
        return []
    }

    /// What was written is not there any more.
    private func abandon(_ segment: Segment, _ state: inout State) {
        logger.error("a file of the queue of events has changed, and the rest of it is lost", metadata: ["file": "\(path(segment.first))"])
        state.unreadable += segment.events(after: state.taken)
        take(through: segment.next - 1, &state)
    }

    func remove(through number: UInt64) {
        state.withLock { state in
            // They were dropped meanwhile, as there was no room.
            guard number > state.taken else { return }
            state.reader?.pass(through: number)
            take(through: number, &state)
        }
    }

    private func take(through number: UInt64, _ state: inout State) {
        guard number > state.taken else { return }
        state.taken = number
        state.slot = 1 - state.slot
        // If that can't be said, the events are sent again after a restart.
        try? marks.write(SegmentText.slot(number), at: state.slot * SegmentText.slotBytes)
        if policy == .always { sync([marks], &state) }
        while state.segments.count > 1, let first = state.segments.first, first.next <= number + 1 {
            state.segments.removeFirst()
            if state.reader?.segment == first.first { state.reader = nil }
            QueueFile.remove(path(first.first))
        }
    }

    // MARK: The disk

    func sync() {
        guard policy != .never else { return }
        state.withLock { state in
            if state.isDirty { sync(&state) }
        }
    }

    private func sync(_ state: inout State) {
        sync([state.writer, marks].compactMap(\.self), &state)
        state.isDirty = false
    }

    /// What the disk has refused once is not tried again: the system no longer knows of it.
    private func sync(_ files: [QueueFile], _ state: inout State) {
        do throws(FileError) {
            for file in files { try file.sync() }
            state.isUnsafe = false
        } catch {
            if !state.isUnsafe { logger.error("events may be lost with the machine's power", metadata: ["why": "\(error)"]) }
            state.isUnsafe = true
        }
    }

    func close() {
        sync()
        state.withLock { state in
            (state.writer, state.reader) = (nil, nil)
            defer { lock.unlock() }
            guard state.segments.allSatisfy({ $0.next <= state.taken + 1 }) else { return }
            for segment in state.segments { QueueFile.remove(path(segment.first)) }
            state.segments = []
        }
    }

    var size: QueueSize {
        state.withLock { $0.segments.size(after: $0.taken) }
    }
}
