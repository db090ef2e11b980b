// Both queues: in order, bounded, and the one on disk beyond the end of its process.

import Foundation
import NIOCore
import ServerTestSupport
import Testing

@testable import BackendHooks

private func payloads(_ range: Range<Int>, bytes: Int = 0) -> [ByteBuffer] {
    range.map { ByteBuffer(string: "\($0)" + String(repeating: " ", count: bytes)) }
}

extension EventQueue {
    fileprivate func texts(_ count: Int = .max, maxBytes: Int = 1 << 20) -> [Int] {
        first(count, maxBytes: maxBytes).compactMap { Int(String(buffer: $0.payload).trimmingCharacters(in: .whitespaces)) }
    }

    /// All that is there, taken in batches.
    fileprivate func drain(_ count: Int = 7) -> [Int] {
        var all: [Int] = []
        while let last = first(count, maxBytes: 1 << 20).last {
            all += texts(count)
            remove(through: last.number)
        }
        return all
    }
}

@Suite("Queues of events")
struct EventQueueTests {
    private let folder: TemporaryFolder

    init() throws { folder = try TemporaryFolder() }

    private func disk(_ maxBytes: Int = 1 << 20, _ sync: EventConfiguration.Queue.Sync = .never) throws -> DiskEventQueue {
        try DiskEventQueue(folder.path("queue"), maxBytes: maxBytes, sync: sync, logger: quiet)
    }

    private func both(_ maxBytes: Int = 1 << 20) throws -> [any EventQueue] { [MemoryEventQueue(maxBytes: maxBytes), try disk(maxBytes)] }

    // MARK: Both

    @Test("first in, first out; what is not taken comes again")
    func order() throws {
        for queue in try both() {
            #expect(queue.append(payloads(0..<10)) == Dropped())
            #expect(queue.texts(4) == [0, 1, 2, 3])
            #expect(queue.texts(4) == [0, 1, 2, 3])
            queue.remove(through: queue.first(2, maxBytes: 1 << 20)[1].number)
            #expect(queue.texts(4) == [2, 3, 4, 5])
            _ = queue.append(payloads(10..<12))
            #expect(queue.size.events == 10)
            #expect(queue.drain(3) == Array(2..<12))
            #expect(queue.texts() == [])
            #expect(queue.size.events == 0)
        }
    }

    @Test("a batch has so many bytes at most, but always one event")
    func bytes() throws {
        for queue in try both() {
            _ = queue.append(payloads(0..<5, bytes: 1_000))
            #expect(queue.texts(5, maxBytes: 2_500) == [0, 1])
            #expect(queue.texts(5, maxBytes: 10) == [0])
        }
    }

    @Test("when it is full the oldest go, are counted, and the order stays")
    func full() throws {
        for queue in try both(1 << 20) {
            var dropped = 0
            for start in stride(from: 0, to: 3_000, by: 100) { dropped += queue.append(payloads(start..<start + 100, bytes: 1_000)).old }
            #expect(queue.size.bytes <= 1 << 20)
            #expect(dropped > 1_500)
            let left = queue.drain(500)
            #expect(left.count + dropped == 3_000)
            #expect(left == Array(dropped..<3_000))
        }
    }

    @Test("what was dropped while it was being sent can be taken all the same")
    func droppedMeanwhile() throws {
        for queue in try both(1 << 20) {
            _ = queue.append(payloads(0..<10, bytes: 1_000))
            let sent = queue.first(5, maxBytes: 1 << 20)
            for start in stride(from: 10, to: 3_010, by: 100) { _ = queue.append(payloads(start..<start + 100, bytes: 1_000)) }
            let before = queue.texts(1)
            queue.remove(through: sent[4].number)
            #expect(queue.texts(1) == before)
        }
    }

    // MARK: On disk

    @Test(
        "another process goes on where this one ended, with every policy",
        arguments: [EventConfiguration.Queue.Sync.always, .interval, .never])
    func restart(sync: EventConfiguration.Queue.Sync) throws {
        var queue = try disk(1 << 20, sync)
        _ = queue.append(payloads(0..<20))
        queue.remove(through: queue.first(5, maxBytes: 1 << 20)[4].number)
        queue.close()
        queue = try disk(1 << 20, sync)
        #expect(queue.size.events == 15)
        _ = queue.append(payloads(20..<25))
        #expect(queue.texts(3) == [5, 6, 7])
        queue.close()
        queue = try disk(1 << 20, sync)
        #expect(queue.drain() == Array(5..<25))
        queue.close()
        queue = try disk(1 << 20, sync)
        #expect(queue.drain() == [])
        _ = queue.append(payloads(25..<26))
        #expect(queue.drain() == [25])
    }

    @Test("without a last word either: what was written is there")
    func killed() throws {
        try { _ = try disk().append(payloads(0..<5)) }()
        #expect(try disk().drain() == Array(0..<5))
    }

    @Test("over many files, and none that is done with is left behind")
    func files() throws {
        let queue = try disk(1 << 20)
        for start in stride(from: 0, to: 800, by: 50) { _ = queue.append(payloads(start..<start + 50, bytes: 1_000)) }
        #expect(try events().count > 4)
        #expect(queue.drain(100) == Array(0..<800))
        #expect(try events().count == 1)
        queue.close()
        #expect(try events() == [])
    }

    private func events() throws -> [String] {
        try FileManager.default.contentsOfDirectory(atPath: folder.path("queue")).filter { $0.hasSuffix(".events") }.sorted()
    }

    @Test("one process at a time")
    func locked() throws {
        let queue = try disk()
        #expect(throws: FileError.self) { try disk() }
        withExtendedLifetime(queue) {}
    }

    @Test("an event that is too large for it is dropped and counted, and the others are not")
    func tooLarge() throws {
        let queue = try disk()
        let large = ByteBuffer(repeating: 0x20, count: SegmentText.maxPayloadBytes + 1)
        #expect(queue.append(payloads(0..<1) + [large] + payloads(1..<2)) == Dropped(old: 0, unwritten: 1))
        #expect(queue.drain() == [0, 1])
    }

    // MARK: Broken files

    /// Changes the bytes of the files that hold events.
    private func change(_ change: (inout Data) -> Void) throws {
        for name in try events() {
            let url = URL(filePath: folder.path("queue/\(name)"))
            var data = try Data(contentsOf: url)
            change(&data)
            try data.write(to: url)
        }
    }

    @Test("half a record at the end is passed over, and what comes later is not lost")
    func torn() throws {
        try { _ = try disk().append(payloads(0..<10)) }()
        try change { $0.removeLast(3) }
        var queue = try disk()
        #expect(queue.size.events == 9)
        _ = queue.append(payloads(10..<12))
        #expect(queue.texts() == Array(0..<9), "a batch is of one file")
        queue.close()
        queue = try disk()
        #expect(queue.drain() == Array(0..<9) + [10, 11])
    }

    @Test("a file that is none of ours, or empty, is put aside", arguments: ["", "x", "HGEVENT1", String(repeating: "\0", count: 100)])
    func foreign(text: String) throws {
        try { _ = try disk().append(payloads(0..<3)) }()
        try change { $0 = Data(text.utf8) }
        let queue = try disk()
        #expect(queue.drain() == [])
        _ = queue.append(payloads(3..<5))
        #expect(queue.drain() == [3, 4])
        #expect(try FileManager.default.contentsOfDirectory(atPath: folder.path("queue")).contains { $0.hasSuffix(".unreadable") })
    }

    @Test("whatever byte is changed, nothing worse happens than that events are missing")
    func bits() throws {
        try { _ = try disk().append(payloads(0..<4)) }()
        let name = try #require(try events().first)
        let good = try Data(contentsOf: URL(filePath: folder.path("queue/\(name)")))
        for index in good.indices {
            try FileManager.default.removeItem(atPath: folder.path("queue"))
            try FileManager.default.createDirectory(atPath: folder.path("queue"), withIntermediateDirectories: true)
            var bad = good
            bad[index] ^= 0x55
            try bad.write(to: URL(filePath: folder.path("queue/\(name)")))
            let queue = try disk()
            #expect(index < SegmentText.headerBytes || queue.append([]).unreadable == 1)
            let left = queue.drain()
            #expect(left == left.sorted() && Set(left).isSubset(of: 0..<4))
            #expect(left.count < 4)
        }
    }

    @Test("an event that is damaged is lost alone, and counted; others keep their numbers")
    func damaged() throws {
        try {
            let queue = try disk()
            _ = queue.append(payloads(0..<10))
            queue.remove(through: 2)
        }()
        // Each of them has nine bytes.
        for event in [0, 3, 4, 7] { try change { $0[SegmentText.headerBytes + 9 * event + 8] ^= 1 } }
        for _ in 0..<2 {
            let queue = try disk()
            #expect(queue.append([]) == Dropped(unreadable: 3))
            #expect(queue.append([]) == Dropped())
            #expect(queue.first(2, maxBytes: 1 << 20).map(\.number) == [3, 6])
            #expect(queue.texts() == [2, 5, 6, 8, 9])
        }
        let queue = try disk()
        _ = queue.append(payloads(10..<11))
        #expect(queue.drain(1) == [2, 5, 6, 8, 9, 10])
        #expect(queue.size.events == 0)
    }

    @Test("a file that can't be opened when the process begins is tried again, and costs no event", arguments: [20, 400])
    func heldUpAtStart(count: Int) throws {
        try {
            let queue = try disk()
            for start in stride(from: 0, to: count, by: 20) { _ = queue.append(payloads(start..<start + 20, bytes: 1_000)) }
            queue.remove(through: 3)
        }()
        let (path, away) = try hideFirst()
        let queue = try disk()
        _ = queue.append(payloads(count..<count + 10))
        #expect(queue.texts() == [])
        try FileManager.default.removeItem(atPath: path)
        try FileManager.default.moveItem(atPath: away, toPath: path)
        #expect(queue.drain(50) == Array(3..<count + 10))
        #expect(try events().count == 1)
        #expect(try !FileManager.default.contentsOfDirectory(atPath: folder.path("queue")).contains { $0.hasSuffix(".unreadable") })
    }

    @Test("one that can be opened again, and is none of ours, is put aside then")
    func foreignLater() throws {
        try { _ = try disk().append(payloads(0..<3)) }()
        let (path, _) = try hideFirst()
        let queue = try disk()
        _ = queue.append(payloads(3..<5))
        try FileManager.default.removeItem(atPath: path)
        try Data("nothing".utf8).write(to: URL(filePath: path))
        #expect(queue.drain() == [3, 4])
        #expect(FileManager.default.fileExists(atPath: path + ".unreadable"))
    }

    @Test("a mark that is broken means that events come twice, and not that they are lost")
    func marks() throws {
        try {
            let queue = try disk()
            _ = queue.append(payloads(0..<10))
            queue.remove(through: 3)
            queue.remove(through: 5)
        }()
        let marks = URL(filePath: folder.path("queue/taken"))
        var data = try Data(contentsOf: marks)
        #expect(try disk().texts(1) == [5])
        data[5] ^= 1
        try data.write(to: marks)
        #expect(try [3, 5].contains(disk().texts(1)[0]))
        try Data().write(to: marks)
        #expect(try disk().drain() == Array(0..<10))
    }

    @Test("a file that vanishes while the server runs costs its events")
    func vanishes() throws {
        let queue = try disk()
        for start in stride(from: 0, to: 400, by: 50) { _ = queue.append(payloads(start..<start + 50, bytes: 1_000)) }
        let first = try #require(try events().first)
        try FileManager.default.removeItem(atPath: folder.path("queue/\(first)"))
        let left = queue.drain(50)
        #expect(left == Array((400 - left.count)..<400))
        #expect(left.count > 200 && left.count < 400)
    }

    /// Has the first file be one that can't be opened, as none can be when no descriptor is left: links are not followed.
    private func hideFirst() throws -> (path: String, away: String) {
        let path = folder.path("queue/\(try #require(try events().first))")
        let away = folder.path("away")
        try FileManager.default.moveItem(atPath: path, toPath: away)
        try FileManager.default.createSymbolicLink(atPath: path, withDestinationPath: away)
        return (path, away)
    }

    @Test("a file that can't be opened for a while costs no event")
    func heldUp() throws {
        let queue = try disk()
        for start in stride(from: 0, to: 400, by: 50) { _ = queue.append(payloads(start..<start + 50, bytes: 1_000)) }
        let (path, away) = try hideFirst()
        for _ in 0..<3 { #expect(queue.texts(50) == []) }
        #expect(queue.size.events == 400)
        try FileManager.default.removeItem(atPath: path)
        try FileManager.default.moveItem(atPath: away, toPath: path)
        #expect(queue.drain(50) == Array(0..<400))
    }

    @Test("one that can't be opened for good makes room as the oldest, and the others come")
    func heldUpForGood() throws {
        let queue = try disk()
        for start in stride(from: 0, to: 400, by: 50) { _ = queue.append(payloads(start..<start + 50, bytes: 1_000)) }
        _ = try hideFirst()
        #expect(queue.texts(50) == [])
        var dropped = 0
        for start in stride(from: 400, to: 1_400, by: 50) { dropped += queue.append(payloads(start..<start + 50, bytes: 1_000)).old }
        #expect(dropped > 0)
        #expect(queue.drain(50) == Array(dropped..<1_400))
    }

    @Test("what a disk does not keep is an error with words")
    func unsynced() throws {
        try QueueFile(folder.path("file"), .create).sync()
        let pipe = folder.path("pipe")
        #expect(mkfifo(pipe, 0o600) == 0)
        let error = #expect(throws: FileError.self) { try QueueFile(pipe, .update).sync() }
        #expect(error?.description.hasPrefix("can't sync \(pipe)") == true)
    }

    @Test("a folder that can't be is an error with words")
    func noFolder() throws {
        let file = try folder.write("", to: "file")
        let error = #expect(throws: FileError.self) {
            try DiskEventQueue("\(file)/queue", maxBytes: 1 << 20, sync: .never, logger: quiet)
        }
        #expect(error?.description.contains("Not a directory") == true)
    }
}
